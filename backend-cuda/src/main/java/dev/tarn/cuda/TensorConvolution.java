package dev.tarn.cuda;

import dev.tarn.DType;
import dev.tarn.Shape;
import dev.tarn.Window2d;
import dev.tarn.backend.Buffer;
import dev.tarn.backend.Schedule;
import dev.tarn.ir.Arithmetic;
import dev.tarn.ir.BatchNorm;
import dev.tarn.ir.BatchNormGrad;
import dev.tarn.ir.Node;
import dev.tarn.ir.Product;
import dev.tarn.ir.Value;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Turns convolutions into launches of {@code convolution_tensor.cu}: on tensor cores, with factors
 * in bf16 or rounded to tf32.
 *
 * <p>Images that do not lie with their channels last are packed so. Tiles and cuts depend on the
 * shapes only, so the same shapes give the same bits on every device.
 */
final class TensorConvolution {
  private static final String FILE = "convolution_tensor.cu";
  private static final String WEIGHT = "convolution_tensor_weight.cu";
  private static final String PACK = "convolution_pack.cu";

  private static final int CHUNK_BYTES = 16;
  private static final int TILE_PIXELS = 128;

  /** A tile of 128 channels only where there are at least so many of them, and so many blocks. */
  private static final int WIDE = 128;

  private static final int WIDE_BLOCKS = 256;
  private static final int NARROW = 32;
  private static final int SIDE = 64;

  /** So many results side by side a thread stores together. */
  private static final int EIGHT = 8;

  private static final int WEIGHT_BLOCK = 128;

  /** The gradient by the kernel is cut until there are about this many blocks of work. */
  private static final int BLOCKS = 512;

  private static final int LEAST_CHUNK = 512;
  private static final int CHUNK_MULTIPLE = 32;
  private static final int MAX_GRID_Y = 65_535;

  /** Grouped convolutions need groups of a multiple of so many channels. */
  private static final int GROUP_MULTIPLE = 8;

  private final Schedule<Step> schedule;
  private final Kernels kernels;
  private final Images images;
  private final ChannelSums sums;
  private final Node node;
  private final Window2d window;
  private final @Nullable Node tape;
  private final DType type;
  private final DType stored;
  private final List<Step> steps = new ArrayList<>();

  /** Lowers a node with an arithmetic other than f32. */
  TensorConvolution(
      Schedule<Step> schedule,
      Kernels kernels,
      Images images,
      ChannelSums sums,
      Node node,
      Window2d window,
      @Nullable Node tape) {
    this.schedule = schedule;
    this.kernels = kernels;
    this.images = images;
    this.sums = sums;
    this.node = node;
    this.window = window;
    this.tape = tape;
    Arithmetic arithmetic = ((Product) node.op()).arithmetic();
    this.type = arithmetic == Arithmetic.TF32 ? DType.F32 : DType.BF16;
    this.stored = arithmetic.operands();
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
        && largest < Integer.MAX_VALUE - TILE_PIXELS;
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
    Buffer kernel = packKernel(w, m, k, adjoint);
    int down = adjoint ? window.strideH() : 1;
    int across = adjoint ? window.strideW() : 1;
    Shape phase =
        Shape.of(
            out.dim(0),
            out.dim(1),
            (int) CudaLowering.ceil(out.dim(2), down),
            (int) CudaLowering.ceil(out.dim(3), across));
    long rows = down * across * CudaLowering.ceil(pixels(phase), TILE_PIXELS);
    int tile = m <= NARROW ? NARROW : SIDE;
    if (m >= WIDE && rows * CudaLowering.ceil(m, WIDE) * groups >= WIDE_BLOCKS) {
      tile = WIDE;
    }
    List<String> definitions = definitions(w);
    definitions.add("-DTARN_ADJOINT=" + (adjoint ? 1 : 0));
    definitions.add("-DTARN_CHANNELS=" + tile);
    definitions.add("-DTARN_OUT_BF16=" + bit(node.output().spec().dtype()));
    boolean isLast = images.isLast();
    boolean eights = isLast && storesEights(node.output(), groups);
    definitions.add("-DTARN_EIGHTS=" + (eights ? 1 : 0));
    long plane = plane(out);
    @Nullable Node norm = sums.reader(node);
    if (norm != null) {
      definitions.add(adjoint ? "-DTARN_GRADIENT_SUMS=1" : "-DTARN_STATISTICS=1");
    }
    Epilogue epilogue =
        tape == null
            ? Epilogue.storing(images.result(node.output()))
            : Epilogue.computing(
                tape, node.output(), images, norm == null ? null : norm.inputs().get(4));
    KernelStep step =
        epilogue
            .kernel(kernels, FILE, "conv2d_tensor", definitions)
            .named(Epilogue.name(node, tape) + (norm == null ? "" : " + sums"))
            .reads(image)
            .reads(kernel);
    epilogue.arguments().accept(step);
    step.whole(m).whole(chunks(k)).whole((long) groups * chunks(k) * CHUNK_BYTES);
    int threads = tile == WIDE ? 2 * WEIGHT_BLOCK : WEIGHT_BLOCK;
    numbers(step, in, phase)
        .whole(out.dim(2))
        .whole(out.dim(3))
        .whole(out.dim(1) * plane)
        .whole(isLast ? out.dim(1) : 1)
        .whole(isLast ? 1 : plane)
        .grid(rows * CudaLowering.ceil(m, tile), groups)
        .block(threads, 1);
    if (norm != null) {
      LastBlock last =
          new LastBlock(
              schedule,
              node.op().name() + " sums",
              adjoint ? LastBlock.SUMS : LastBlock.MOMENTS,
              out.dim(1),
              groups * CudaLowering.ceil(m, tile),
              Math.min(m, tile),
              rows,
              threads);
      addSums(step, norm, last);
    }
    steps.add(step.build(flops(adjoint ? in : out, w)));
    return steps;
  }

