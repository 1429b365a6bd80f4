package dev.tarn.cuda;

import dev.tarn.DType;
import dev.tarn.Shape;
import dev.tarn.Window2d;
import dev.tarn.backend.Buffer;
import dev.tarn.backend.Schedule;
import dev.tarn.ir.BatchNorm;
import dev.tarn.ir.BatchNormGrad;
import dev.tarn.ir.Node;
import dev.tarn.ir.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Turns convolutions into launches of {@code convolution_tensor.cu}: on tensor cores, with factors
 * in bf16 or rounded to tf32.
 *
 * <p>Images that do not lie with their channels last are packed so. Which tile runs is measured,
 * but the order of sums depends on the shapes only: the same shapes give the same bits.
 */
final class TensorConvolution {
  private static final String FILE = "convolution_tensor.cu";
  private static final String WEIGHT = "convolution_tensor_weight.cu";

  private static final int CHUNK_BYTES = 16;

  /** So many results side by side a thread stores together. */
  private static final int EIGHT = 8;

  /** The gradient by the kernel is cut until there are about this many blocks of work. */
  private static final int BLOCKS = 512;

  private static final int LEAST_CHUNK = 512;
  private static final int CHUNK_MULTIPLE = 32;
  private static final int MAX_GRID_Y = 65_535;

  /** Grouped convolutions need groups of a multiple of so many channels. */
  private static final int GROUP_MULTIPLE = 8;

  private final Convolutions shared;
  private final Kernels kernels;
  private final Images images;
  private final Node node;
  private final Window2d window;
  private final @Nullable Node tape;
  private final DType type;
  private final List<Step> steps = new ArrayList<>();

  /** Lowers a node with an arithmetic other than f32. */
  TensorConvolution(Convolutions shared, Node node, Window2d window, @Nullable Node tape) {
    this.shared = shared;
    this.kernels = shared.kernels();
    this.images = shared.images();
    this.node = node;
    this.window = window;
    this.tape = tape;
    this.type = PackedKernels.type(node);
  }

  /**
   * Whether a convolution of an image by a kernel runs here: groups must fill 16-byte chunks, and
   * counts must fit the kernels.
   */
  static boolean takes(Shape image, Shape kernel, Shape result, int groups) {
    long largest = Math.max(image.size(), result.size());
    boolean full =
        kernel.dim(0) / groups % GROUP_MULTIPLE == 0 && kernel.dim(1) % GROUP_MULTIPLE == 0;
    return (groups == 1 || full)
        && groups <= MAX_GRID_Y
        && kernel.size() * GROUP_MULTIPLE < Integer.MAX_VALUE
        && largest < Integer.MAX_VALUE - PixelTile.PIXELS;
  }

  /** Whether results with their channels last are stored eight at a time. */
  static boolean storesEights(Value result, int groups) {
    int channels = shape(result).dim(1);
    return channels % EIGHT == 0 && channels / groups % EIGHT == 0;
  }

  /** {@code y} from x and w. */
  List<Step> forward() {
    Shape w = shape(node.inputs().get(1));
    return product(w, w.dim(0) / window.groups(), false);
  }

  /** {@code dx} from dy and w. */
  List<Step> gradInput() {
    Shape w = shape(node.inputs().get(1));
    return product(w, w.dim(1), true);
  }

