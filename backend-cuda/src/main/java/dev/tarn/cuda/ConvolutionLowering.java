package dev.tarn.cuda;

import dev.tarn.DType;
import dev.tarn.Shape;
import dev.tarn.TarnException;
import dev.tarn.Window2d;
import dev.tarn.backend.Buffer;
import dev.tarn.backend.Schedule;
import dev.tarn.ir.Arithmetic;
import dev.tarn.ir.Conv2d;
import dev.tarn.ir.Conv2dGradInput;
import dev.tarn.ir.Conv2dGradWeight;
import dev.tarn.ir.Node;
import dev.tarn.ir.Product;
import dev.tarn.ir.Reduce;
import dev.tarn.ir.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Turns convolutions into launches of {@code convolution.cu} and {@code convolution_weight.cu}.
 *
 * <p>Which tile runs is measured, but the order of sums, and how the gradient by the kernel is cut
 * into partial sums, depends on the shapes only: the same shapes give the same bits.
 */
final class ConvolutionLowering {
  private static final String FILE = "convolution.cu";
  private static final String WEIGHT = "convolution_weight.cu";

  /** Channels and half the terms of a tile of the gradient by the kernel, and its threads. */
  private static final int TILE = 64;

  private static final int WEIGHT_BLOCK = 128;

  /** The gradient by the kernel is cut until there are about this many blocks of work. */
  private static final int BLOCKS = 512;

  /** Pixels of a chunk are a multiple of a tile's depth, and at least so many. */
  private static final int DEPTH = 16;

  private static final int LEAST_CHUNK = 512;
  private static final int MAX_GRID_Y = 65_535;

  private final Convolutions shared;
  private final Schedule<Step> schedule;
  private final Kernels kernels;
  private final Images images;
  private final Node node;
  private final Window2d window;
  private final @Nullable Node tape;
  private final List<Step> steps = new ArrayList<>();

  private ConvolutionLowering(
      Convolutions shared, Node node, Window2d window, @Nullable Node tape) {
    this.shared = shared;
    this.schedule = shared.schedule();
    this.kernels = shared.kernels();
    this.images = shared.images();
    this.node = node;
    this.window = window;
    this.tape = tape;
  }

  /**
   * The steps of a convolution or a gradient of one.
   *
   * @param tape the node that is computed on its results, or null
   */
  static List<Step> lower(Convolutions shared, Node node, @Nullable Node tape) {
    if (node.op() instanceof Conv2d op) {
      return new ConvolutionLowering(shared, node, op.window(), tape).forward();
    }
    if (node.op() instanceof Conv2dGradInput op) {
      return new ConvolutionLowering(shared, node, op.window(), tape).gradInput();
    }
    Window2d window = ((Conv2dGradWeight) node.op()).window();
    return new ConvolutionLowering(shared, node, window, null).gradWeight();
  }

  /** {@code y} from x and w. */
  private List<Step> forward() {
    Shape x = shape(node.inputs().get(0));
    Shape w = shape(node.inputs().get(1));
    Shape y = shape(node.output());
    return onTensorCores(node, kernels)
        ? tensor().forward()
        : product(x, w, y, w.dim(0) / window.groups(), false);
  }

  /** {@code dx} from dy and w. */
  private List<Step> gradInput() {
    Shape dy = shape(node.inputs().get(0));
    Shape w = shape(node.inputs().get(1));
    Shape dx = shape(node.output());
    return onTensorCores(node, kernels) ? tensor().gradInput() : product(dy, w, dx, w.dim(1), true);
  }

  /** Whether a convolution, or a gradient of one, runs on tensor cores. */
  static boolean onTensorCores(Node node, Kernels kernels) {
    Shape first = shape(node.inputs().get(0));
    Shape second = shape(node.inputs().get(1));
    Shape result = shape(node.output());
    if (!kernels.hasTensorCores() || ((Product) node.op()).arithmetic() == Arithmetic.F32) {
      return false;
    }
    if (node.op() instanceof Conv2d op) {
      return TensorConvolution.takes(first, second, result, op.window().groups());
    }
    if (node.op() instanceof Conv2dGradInput op) {
      return TensorConvolution.takes(result, second, first, op.window().groups());
    }
    return node.op() instanceof Conv2dGradWeight op
        && TensorConvolution.takes(first, result, second, op.window().groups());
  }

