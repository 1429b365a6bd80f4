package dev.tarn.cuda;

import dev.tarn.DType;
import dev.tarn.PoolWindow;
import dev.tarn.Shape;
import dev.tarn.backend.Buffer;
import dev.tarn.backend.Schedule;
import dev.tarn.ir.Node;
import dev.tarn.ir.Pool2d;
import dev.tarn.ir.Value;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The steps of pooling and its gradient. */
final class PoolingLowering {
  private final Schedule<Step> schedule;
  private final Kernels kernels;
  private final Images images;
  private final PooledTaps taps;
  private final Pool2d op;
  private final Node node;
  private final DType type;
  private final Shape input;
  private final Shape output;
  private final boolean last;

  /**
   * Lowers a pooling, or the gradient of one, of an input of a shape.
   *
   * @param taps where the largest elements of the program's windows are
   */
  PoolingLowering(
      Schedule<Step> schedule,
      Kernels kernels,
      Images images,
      PooledTaps taps,
      Pool2d op,
      Node node,
      Shape input) {
    this.schedule = schedule;
    this.kernels = kernels;
    this.images = images;
    this.taps = taps;
    this.op = op;
    this.node = node;
    this.type = node.output().spec().dtype();
    this.input = input;
    this.output = op.window().over(op.name(), input);
    this.last = images.isLast();
  }

  /** Pools x into y. */
  List<Step> forward() {
    if (output.size() == 0) {
      return List.of();
    }
    Value x = node.inputs().get(0);
    Buffer y = images.result(node.output());
    if (average()) {
      return List.of(finish(kernel(op.name()).reads(images.operand(x)).writes(y), output, true));
    }
    return List.of(maximum(x, y, taps.areNeeded(x, op) ? tapsOf(x) : null));
  }

  /**
   * The gradient of an average from dy; that of a maximum from dy and where the maxima were, which
   * the maximum has told, or else is found first.
   */
  List<Step> gradient() {
    if (output.size() == 0) {
      return List.of();
    }
    Buffer dx = images.result(node.output());
    String name = op.name() + "_grad";
    if (average()) {
      Buffer dy = images.operand(node.inputs().get(0));
      return List.of(finish(kernel(name).reads(dy).writes(dx), input, true));
    }
    List<Step> steps = new ArrayList<>();
    Value x = node.inputs().get(0);
    @Nullable Buffer found = taps.find(x, op, last);
    if (found == null) {
      found = tapsOf(x);
      Buffer y = schedule.scratch(op.name(), output.size() * type.bytes());
      steps.add(maximum(x, y, found));
    }
    Buffer dy = images.operand(node.inputs().get(1));
    steps.add(finish(kernel(name).reads(found).reads(dy).writes(dx), input, false));
    return steps;
  }

  private Buffer tapsOf(Value x) {
    return taps.add(x, op, last, output.size() * tapBytes());
  }

  private Step maximum(Value x, Buffer y, @Nullable Buffer found) {
    KernelStep step = kernel(op.name()).reads(images.operand(x)).writes(y);
    return finish(found == null ? step.pointer(binding -> 0) : step.writes(found), output, false);
  }

  private boolean average() {
    return op.kind() == Pool2d.Kind.AVERAGE;
  }

  /** The bytes of the number of an element in its window. */
  private int tapBytes() {
    long taps = (long) op.window().kernelH() * op.window().kernelW();
    return taps <= 1 << Byte.SIZE
        ? Byte.BYTES
        : taps <= 1 << Short.SIZE ? Short.BYTES : Integer.BYTES;
  }

  private KernelStep kernel(String name) {
    String file = last ? "pool2d_channels_last.cu" : "pool2d.cu";
    List<String> definitions = new ArrayList<>(Kernels.elements(type));
    definitions.add("-DTARN_TAP_BYTES=" + tapBytes());
    return Steps.kernel(kernels, file, name, definitions);
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
    return step.grid(Steps.ceil(threads, Steps.BLOCK), 1)
        .block(Steps.BLOCK, 1)
        .build(output.size() * window.kernelH() * window.kernelW());
  }
}