  private List<Step> product(Shape w, int m, boolean adjoint) {
    Value from = node.inputs().get(0);
    Shape in = shape(from);
    Shape out = shape(node.output());
    int groups = window.groups();
    int k = in.dim(1) / groups;
    if (pixels(out) == 0) {
      return List.of();
    }
    Buffer image = pack(from);
    Buffer kernel = shared.packed().of(node, steps);
    int down = adjoint ? window.strideH() : 1;
    int across = adjoint ? window.strideW() : 1;
    Shape phase =
        Shape.of(
            out.dim(0),
            out.dim(1),
            (int) Steps.ceil(out.dim(2), down),
            (int) Steps.ceil(out.dim(3), across));
    long rows = down * across * Steps.ceil(pixels(phase), PixelTile.PIXELS);
    boolean last = images.isLast();
    boolean eights = last && storesEights(node.output(), groups);
    @Nullable Node norm = shared.channelSums().reader(node);
    Epilogue epilogue =
        tape == null
            ? Epilogue.storing(images.result(node.output()))
            : Epilogue.computing(
                tape, node.output(), images, norm == null ? null : norm.inputs().get(4));
    long plane = plane(out);
    List<PixelTile> tiles =
        PixelTile.candidates(m, rows * groups, norm != null, kernels.hasWgmma());
    Consumer<KernelStep> sums = norm == null ? step -> {} : sums(norm, m, tiles, rows);
    List<Step> candidates = new ArrayList<>();
    for (PixelTile tile : tiles) {
      List<String> definitions = definitions(w);
      definitions.add("-DTARN_ADJOINT=" + (adjoint ? 1 : 0));
      definitions.addAll(tile.definitions());
      definitions.add("-DTARN_OUT_BF16=" + bit(node.output().spec().dtype()));
      definitions.add("-DTARN_EIGHTS=" + (eights ? 1 : 0));
      if (norm != null) {
        definitions.add(adjoint ? "-DTARN_GRADIENT_SUMS=1" : "-DTARN_STATISTICS=1");
      }
      KernelStep step =
          epilogue
              .kernel(kernels, FILE, "conv2d_tensor", definitions)
              .named(Epilogue.name(node, tape) + (norm == null ? "" : " + sums"))
              .reads(image)
              .reads(kernel);
      epilogue.arguments().accept(step);
      step.whole(m).whole(chunks(k)).whole((long) groups * chunks(k) * CHUNK_BYTES);
      numbers(step, in, phase)
          .whole(out.dim(2))
          .whole(out.dim(3))
          .whole(out.dim(1) * plane)
          .whole(last ? out.dim(1) : 1)
          .whole(last ? 1 : plane)
          .grid(rows * Steps.ceil(m, tile.channels()), groups)
          .block(tile.threads(), 1);
      sums.accept(step);
      candidates.add(step.build(flops(adjoint ? in : out, w)));
    }
    String key =
        String.join(
            " ",
            FILE,
            key(in, w),
            "to "
                + node.output().spec()
                + (last ? " channels last" : "")
                + (norm == null ? "" : " with sums"),
            "by " + tiles,
            String.valueOf(epilogue.headers()));
    steps.add(TunedStep.of(key, candidates));
    return steps;
  }

  /** Adds the parameters that {@code convolution_sums.cuh} lists. */
  private Consumer<KernelStep> sums(Node norm, int m, List<PixelTile> tiles, long rows) {
    Schedule<Step> schedule = shared.schedule();
    int channels = shape(node.output()).dim(1);
    PixelTile first = tiles.get(0);
    int least = tiles.stream().mapToInt(PixelTile::channels).min().orElseThrow();
    boolean isGradient = norm.op() instanceof BatchNormGrad;
    LastBlock last =
        new LastBlock(
            schedule,
            node.op().name() + " sums",
            isGradient ? LastBlock.SUMS : LastBlock.MOMENTS,
            channels,
            window.groups() * Steps.ceil(m, least),
            first.width(m),
            rows,
            first.threads());
    double epsilon =
        norm.op() instanceof BatchNormGrad op ? op.epsilon() : ((BatchNorm) norm.op()).epsilon();
    Buffer coefficients =
        isGradient
            ? ColumnNormalization.gradientCoefficients(schedule, channels)
            : ColumnNormalization.coefficients(schedule, channels);
    shared.channelSums().put(node, coefficients);
    return step -> {
      if (isGradient) {
        step.reads(images.operand(norm.inputs().get(0)))
            .reads(schedule.buffer(norm.inputs().get(2)))
            .reads(schedule.buffer(norm.inputs().get(3)));
      }
      last.arguments(step).writes(coefficients).real((float) epsilon);
    };
  }