  private TensorConvolution tensor() {
    return new TensorConvolution(shared, node, window, tape);
  }

  /** An operand in f32. */
  private Buffer operand(int index) {
    Value value = node.inputs().get(index);
    Buffer buffer = images.plain(value);
    if (value.spec().dtype() == DType.F32) {
      return buffer;
    }
    long elements = value.spec().shape().size();
    Buffer wide = schedule.scratch(node.op().name() + " operand", elements * Float.BYTES);
    steps.add(Steps.cast(kernels, DType.BF16, DType.F32, buffer, wide, elements));
    return wide;
  }

  /** Where kernels with f32 results write. */
  private Buffer result() {
    Value value = node.output();
    return value.spec().dtype() == DType.F32
        ? schedule.buffer(value)
        : schedule.scratch(node.op().name() + " sums", shape(value).size() * Float.BYTES);
  }

  /** The steps, with a cast of that result where the node's is bf16. */
  private List<Step> narrowed(Buffer sums) {
    Buffer result = schedule.buffer(node.output());
    if (sums != result) {
      long elements = shape(node.output()).size();
      steps.add(Steps.cast(kernels, DType.F32, DType.BF16, sums, result, elements));
    }
    return steps;
  }

  /** A result of the same form as what is read: an image of {@code m} channels a group. */
  private List<Step> product(Shape from, Shape w, Shape to, int m, boolean adjoint) {
    long pixels = pixels(to);
    if (pixels == 0) {
      return List.of();
    }
    @Nullable Buffer result = tape == null ? result() : null;
    Epilogue epilogue =
        result != null
            ? Epilogue.storing(result)
            : Epilogue.computing(Objects.requireNonNull(tape), node.output(), images);
    Buffer image = operand(0);
    Buffer kernel = operand(1);
    int groups = window.groups();
    int taps = w.dim(2) * w.dim(3);
    List<Step> candidates = new ArrayList<>();
    if (m < StrictTile.LEAST) {
      long channels = Math.min((long) groups * m, MAX_GRID_Y);
      KernelStep step =
          begin(epilogue, adjoint, List.of("-DTARN_CHANNELS=1"), image, kernel)
              .grid(Steps.ceil(pixels, Steps.BLOCK), channels);
      numbers(step, from, w, to, m, adjoint);
      candidates.add(step.build(flops(adjoint ? from : to, w)));
    } else {
      for (StrictTile tile : StrictTile.candidates(groups, m, pixels, taps)) {
        KernelStep step =
            begin(epilogue, adjoint, tile.definitions(taps), image, kernel)
                .grid(Steps.ceil(pixels, tile.pixels()), gridY(groups * tile.rows(m)));
        numbers(step, from, w, to, m, adjoint);
        candidates.add(step.build(flops(adjoint ? from : to, w)));
      }
    }
    String key =
        String.join(
            " ",
            FILE,
            node.op() + " of " + from + " and " + w + " to " + to,
            String.valueOf(epilogue.headers()));
    steps.add(TunedStep.of(key, candidates));
    return result == null ? steps : narrowed(result);
  }

  /** A step of {@code convolution.cu}, up to the arguments that are numbers. */
  private KernelStep begin(
      Epilogue epilogue, boolean adjoint, List<String> tile, Buffer image, Buffer kernel) {
    List<String> definitions = new ArrayList<>(tile);
    definitions.add("-DTARN_ADJOINT=" + (adjoint ? 1 : 0));
    KernelStep step =
        epilogue
            .kernel(kernels, FILE, "conv2d", definitions)
            .named(Epilogue.name(node, tape))
            .reads(image)
            .reads(kernel)
            .block(Steps.BLOCK, 1);
    epilogue.arguments().accept(step);
    return step;
  }

