package dev.tarn.cpu;

import dev.tarn.Shape;
import dev.tarn.backend.Buffer;
import dev.tarn.backend.Schedule;
import dev.tarn.ir.Fused;
import dev.tarn.ir.MatMul;
import dev.tarn.ir.Node;
import dev.tarn.ir.Value;
import java.util.ArrayList;
import java.util.List;

/** Matrix products and batches of them, by oneDNN. */
final class MatMulLowering {
  private final Dnnl dnnl;
  private final Team team;
  private final Schedule<Step> schedule;
  private final Node node;

  MatMulLowering(Dnnl dnnl, Team team, Schedule<Step> schedule, Node node) {
    this.dnnl = dnnl;
    this.team = team;
    this.schedule = schedule;
    this.node = node;
  }

  Schedule<Step> lower(MatMul op) {
    Value y = node.output();
    List<Buffer> from = schedule.buffers(node.inputs());
    Buffer to = schedule.buffer(y);
    int batch = MatMul.batch(y.spec().shape());
    int m = y.spec().shape().dim(-2);
    int n = y.spec().shape().dim(-1);
    int k = shape(0).dim(op.transposeA() ? -2 : -1);
    Buffer bias = from.size() > 2 ? from.get(2) : null;
    if (y.spec().shape().size() == 0 || k == 0) {
      return bias == null
          ? add(new CopyStep(null, to, team.size()), from, List.of(to))
          : addRow(bias, y);
    }
    String label = "matmul " + (batch == 1 ? "" : batch + " of ") + m + "x" + k + "x" + n + " " + y;
    MatMulStep step =
        new MatMulStep(
            dnnl,
            new MatMulStep.Operands(
                label,
                batch,
                MatMul.batch(shape(0)) == 1,
                MatMul.batch(shape(1)) == 1,
                m,
                n,
                k,
                op.transposeA(),
                op.transposeB(),
                op.arithmetic(),
                from.get(0),
                from.get(1),
                bias,
                to),
            team.size(),
            schedule);
    List<Buffer> writes = new ArrayList<>(List.of(to));
    writes.addAll(step.scratch());
    return add(step, from, writes);
  }

  /** The bias of a product without an inner extent, which is all there is. */
  private Schedule<Step> addRow(Buffer bias, Value y) {
    Shape shape = y.spec().shape();
    Fused copy = new Fused(shape, List.of(new Fused.Load(0)), List.of(0));
    Operand row = new Operand(bias, shape(2), shape);
    Tape tape = TapeCompiler.compile(copy, List.of(node.inputs().get(2).spec()), List.of(row));
    List<Buffer> to = List.of(schedule.buffer(y));
    return add(new TapeStep(tape, shape.size(), to, team), schedule.buffers(node.inputs()), to);
  }

  private Shape shape(int input) {
    return node.inputs().get(input).spec().shape();
  }

  private Schedule<Step> add(Step step, List<Buffer> reads, List<Buffer> writes) {
    schedule.add(step, node, reads, writes);
    return schedule;
  }
}
