package dev.tarn.cli;

import dev.tarn.Shape;
import dev.tarn.ir.Conv2d;
import dev.tarn.ir.Conv2dGradInput;
import dev.tarn.ir.Conv2dGradWeight;
import dev.tarn.ir.MatMul;
import dev.tarn.ir.Node;
import dev.tarn.ir.Program;
import java.util.List;

/**
 * Counts the floating point operations of products and convolutions, a multiplication and an
 * addition being two. All else that a step computes is left out, as usual.
 */
final class Flops {
  private Flops() {}

  /** The operations of programs, as they were traced. */
  static long of(List<Program> programs) {
    return programs.stream().flatMap(program -> program.body().stream()).mapToLong(Flops::of).sum();
  }

  /** The operations of a node. A convolution's zeros at the border count as any other element. */
  static long of(Node node) {
    if (node.op() instanceof MatMul op) {
      long inner = shape(node, 0).dim(op.transposeA() ? -2 : -1);
      return 2 * inner * node.output().spec().shape().size();
    }
    if (node.op() instanceof Conv2d) {
      return 2 * node.output().spec().shape().size() * taps(shape(node, 1));
    }
    if (node.op() instanceof Conv2dGradInput) {
      return 2 * shape(node, 0).size() * taps(shape(node, 1));
    }
    if (node.op() instanceof Conv2dGradWeight) {
      return 2 * shape(node, 1).size() * taps(node.output().spec().shape());
    }
    return 0;
  }

  private static Shape shape(Node node, int input) {
    return node.inputs().get(input).spec().shape();
  }

  /** The elements of a kernel {@code [O, C/groups, kH, kW]} that one element of y needs. */
  private static long taps(Shape kernel) {
    return (long) kernel.dim(1) * kernel.dim(2) * kernel.dim(3);
  }
}
