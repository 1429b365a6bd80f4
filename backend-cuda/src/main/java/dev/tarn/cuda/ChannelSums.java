package dev.tarn.cuda;

import dev.tarn.DType;
import dev.tarn.Window2d;
import dev.tarn.backend.Buffer;
import dev.tarn.ir.BatchNorm;
import dev.tarn.ir.BatchNormGrad;
import dev.tarn.ir.Conv2d;
import dev.tarn.ir.Conv2dGradInput;
import dev.tarn.ir.Node;
import dev.tarn.ir.Program;
import dev.tarn.ir.Value;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which convolutions compute sums of what they store for the batch normalization that reads it: its
 * statistics, or of a gradient by y, with the tape after it, what the gradient by x needs.
 *
 * <p>Saves a kernel, and that the values are read once more; other nodes may read them too.
 * Possible where they lie with their channels last and come from tensor cores. The sums are those
 * of a kernel apart but for rounding. With the property {@code tarn.epilogue=false} there are none.
 */
final class ChannelSums {
  /**
   * A convolution that could.
   *
   * @param at where it is computed in the program
   */
  private record Maker(Node node, int at) {}

  private final Map<Node, Node> readers = new IdentityHashMap<>();
  private final Map<Node, Node> makers = new IdentityHashMap<>();
  private final Map<Node, Buffer> made = new IdentityHashMap<>();

  /**
   * Finds the pairs of a program.
   *
   * @param keepAll whether every node keeps to itself
   */
  ChannelSums(
      Program program,
      ImageLayouts layouts,
      Epilogues epilogues,
      Kernels kernels,
      boolean keepAll) {
    if (keepAll || Epilogues.areOff()) {
      return;
    }
    Map<Value, Maker> free = new HashMap<>();
    Map<Value, Integer> computed = new HashMap<>();
    for (int i = 0; i < program.body().size(); i++) {
      Node node = program.body().get(i);
      Node product = epilogues.product(node);
      Node maker = product != null ? product : node;
      boolean can =
          product != null ? maker.op() instanceof Conv2dGradInput : !epilogues.isPartOfTape(node);
      for (Value value : node.outputs()) {
        computed.put(value, i);
        if (can && layouts.isLast(value) && makes(maker, value, kernels)) {
          free.put(value, new Maker(maker, i));
        }
      }
      @Nullable Value read = read(node, layouts);
      Maker found = read == null ? null : free.get(read);
      if (found != null
          && node.op() instanceof BatchNorm == found.node().op() instanceof Conv2d
          && !readers.containsKey(found.node())
          && others(node).stream().allMatch(v -> computed.getOrDefault(v, -1) < found.at())) {
        readers.put(found.node(), node);
        makers.put(node, found.node());
      }
    }
  }

  /** Whether the kernel of a convolution can sum a value that it stores. */
  private static boolean makes(Node node, Value value, Kernels kernels) {
    Window2d window;
    if (node.op() instanceof Conv2d op) {
      window = op.window();
    } else if (node.op() instanceof Conv2dGradInput op) {
      window = op.window();
      // With strides its registers are full.
      if (window.strideH() * window.strideW() > 1) {
        return false;
      }
    } else {
      return false;
    }
    DType type = node.output().spec().dtype();
    return value.spec().dtype() == type
        && ConvolutionLowering.onTensorCores(node, kernels)
        && TensorConvolution.storesEights(node.output(), window.groups());
  }

  /** The value whose sums a normalization, or a gradient of one, begins with; null for others. */
  private static @Nullable Value read(Node node, ImageLayouts layouts) {
    if (node.op() instanceof BatchNorm) {
      return node.inputs().get(0);
    }
    return node.op() instanceof BatchNormGrad && layouts.isLast(node.inputs().get(0))
        ? node.inputs().get(4)
        : null;
  }

  /** What else the sums are made of: x, mean and variance for a gradient. */
  private static List<Value> others(Node norm) {
    List<Value> inputs = norm.inputs();
    return norm.op() instanceof BatchNorm
        ? List.of()
        : List.of(inputs.get(0), inputs.get(2), inputs.get(3));
  }

  /** The normalization, or the gradient of one, for which a convolution sums, or null. */
  @Nullable Node reader(Node convolution) {
    return readers.get(convolution);
  }

  /** Says where a convolution leaves what it made of its sums. */
  void put(Node convolution, Buffer coefficients) {
    made.put(convolution, coefficients);
  }

  /** What the convolution before left for a normalization or a gradient, or null. */
  @Nullable Buffer of(Node norm) {
    return made.get(makers.get(norm));
  }
}