  /** Partial sums of {@code dw}, in f32, from x and dy; {@link WeightSums} adds them up. */
  List<Step> gradWeight(Buffer dw) {
    Value from = node.inputs().get(0);
    Value by = node.inputs().get(1);
    Shape x = shape(from);
    Shape dy = shape(by);
    Shape w = shape(node.output());
    long pixels = pixels(dy);
    if (pixels == 0) {
      return List.of(Steps.zeros(node.op().name(), dw));
    }
    int groups = window.groups();
    int m = w.dim(0) / groups;
    int channels = padded(w.dim(1));
    long terms = (long) channels * w.dim(2) * w.dim(3);
    long blocks = Steps.ceil(m, WeightTile.SIDE) * Steps.ceil(terms, WeightTile.SIDE);
    long wanted = Math.max(1, Math.min(pixels / LEAST_CHUNK, BLOCKS / (blocks * groups)));
    long chunk = Steps.ceil(Steps.ceil(pixels, wanted), CHUNK_MULTIPLE) * CHUNK_MULTIPLE;
    long count = Steps.ceil(pixels, chunk);
    long elements = groups * m * terms;
    Buffer partial =
        shared.schedule().scratch(node.op().name() + " partial sums", 4 * count * elements);
    Buffer image = pack(from);
    Buffer gradient = pack(by);
    List<Step> candidates = new ArrayList<>();
    List<WeightTile> tiles = WeightTile.candidates(m, terms);
    for (WeightTile tile : tiles) {
      List<String> definitions = definitions(w);
      definitions.addAll(tile.definitions());
      KernelStep step =
          Steps.kernel(kernels, WEIGHT, "conv2d_weight_tensor", definitions)
              .named(node.op().name())
              .reads(image)
              .reads(gradient)
              .writes(partial)
              .whole(m)
              .whole(groups)
              .whole(chunk)
              .whole(chunks(w.dim(1)))
              .whole(chunks(m))
              .whole((long) groups * chunks(w.dim(1)) * CHUNK_BYTES)
              .whole((long) groups * chunks(m) * CHUNK_BYTES);
      long across = Steps.ceil(terms, tile.across());
      numbers(step, x, dy)
          .grid(Steps.ceil(m, tile.down()) * across, groups * count)
          .block(tile.threads(), 1)
          .shared(tile.sharedBytes());
      candidates.add(step.build(flops(dy, w)));
    }
    steps.add(TunedStep.of(WEIGHT + " " + key(x, w) + " by " + tiles, candidates));
    int taps = w.dim(2) * w.dim(3);
    shared.weightSums().add(node, partial, dw, elements, count, channels, w.dim(1), taps);
    return steps;
  }

  /** What the time of a convolution depends on. */
  private String key(Shape image, Shape w) {
    return node.op() + " of " + image + " and " + w + " in " + type;
  }

  /** The window and the type of the factors, as the kernels want them. */
  private List<String> definitions(Shape w) {
    return new ArrayList<>(
        List.of(
            "-DTARN_BF16=" + bit(type),
            "-DTARN_R=" + w.dim(2),
            "-DTARN_S=" + w.dim(3),
            "-DTARN_STRIDE_H=" + window.strideH(),
            "-DTARN_STRIDE_W=" + window.strideW(),
            "-DTARN_DILATION_H=" + window.dilationH(),
            "-DTARN_DILATION_W=" + window.dilationW()));
  }

  /** Adds the parameters that {@code convolution_window.cuh} lists. */
  private KernelStep numbers(KernelStep step, Shape in, Shape out) {
    step.whole(pixels(out))
        .whole(in.dim(2))
        .whole(in.dim(3))
        .whole(window.padTop())
        .whole(window.padLeft());
    ConvolutionLowering.divider(step, (int) plane(out));
    ConvolutionLowering.divider(step, out.dim(3));
    return step;
  }

  private Buffer pack(Value image) {
    return images.packed(image, window.groups(), type);
  }

  private int chunks(int channels) {
    return padded(channels) * type.bytes() / CHUNK_BYTES;
  }

  private int padded(int channels) {
    return Images.padded(channels, type);
  }

  private static int bit(DType type) {
    return type == DType.F32 ? 0 : 1;
  }

  private static long flops(Shape y, Shape w) {
    return 2 * y.size() * w.withoutFirst().size();
  }

  private static long plane(Shape image) {
    return (long) image.dim(2) * image.dim(3);
  }

  private static long pixels(Shape image) {
    return image.dim(0) * plane(image);
  }

  private static Shape shape(Value value) {
    return value.spec().shape();
  }
}
