package dev.tarn.train;

import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.ir.Node;
import dev.tarn.ir.Softmax;
import dev.tarn.loss.CrossEntropy;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Warns of a softmax before a cross-entropy, which has its own: such a model hardly learns. */
final class LogitsCheck {
  private static final Logger LOG = LoggerFactory.getLogger(LogitsCheck.class);

  private LogitsCheck() {}

  static void warn(List<Term> terms, Trace trace, List<Tensor> outputs) {
    for (Term term : terms) {
      if (term.loss() instanceof CrossEntropy) {
        for (Node node : trace.nodes()) {
          boolean last = node.outputs().contains(outputs.get(term.output()).value());
          if (last && node.op() instanceof Softmax) {
            LOG.warn(
                "cross_entropy takes logits: leave {} out{}",
                node.op().name(),
                node.origin().suffix());
          }
        }
      }
    }
  }
}
