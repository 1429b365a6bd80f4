package dev.tarn.cuda;

import dev.tarn.DType;
import dev.tarn.PoolWindow;
import dev.tarn.Shape;
import dev.tarn.backend.Buffer;
import dev.tarn.backend.Schedule;
import dev.tarn.ir.Pool2d;
import java.util.List;

/** The steps of pooling and its gradient. */
final class PoolingLowering {
  private static final String FILE = "pool2d.cu";

  private final Schedule<Step> schedule;
  private final Kernels kernels;
  private final Pool2d op;
  private final DType type;
  private final Shape input;
  private final Shape output;

  /** Lowers the pooling of an input of a shape, with elements of a type. */
  PoolingLowering(Schedule<Step> schedule, Kernels kernels, Pool2d op, DType type, Shape input) {
    this.schedule = schedule;
    this.kernels = kernels;
    this.op = op;
    this.type = type;
    this.input = input;
    this.output = op.window().over(op.name(), input);
  }

  /** Pools {@code x} into {@code y}. */
  List<Step> forward(Buffer x, Buffer y) {
    return output.size() == 0
        ? List.of()
        : List.of(finish(kernel(op.name()).reads(x).writes(y), output, average()));
  }

  /**
   * The gradient of an average from dy; that of a maximum from x and dy: which element was the
   * largest, and then what flows to it.
   */
  List<Step> gradient(List<Buffer> in, Buffer dx) {
    if (output.size() == 0) {
      return List.of();
    }
    if (!average()) {
      return maximum(in.get(0), in.get(1), dx);
    }
    return List.of(finish(kernel(op.name() + "_grad").reads(in.get(0)).writes(dx), input, true));
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
    return CudaLowering.kernel(kernels, FILE, name, Kernels.elements(type));
  }

  /** Adds the window's extents; each element of {@code over} gets a thread. */
  private Step finish(KernelStep step, Shape over, boolean padding) {
    PoolWindow window = op.window();
    step.whole(over.size())
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
    return step.grid(CudaLowering.ceil(over.size(), CudaLowering.BLOCK), 1)
        .block(CudaLowering.BLOCK, 1)
        .build(output.size() * window.kernelH() * window.kernelW());
  }
}