  /** Adds the parameters that {@code convolution_sums.cuh} lists. */
  private void addSums(KernelStep step, Node norm, LastBlock last) {
    int channels = shape(node.output()).dim(1);
    Buffer coefficients;
    double epsilon;
    if (norm.op() instanceof BatchNormGrad op) {
      epsilon = op.epsilon();
      coefficients = ColumnNormalization.gradientCoefficients(schedule, channels);
      step.reads(images.operand(norm.inputs().get(0)))
          .reads(schedule.buffer(norm.inputs().get(2)))
          .reads(schedule.buffer(norm.inputs().get(3)));
    } else {
      epsilon = ((BatchNorm) norm.op()).epsilon();
      coefficients = ColumnNormalization.coefficients(schedule, channels);
    }
    last.arguments(step).writes(coefficients).real((float) epsilon);
    sums.put(node, coefficients);
  }

  /** {@code dw}, in f32, from x and dy. */
  List<Step> gradWeight(Buffer dw) {
    Value from = node.inputs().get(0);
    Value by = node.inputs().get(1);
    Shape x = shape(from);
    Shape dy = shape(by);
    Shape w = shape(node.output());
    long pixels = pixels(dy);
    if (pixels == 0) {
      return List.of(CudaLowering.zeros(node.op().name(), dw));
    }
    int groups = window.groups();
    int m = w.dim(0) / groups;
    int channels = padded(w.dim(1));
    long terms = (long) channels * w.dim(2) * w.dim(3);
    long blocks = CudaLowering.ceil(m, SIDE) * CudaLowering.ceil(terms, SIDE);
    long wanted = Math.max(1, Math.min(pixels / LEAST_CHUNK, BLOCKS / (blocks * groups)));
    long chunk =
        CudaLowering.ceil(CudaLowering.ceil(pixels, wanted), CHUNK_MULTIPLE) * CHUNK_MULTIPLE;
    long count = CudaLowering.ceil(pixels, chunk);
    long elements = groups * m * terms;
    Buffer partial = schedule.scratch(node.op().name() + " partial sums", 4 * count * elements);
    List<String> definitions = definitions(w);
    KernelStep step =
        CudaLowering.kernel(kernels, WEIGHT, "conv2d_weight_tensor", definitions)
            .named(node.op().name())
            .reads(pack(from))
            .reads(pack(by))
            .writes(partial)
            .whole(m)
            .whole(groups)
            .whole(chunk)
            .whole(chunks(w.dim(1)))
            .whole(chunks(m))
            .whole((long) groups * chunks(w.dim(1)) * CHUNK_BYTES)
            .whole((long) groups * chunks(m) * CHUNK_BYTES);
    numbers(step, x, dy).grid(blocks, groups * count).block(WEIGHT_BLOCK, 1);
    steps.add(step.build(flops(dy, w)));
    steps.add(
        CudaLowering.kernel(kernels, WEIGHT, "conv2d_weight_sum", definitions)
            .reads(partial)
            .writes(dw)
            .whole(elements)
            .whole(count)
            .whole(channels)
            .whole(w.dim(1))
            .grid(CudaLowering.ceil(elements, CudaLowering.BLOCK), 1)
            .block(CudaLowering.BLOCK, 1)
            .build(count * elements));
    return steps;
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

  /** The kernel as rows of (tap, channel), a row for each of the m results of a group. */
  private Buffer packKernel(Shape w, int m, int k, boolean adjoint) {
    int taps = w.dim(2) * w.dim(3);
    long terms = (long) w.dim(1) * taps;
    long elements = (long) window.groups() * m * taps * padded(k);
    Buffer packed = schedule.scratch(node.op().name() + " kernel", elements * type.bytes());
    steps.add(
        CudaLowering.kernel(kernels, PACK, "pack_kernel_" + stored + "_to_" + type)
            .reads(schedule.buffer(node.inputs().get(1)))
            .writes(packed)
            .whole(elements)
            .whole(m)
            .whole(k)
            .whole(padded(k))
            .whole(taps)
            .whole(w.dim(0) / window.groups() * terms)
            .whole(adjoint ? taps : terms)
            .whole(adjoint ? terms : taps)
            .grid(CudaLowering.ceil(elements, CudaLowering.BLOCK), 1)
            .block(CudaLowering.BLOCK, 1)
            .build(0));
    return packed;
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
