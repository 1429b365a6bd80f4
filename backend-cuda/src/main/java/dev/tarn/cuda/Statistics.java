package dev.tarn.cuda;

import dev.tarn.backend.Buffer;
import dev.tarn.ir.BatchNorm;
import dev.tarn.ir.Conv2d;
import dev.tarn.ir.Node;
import dev.tarn.ir.Program;
import dev.tarn.ir.Value;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which convolutions compute the statistics of their results for the batch normalization that reads
 * them, and where those are: as {@code batch_norm_moments.cuh} says.
 *
 * <p>Saves a kernel, and that the result is read once more. Possible where the convolution stores
 * its result with its channels last, from tensor cores; other nodes may read it too. The numbers
 * are those of a kernel apart but for rounding. With the property {@code tarn.epilogue=false} none
 * do.
 */
final class Statistics {
  private final Map<Node, BatchNorm> wanted = new IdentityHashMap<>();
  private final Map<Node, Node> makers = new IdentityHashMap<>();
  private final Map<Node, Buffer> made = new IdentityHashMap<>();

  /**
   * Finds the pairs of a program.
   *
   * @param keepAll whether every node keeps to itself
   */
  Statistics(
      Program program,
      ImageLayouts layouts,
      Epilogues epilogues,
      Kernels kernels,
      boolean keepAll) {
    if (keepAll || Epilogues.areOff()) {
      return;
    }
    Map<Value, Node> convolutions = new HashMap<>();
    for (Node node : program.body()) {
      if (node.op() instanceof Conv2d op
          && layouts.isLast(node)
          && !epilogues.isPartOfTape(node)
          && ConvolutionLowering.onTensorCores(node, kernels)
          && TensorConvolution.storesEights(node.output(), op.window().groups())) {
        convolutions.put(node.output(), node);
      }
      if (node.op() instanceof BatchNorm op) {
        Node maker = convolutions.remove(node.inputs().get(0));
        if (maker != null) {
          wanted.put(maker, op);
          makers.put(node, maker);
        }
      }
    }
  }

  /** The normalization for which a convolution computes statistics, or null. */
  @Nullable BatchNorm wanted(Node convolution) {
    return wanted.get(convolution);
  }

  /** Says where a convolution leaves them. */
  void put(Node convolution, Buffer coefficients) {
    made.put(convolution, coefficients);
  }

  /** What a batch normalization's convolution left for it, or null if it has none. */
  @Nullable Buffer of(Node norm) {
    return made.get(makers.get(norm));
  }
}
