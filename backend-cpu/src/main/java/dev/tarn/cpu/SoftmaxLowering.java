package dev.tarn.cpu;

import dev.tarn.Shape;
import dev.tarn.backend.Buffer;
import dev.tarn.backend.Schedule;
import dev.tarn.ir.Node;
import java.util.ArrayList;
import java.util.List;

/** Chooses how softmax is computed: short rows in tiles, long rows by oneDNN. */
final class SoftmaxLowering {
  private final Dnnl dnnl;
  private final Schedule<Step> schedule;
  private final Node node;
  private final int threads;

  SoftmaxLowering(Dnnl dnnl, Schedule<Step> schedule, Node node, int threads) {
    this.dnnl = dnnl;
    this.schedule = schedule;
    this.node = node;
    this.threads = threads;
  }

  Schedule<Step> lower(SoftmaxStep.Kind kind, Shape shape) {
    int columns = shape.dim(-1);
    long rows = shape.size() / columns;
    List<Buffer> from = schedule.buffers(node.inputs());
    Buffer to = schedule.buffer(node.output());
    SoftmaxStep step = new SoftmaxStep(kind, rows, columns, from, to, threads);
    if (rows == 0 || columns < SoftmaxChainStep.LEAST_COLUMNS) {
      schedule.add(step, node, from, List.of(to));
      return schedule;
    }
    String label = node.op().name() + " " + node.output();
    SoftmaxChainStep chain =
        new SoftmaxChainStep(dnnl, label, kind, rows, columns, from, to, step, threads, schedule);
    List<Buffer> writes = new ArrayList<>(List.of(to));
    writes.addAll(chain.scratch());
    schedule.add(chain, node, from, writes);
    return schedule;
  }
}
