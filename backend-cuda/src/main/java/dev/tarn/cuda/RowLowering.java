package dev.tarn.cuda;

import dev.tarn.Shape;
import dev.tarn.backend.Schedule;
import dev.tarn.ir.CumulativeSum;
import dev.tarn.ir.Node;
import java.util.List;

/** Softmax, its cross-entropy, arg-max and running sums: a warp or a block for each row. */
final class RowLowering {
  private final Schedule<Step> schedule;
  private final Kernels kernels;
  private final Node node;

  RowLowering(Schedule<Step> schedule, Kernels kernels, Node node) {
    this.schedule = schedule;
    this.kernels = kernels;
    this.node = node;
  }

  List<Step> argMax() {
    Shape shape = node.inputs().get(0).spec().shape();
    int rows = shape.dim(0);
    int columns = shape.dim(1);
    if (rows == 0) {
      return List.of();
    }
    return List.of(
        rowKernel("argmax.cu", "argmax", rows, columns)
            .reads(schedule.buffer(node.inputs().get(0)))
            .writes(schedule.buffer(node.output()))
            .whole(rows)
            .whole(columns)
            .build(shape.size()));
  }

  List<Step> cumulativeSum(CumulativeSum op) {
    Shape shape = node.output().spec().shape();
    long[] axes = op.asThreeAxes(shape);
    int extent = (int) axes[1];
    long lines = axes[0] * axes[2];
    KernelStep step;
    if (axes[2] == 1) {
      step = rowKernel("cumulative_sum.cu", op.name(), (int) lines, extent);
    } else {
      step =
          Steps.kernel(kernels, "cumulative_sum.cu", op.name() + "_columns")
              .grid(Steps.ceil(lines, Steps.BLOCK), 1)
              .block(Steps.BLOCK, 1);
    }
    step.reads(schedule.buffer(node.inputs().get(0))).writes(schedule.buffer(node.output()));
    step.whole(lines).whole(extent).whole(axes[2]).whole(op.reverse() ? 1 : 0);
    return List.of(step.build(shape.size()));
  }

  List<Step> crossEntropy(String name) {
    return softmax("softmax_cross_entropy.cu", name, node.inputs().get(0).spec().shape());
  }

  List<Step> crossEntropyGrad(String name) {
    boolean one = node.inputs().get(3).spec().shape().size() == 1;
    return softmax(
        "softmax_cross_entropy.cu", name, node.output().spec().shape(), List.of(one ? 0 : 1));
  }

  List<Step> softmax(String name) {
    return softmax("softmax.cu", name, node.output().spec().shape());
  }

  private List<Step> softmax(String file, String name, Shape shape) {
    return softmax(file, name, shape, List.of());
  }

  /**
   * A kernel that reads and writes what the node does, with so many threads a row as it has.
   *
   * @param numbers what it takes beside rows and columns
   */
  private List<Step> softmax(String file, String name, Shape shape, List<Integer> numbers) {
    Steps.count(node, shape);
    if (shape.size() == 0) {
      return List.of();
    }
    int columns = shape.dim(-1);
    int rows = (int) (shape.size() / columns);
    SoftmaxRows threads = SoftmaxRows.of(columns);
    KernelStep step = Steps.kernel(kernels, file, name, threads.definitions());
    node.inputs().forEach(input -> step.reads(schedule.buffer(input)));
    node.outputs().forEach(output -> step.writes(schedule.buffer(output)));
    step.whole(rows).whole(columns);
    numbers.forEach(step::whole);
    return List.of(
        step.grid(Steps.ceil(rows, threads.rows()), 1)
            .block(threads.block(), 1)
            .build(4 * shape.size()));
  }

  /** A kernel that gives a row to a warp, or to a block if it is long. */
  private KernelStep rowKernel(String file, String name, int rows, int columns) {
    boolean warp = columns <= Steps.WARP_ROW;
    return Steps.kernel(kernels, file, name + (warp ? "_warp" : "_block"))
        .grid(warp ? Steps.ceil(rows, Steps.WARPS) : rows, 1)
        .block(Steps.BLOCK, 1);
  }
}
