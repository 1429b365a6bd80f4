package dev.tarn.cpu;

import dev.tarn.Shape;
import dev.tarn.backend.Buffer;
import dev.tarn.backend.Schedule;
import dev.tarn.ir.Node;
import dev.tarn.ir.Pool2d;
import dev.tarn.ir.Pool2dGrad;
import dev.tarn.ir.Program;
import dev.tarn.ir.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Adds the steps of pooling to a schedule: maxima of images with channels last by oneDNN, all else
 * in Java.
 */
final class PoolingLowering {
  /** A pooling, by which its gradient finds it. */
  private record Key(Value x, Pool2d op) {}

  private final Dnnl dnnl;
  private final int threads;
  private final Schedule<Step> schedule;
  private final Set<Key> differentiated = new HashSet<>();
  private final Map<Key, MaxPoolStep.Winners> winners = new HashMap<>();

  /** Looks for the gradients of a program, which is to be lowered. */
  PoolingLowering(Dnnl dnnl, int threads, Schedule<Step> schedule, Program program) {
    this.dnnl = dnnl;
    this.threads = threads;
    this.schedule = schedule;
    for (Node node : program.body()) {
      if (node.op() instanceof Pool2dGrad grad) {
        differentiated.add(new Key(node.inputs().get(0), grad.pool()));
      }
    }
  }

  /** Adds the step of a pooling that reads and writes these buffers. */
  Schedule<Step> forward(Node node, Pool2d op, boolean last, List<Buffer> from, Buffer to) {
    Value x = node.inputs().get(0);
    Shape image = x.spec().shape();
    int lanes = last ? image.dim(1) : 1;
    if (op.kind() == Pool2d.Kind.MAX && last) {
      Key key = new Key(x, op);
      boolean remembers = differentiated.contains(key);
      MaxPoolStep step =
          MaxPoolStep.forward(
              dnnl, new MaxPoolStep.Geometry(op, image), remembers, from, to, threads, schedule);
      if (!step.isSlow()) {
        List<Buffer> writes = new ArrayList<>(step.scratch());
        writes.add(to);
        schedule.add(step, node, from, writes);
        winners.put(key, step.winners());
        return schedule;
      }
      step.close();
    }
    Step step = new Pool2dStep(op, false, image, lanes, from, to, threads);
    schedule.add(step, node, from, List.of(to));
    return schedule;
  }

  /** Adds the step of a gradient that reads and writes these buffers. */
  Schedule<Step> backward(Node node, Pool2d op, boolean last, List<Buffer> from, Buffer to) {
    Shape image = node.output().spec().shape();
    int lanes = last ? image.dim(1) : 1;
    MaxPoolStep.Winners left = winners.get(new Key(node.inputs().get(0), op));
    if (left == null) {
      Step step = new Pool2dStep(op, true, image, lanes, from, to, threads);
      schedule.add(step, node, from, List.of(to));
      return schedule;
    }
    MaxPoolStep step =
        MaxPoolStep.backward(
            dnnl, new MaxPoolStep.Geometry(op, image), left, from, to, threads, schedule);
    List<Buffer> reads = new ArrayList<>(from);
    reads.addAll(left.places());
    List<Buffer> writes = new ArrayList<>(step.scratch());
    writes.add(to);
    schedule.add(step, node, reads, writes);
    return schedule;
  }
}
