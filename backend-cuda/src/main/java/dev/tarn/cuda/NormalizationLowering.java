package dev.tarn.cuda;

import dev.tarn.DType;
import dev.tarn.Shape;
import dev.tarn.backend.Buffer;
import dev.tarn.backend.Schedule;
import dev.tarn.ir.Node;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The steps of batch normalization, normalization of rows, and their gradients. */
final class NormalizationLowering {
  /** Elements of a channel that a block holds. */
  private static final int CHUNK = 4096;

  private final Schedule<Step> schedule;
  private final Kernels kernels;
  private final float epsilon;
  private final DType type;
  private final boolean last;
  private final List<Buffer> in;
  private final List<Buffer> out;

  private final Epilogue epilogue;
  private final String name;
  private final @Nullable Buffer sums;

  /**
   * Lowers a node.
   *
   * @param tape the node that is computed on the results of batch normalization, or null
   * @param sums what the convolution before batch normalization or its gradient left, or null
   */
  NormalizationLowering(
      Schedule<Step> schedule,
      Kernels kernels,
      Images images,
      double epsilon,
      Node node,
      @Nullable Node tape,
      @Nullable Buffer sums) {
    this.schedule = schedule;
    this.kernels = kernels;
    this.epsilon = (float) epsilon;
    this.type = node.inputs().get(0).spec().dtype();
    this.last = images.isLast();
    this.in = node.inputs().stream().map(images::operand).toList();
    this.out = node.outputs().stream().map(images::result).toList();
    this.epilogue =
        tape == null
            ? Epilogue.storing(out.get(0))
            : Epilogue.computing(tape, node.outputs().get(0), images);
    this.name = Epilogue.name(node, tape);
    this.sums = sums;
  }

  /** Batch normalization of x, scale, bias to y, mean, variance. */
  List<Step> batchNorm(Shape shape) {
    if (isColumns(shape)) {
      return columns(shape).forward(epilogue, name, sums);
    }
    Buffer partial = partial(shape);
    KernelStep statistics =
        batchNorm("batch_norm_statistics", shape).reads(in.get(0)).writes(partial);
    KernelStep apply =
        epilogue
            .kernel(
                kernels, "batch_norm_apply.cu", "batch_norm_planes", applied(type, inner(shape)))
            .named(name)
            .grid(shape.dim(1) * chunks(shape), 1)
            .block(Steps.BLOCK, 1);
    in.forEach(apply::reads);
    epilogue.arguments().accept(apply.reads(partial));
    out.subList(1, 3).forEach(apply::writes);
    return List.of(
        extents(statistics, shape).build(5 * shape.size()),
        extents(apply, shape).real(epsilon).build(4 * shape.size()));
  }

  /** The gradient, of x, scale, mean, variance, dy to dx, dscale, dbias. */
  List<Step> batchNormGrad(Shape shape) {
    if (isColumns(shape)) {
      return columns(shape).gradient(sums);
    }
    Buffer partial = partial(shape);
    KernelStep sums =
        batchNorm("batch_norm_grad_sums", shape)
            .reads(in.get(0))
            .reads(in.get(2))
            .reads(in.get(4))
            .writes(partial);
    KernelStep apply = batchNorm("batch_norm_grad", shape);
    in.forEach(apply::reads);
    apply.reads(partial);
    out.forEach(apply::writes);
    return List.of(
        extents(sums, shape).build(4 * shape.size()),
        extents(apply, shape).real(epsilon).build(5 * shape.size()));
  }

  /** Normalization of the rows of x to y, mean, variance. */
  List<Step> rows(Shape shape) {
    return rows("normalize_rows", shape, 7 * shape.size());
  }

  /** The gradient, of x, mean, variance, dy to dx. */
  List<Step> rowsGrad(Shape shape) {
    return rows("normalize_rows_grad", shape, 9 * shape.size());
  }

  private List<Step> rows(String kernel, Shape shape, long flops) {
    int rows = shape.dim(0);
    int columns = shape.dim(1);
    if (rows == 0) {
      return List.of();
    }
    boolean warp = columns <= Steps.WARP_ROW;
    KernelStep step =
        Steps.kernel(
                kernels,
                "normalize_rows.cu",
                kernel + (warp ? "_warp" : "_block"),
                Kernels.elements(type, columns))
            .grid(warp ? Steps.ceil(rows, Steps.WARPS) : rows, 1)
            .block(Steps.BLOCK, 1);
    in.forEach(step::reads);
    out.forEach(step::writes);
    return List.of(step.whole(rows).whole(columns).real(epsilon).build(flops));
  }

  private boolean isColumns(Shape shape) {
    return last || inner(shape) == 1;
  }

  private ColumnNormalization columns(Shape shape) {
    return new ColumnNormalization(
        schedule, kernels, epsilon, type, in, out, count(shape), shape.dim(1));
  }

  /** The definitions for a kernel whose results, of the same type, go through an epilogue. */
  static List<String> applied(DType type, long columns) {
    List<String> definitions = new ArrayList<>(Kernels.elements(type, columns));
    definitions.add("-DTARN_OUT_BF16=" + (type == DType.BF16 ? 1 : 0));
    return definitions;
  }

  private Buffer partial(Shape shape) {
    return schedule.scratch("batch_norm partial", 8L * shape.dim(1) * chunks(shape));
  }

  private KernelStep batchNorm(String kernel, Shape shape) {
    return Steps.kernel(
            kernels, "batch_norm.cu", kernel + "_planes", Kernels.elements(type, inner(shape)))
        .grid(shape.dim(1) * chunks(shape), 1)
        .block(Steps.BLOCK, 1);
  }

  private static KernelStep extents(KernelStep step, Shape shape) {
    step.whole(shape.dim(1));
    ConvolutionLowering.divider(step, (int) inner(shape));
    return step.whole(count(shape)).whole(chunks(shape));
  }

  private static long inner(Shape shape) {
    return count(shape) / shape.dim(0);
  }

  private static long count(Shape shape) {
    return shape.size() / shape.dim(1);
  }

  private static long chunks(Shape shape) {
    return Steps.ceil(count(shape), CHUNK);
  }
}
