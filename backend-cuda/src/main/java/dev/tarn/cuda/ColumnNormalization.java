package dev.tarn.cuda;

import dev.tarn.DType;
import dev.tarn.backend.Buffer;
import dev.tarn.backend.Schedule;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Batch normalization of rows of channels, {@code batch_norm_columns.cu}, and its gradient. */
final class ColumnNormalization {
  private static final String FILE = "batch_norm_columns.cu";

  /** Threads side by side, which read 128 bytes of a row. */
  private static final int MOST_ACROSS = 8;

  /** A thread gets at least so many rows. */
  private static final int LEAST_ROWS = 8;

  /** Chunks are made until there are about this many blocks of work. */
  private static final int BLOCKS = 1024;

  private static final int LANES = 32;

  private final Schedule<Step> schedule;
  private final Kernels kernels;
  private final float epsilon;
  private final DType type;
  private final List<Buffer> in;
  private final List<Buffer> out;
  private final long rows;
  private final int channels;
  private final int width;
  private final int across;
  private final long chunk;
  private final long chunks;

  /** Lowers the normalization of values of a type. */
  ColumnNormalization(
      Schedule<Step> schedule,
      Kernels kernels,
      float epsilon,
      DType type,
      List<Buffer> in,
      List<Buffer> out,
      long rows,
      int channels) {
    this.schedule = schedule;
    this.kernels = kernels;
    this.epsilon = epsilon;
    this.type = type;
    this.in = in;
    this.out = out;
    this.rows = rows;
    this.channels = channels;
    this.width = channels % Kernels.together(type) == 0 ? Kernels.together(type) : 1;
    int most = width == 1 ? LANES : MOST_ACROSS;
    int threads = channels / width;
    this.across = threads >= most ? most : Integer.highestOneBit(2 * threads - 1);
    long wanted = Math.min(Steps.ceil(rows, down() * LEAST_ROWS), BLOCKS / groups());
    this.chunk = Steps.ceil(rows, Math.max(1, wanted));
    this.chunks = Steps.ceil(rows, chunk);
  }

  private int down() {
    return Steps.BLOCK / across;
  }

  private long groups() {
    return Steps.ceil(channels, (long) across * width);
  }

  /**
   * Of x, scale, bias to y, mean, variance.
   *
   * @param epilogue what is done with y
   * @param name what the last step is called
   * @param given the coefficients, if the statistics of x are known, or null
   */
  List<Step> forward(Epilogue epilogue, String name, @Nullable Buffer given) {
    Buffer coefficients = given != null ? given : coefficients(schedule, channels);
    List<Step> steps = new ArrayList<>();
    if (given == null) {
      KernelStep statistics =
          lastBlock(LastBlock.MOMENTS).arguments(tiles("_statistics").reads(in.get(0)));
      steps.add(extents(statistics.writes(coefficients)).real(epsilon).build(7 * size()));
    }
    KernelStep apply =
        epilogue
            .kernel(
                kernels,
                "batch_norm_columns_apply.cu",
                "batch_norm_columns",
                NormalizationLowering.applied(type, channels))
            .named(name)
            .grid(groups(), chunks)
            .block(across, down());
    in.forEach(apply::reads);
    epilogue.arguments().accept(apply.reads(coefficients));
    out.subList(1, 3).forEach(apply::writes);
    steps.add(extents(apply).build(4 * size()));
    return steps;
  }

  /**
   * Of x, scale, mean, variance, dy to dx, dscale, dbias.
   *
   * @param given the coefficients, if the sums of dy are known, or null
   */
  List<Step> gradient(@Nullable Buffer given) {
    Buffer coefficients = given != null ? given : gradientCoefficients(schedule, channels);
    List<Step> steps = new ArrayList<>();
    if (given == null) {
      KernelStep sums = tiles("_grad_sums").reads(in.get(0));
      in.subList(2, 5).forEach(sums::reads);
      lastBlock(LastBlock.SUMS).arguments(sums).writes(coefficients);
      steps.add(extents(sums).real(epsilon).build(4 * size()));
    }
    KernelStep apply = tiles("_grad");
    in.subList(0, 3).forEach(apply::reads);
    apply.reads(in.get(4)).reads(coefficients);
    out.forEach(apply::writes);
    steps.add(extents(apply).build(5 * size()));
    return steps;
  }

  private long size() {
    return rows * channels;
  }

  private LastBlock lastBlock(int bytes) {
    return new LastBlock(
        schedule,
        "batch_norm",
        bytes,
        channels,
        groups(),
        (long) across * width,
        chunks,
        Steps.BLOCK);
  }

  /** Where numbers per channel lie of which y is made: {@code batch_norm_coefficients.cuh}. */
  static Buffer coefficients(Schedule<Step> schedule, int channels) {
    return schedule.scratch("batch_norm coefficients", 4L * Float.BYTES * channels);
  }

  /** The same of dx. */
  static Buffer gradientCoefficients(Schedule<Step> schedule, int channels) {
    return schedule.scratch("batch_norm_grad coefficients", 5L * Float.BYTES * channels);
  }

  private KernelStep tiles(String suffix) {
    return Steps.kernel(
            kernels, FILE, "batch_norm_columns" + suffix, Kernels.elements(type, channels))
        .grid(groups(), chunks)
        .block(across, down());
  }

  private KernelStep extents(KernelStep step) {
    return step.whole(channels).whole(rows).whole(chunk);
  }
}