  /** {@code dw} from x and dy. */
  private List<Step> gradWeight() {
    Shape x = shape(node.inputs().get(0));
    Shape dy = shape(node.inputs().get(1));
    Shape w = shape(node.output());
    if (onTensorCores(node, kernels)) {
      Buffer sums = result();
      steps.addAll(tensor().gradWeight(sums));
      if (sums != schedule.buffer(node.output())) {
        steps.addAll(shared.weightSums().flush());
      }
      return narrowed(sums);
    }
    Buffer dw = result();
    long pixels = pixels(dy);
    if (pixels == 0) {
      return List.of(Steps.zeros(node.op().name(), schedule.buffer(node.output())));
    }
    int groups = window.groups();
    int m = w.dim(0) / groups;
    boolean direct = m < StrictTile.LEAST;
    long terms = w.withoutFirst().size();
    int down = direct ? 1 : m <= TILE / 2 ? TILE / 2 : TILE;
    int across = down == TILE && terms <= TILE ? TILE : 2 * TILE;
    long blocks = direct ? w.size() : Steps.ceil(m, down) * Steps.ceil(terms, across) * groups;
    long wanted = Math.max(1, Math.min(pixels / LEAST_CHUNK, BLOCKS / blocks));
    long chunk = Steps.ceil(Steps.ceil(pixels, wanted), DEPTH) * DEPTH;
    long chunks = Steps.ceil(pixels, chunk);
    Buffer result =
        chunks == 1
            ? dw
            : schedule.scratch(node.op().name() + " partial sums", chunks * dw.bytes());
    List<String> definitions =
        List.of(
            "-DTARN_DOWN=" + down, "-DTARN_ACROSS=" + across, StrictTile.taps(w.dim(2) * w.dim(3)));
    KernelStep step =
        Steps.kernel(kernels, WEIGHT, "conv2d_grad_weight", definitions)
            .reads(operand(0))
            .reads(operand(1))
            .writes(result)
            .whole(chunk);
    if (direct) {
      step.grid(blocks, chunks).block(Steps.BLOCK, 1);
    } else {
      step.grid(blocks / groups, gridY(groups * chunks)).block(WEIGHT_BLOCK, 1);
    }
    numbers(step, x, w, dy, m, false);
    steps.add(step.build(flops(dy, w)));
    if (chunks > 1) {
      Shape partial = Shape.of((int) chunks, w.intSize());
      steps.addAll(
          new ReduceLowering(schedule, kernels, Reduce.Kind.SUM)
              .lower(result, dw, partial, List.of(0)));
    }
    return narrowed(dw);
  }

  /** Adds the parameters that all kernels share, as {@code convolution.cuh} lists them. */
  private void numbers(KernelStep step, Shape in, Shape w, Shape out, int m, boolean adjoint) {
    int taps = w.dim(2) * w.dim(3);
    int terms = w.dim(1) * taps;
    int channelsIn = in.dim(1) / window.groups();
    long elements = (long) channelsIn * in.dim(2) * in.dim(3);
    within(elements, Integer.MAX_VALUE, "a group of an image of " + in + " has more elements");
    step.whole(window.groups())
        .whole(m)
        .whole(channelsIn)
        .whole(pixels(out))
        .whole(adjoint ? taps : terms)
        .whole(adjoint ? terms : taps)
        .whole((long) w.dim(0) / window.groups() * terms)
        .whole(in.dim(2))
        .whole(in.dim(3))
        .whole(w.dim(2))
        .whole(window.dilationH())
        .whole(window.dilationW())
        .whole(window.padTop())
        .whole(window.padLeft());
    divider(step, out.dim(2) * out.dim(3));
    divider(step, out.dim(3));
    divider(step, taps);
    divider(step, w.dim(3));
    divider(step, window.strideH());
    divider(step, window.strideW());
  }

  /** Adds a number by which the kernel divides, with what makes that a multiplication. */
  static void divider(KernelStep step, int divisor) {
    int shift = 31 + 32 - Integer.numberOfLeadingZeros(divisor - 1);
    long multiplier = Steps.ceil(1L << shift, divisor);
    step.whole(divisor).whole(multiplier).whole(shift);
  }

  private static long flops(Shape y, Shape w) {
    return 2 * y.size() * w.withoutFirst().size();
  }

  private static Shape shape(Value value) {
    return value.spec().shape();
  }

  /** The number of pixels of a batch, which kernels count with 31 bits. */
  private long pixels(Shape image) {
    long pixels = (long) image.dim(0) * image.dim(2) * image.dim(3);
    return within(pixels, Integer.MAX_VALUE - 1024, image + " has more pixels");
  }

  private long gridY(long blocks) {
    return within(blocks, MAX_GRID_Y, "there are more groups of channels");
  }

  private long within(long count, long most, String what) {
    if (count > most) {
      throw new TarnException(
          node.op().name()
              + ": "
              + what
              + " than a CUDA kernel of Tarn counts, "
              + most
              + node.origin().suffix());
    }
    return count;
  }
}
