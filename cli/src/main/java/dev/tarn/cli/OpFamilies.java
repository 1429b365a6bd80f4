package dev.tarn.cli;

import dev.tarn.backend.StepTime;
import dev.tarn.ir.BatchNorm;
import dev.tarn.ir.BatchNormGrad;
import dev.tarn.ir.Cast;
import dev.tarn.ir.Conv2d;
import dev.tarn.ir.Conv2dGradInput;
import dev.tarn.ir.Conv2dGradWeight;
import dev.tarn.ir.Elementwise;
import dev.tarn.ir.FirstNonFinite;
import dev.tarn.ir.Fused;
import dev.tarn.ir.MatMul;
import dev.tarn.ir.Node;
import dev.tarn.ir.NormalizeRows;
import dev.tarn.ir.NormalizeRowsGrad;
import dev.tarn.ir.Op;
import dev.tarn.ir.Pool2d;
import dev.tarn.ir.Pool2dGrad;
import dev.tarn.ir.Reduce;
import dev.tarn.ir.SoftmaxCrossEntropy;
import dev.tarn.ir.SoftmaxCrossEntropyGrad;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Adds the times of a step's pieces up by kind of operation. */
final class OpFamilies {
  private static final String OPTIMIZER_PROGRAM = "apply";

  private OpFamilies() {}

  /**
   * The time of each family in seconds, longest first: the median of several runs.
   *
   * @param runs the pieces of each run
   */
  static Map<String, Double> median(List<List<StepTime>> runs) {
    Map<String, double[]> times = new LinkedHashMap<>();
    for (int i = 0; i < runs.size(); i++) {
      for (StepTime piece : runs.get(i)) {
        times.computeIfAbsent(family(piece), key -> new double[runs.size()])[i] +=
            piece.nanos() / 1e9;
      }
    }
    List<Map.Entry<String, Double>> sorted = new ArrayList<>();
    times.forEach(
        (family, each) -> {
          Arrays.sort(each);
          sorted.add(Map.entry(family, Timing.quantile(each, 0.5)));
        });
    sorted.sort(Map.Entry.<String, Double>comparingByValue().reversed());
    Map<String, Double> result = new LinkedHashMap<>();
    sorted.forEach(entry -> result.put(entry.getKey(), entry.getValue()));
    return result;
  }

  /** The family of a piece of a step. */
  static String family(StepTime piece) {
    Node node = piece.node();
    if (node == null) {
      return "inputs and copies";
    }
    return piece.program().equals(OPTIMIZER_PROGRAM) ? "optimizer" : family(node.op());
  }

  private static String family(Op op) {
    if (op instanceof MatMul) {
      return "matmul";
    } else if (op instanceof Conv2d
        || op instanceof Conv2dGradInput
        || op instanceof Conv2dGradWeight) {
      return "convolution";
    } else if (op instanceof BatchNorm
        || op instanceof BatchNormGrad
        || op instanceof NormalizeRows
        || op instanceof NormalizeRowsGrad) {
      return "normalization";
    } else if (op instanceof Pool2d || op instanceof Pool2dGrad) {
      return "pooling";
    } else if (op instanceof Fused || op instanceof Elementwise || op instanceof Cast) {
      return "elementwise";
    } else if (op instanceof Reduce) {
      return "sums";
    } else if (op instanceof SoftmaxCrossEntropy || op instanceof SoftmaxCrossEntropyGrad) {
      return "loss";
    } else if (op instanceof FirstNonFinite) {
      return "check for NaN";
    }
    return op.name();
  }
}
