package dev.tarn.cuda;

import dev.tarn.DType;
import dev.tarn.PoolWindow;
import dev.tarn.Shape;
import dev.tarn.backend.Buffer;
import dev.tarn.backend.Schedule;
import dev.tarn.ir.Node;
import dev.tarn.ir.Pool2d;
import java.util.List;

/** The steps of pooling and its gradient. */
final class PoolingLowering {
  private final Schedule<Step> schedule;
  private final Kernels kernels;
  private final Pool2d op;
  private final DType type;
  private final Shape input;
  private final Shape output;
  private final boolean last;
  private final List<Buffer> in;
  private final Buffer out;

  /** Lowers a pooling, or the gradient of one, of an input of a shape. */
  PoolingLowering(
      Schedule<Step> schedule, Kernels kernels, Images images, Pool2d op, Node node, Shape input) {
    this.schedule = schedule;
    this.kernels = kernels;
    this.op = op;
    this.type = node.output().spec().dtype();
    this.input = input;
    this.output = op.window().over(op.name(), input);
    this.last = images.isLast();
    this.in = node.inputs().stream().map(images::operand).toList();
    this.out = images.result(node.output());
  }

  /** Pools x into y. */
  List<Step> forward() {
    return output.size() == 0
        ? List.of()
        : List.of(finish(kernel(op.name()).reads(in.get(0)).writes(out), output, average()));
  }

  /**
   * The gradient of an average from dy; that of a maximum from x and dy: which element was the
   * largest, and then what flows to it.
   */
  List<Step> gradient() {
    if (output.size() == 0) {
      return List.of();
    }
    if (!average()) {
      return maximum(in.get(0), in.get(1), out);
    }
    return List.of(finish(kernel(op.name() + "_grad").reads(in.get(0)).writes(out), input, true));
  }

  private List<Step> maximum(Buffer x, Buffer dy, Buffer dx) {
    Buffer index = schedule.scratch(op.name() + " index", 4 * output.size());
    KernelStep find = kernel(op.name() + "_index").reads(x).writes(index);
    KernelStep gather = kernel(op.name() + "_grad").reads(index).reads(dy).writes(dx);
    return List.of(finish(find, output, false), finish(gather, input, false));
  }

  private boolean average() {
    return op.kind() == Pool2d.Kind.AVERAGE;
  }

  private KernelStep kernel(String name) {
    String file = last ? "pool2d_channels_last.cu" : "pool2d.cu";
    return CudaLowering.kernel(kernels, file, name, Kernels.elements(type));
  }

  /** The elements that a thread makes. */
  private int width() {
    return last ? Kernels.together(type) : 1;
  }

  /** Adds the window's extents; the elements of {@code over} are shared among threads. */
  private Step finish(KernelStep step, Shape over, boolean padding) {
    PoolWindow window = op.window();
    long threads = over.size() / width();
    step.whole(threads)
        .whole(input.dim(2))
        .whole(input.dim(3))
        .whole(output.dim(2))
        .whole(output.dim(3))
        .whole(window.kernelH())
        .whole(window.kernelW())
        .whole(window.strideH())
        .whole(window.strideW())
        .whole(window.padTop())
        .whole(window.padBottom())
        .whole(window.padLeft())
        .whole(window.padRight());
    if (padding) {
      step.whole(op.countIncludePad() ? 1 : 0);
    }
    if (last) {
      step.whole(input.dim(1));
    }
    return step.grid(CudaLowering.ceil(threads, CudaLowering.BLOCK), 1)
        .block(CudaLowering.BLOCK, 1)
        .build(output.size() * window.kernelH() * window.kernelW());
  }
}
