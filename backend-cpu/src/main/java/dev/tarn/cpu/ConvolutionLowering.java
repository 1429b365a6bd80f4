package dev.tarn.cpu;

import dev.tarn.backend.Buffer;
import dev.tarn.backend.Schedule;
import dev.tarn.ir.Arithmetic;
import dev.tarn.ir.Node;
import dev.tarn.ir.Product;
import dev.tarn.ir.Reduce;
import java.util.ArrayList;
import java.util.List;

/** Adds the steps of convolutions to a schedule. */
final class ConvolutionLowering {
  private final Dnnl dnnl;
  private final int threads;
  private final Schedule<Step> schedule;

  ConvolutionLowering(Dnnl dnnl, int threads, Schedule<Step> schedule) {
    this.dnnl = dnnl;
    this.threads = threads;
    this.schedule = schedule;
  }

  /** Adds the steps of a node that reads and writes these buffers. */
  Schedule<Step> lower(
      Node node, Conv2dStep.Geometry geometry, Conv2dStep.Pass pass, List<Buffer> from, Buffer to) {
    if (geometry.x().dim(0) == 0) {
      schedule.add(new CopyStep(null, to, threads), node, List.of(), List.of(to));
      return schedule;
    }
    String label = node.op().name() + " " + node.output();
    Buffer a = from.get(0);
    Buffer b = from.get(1);
    int parts = geometry.parts(threads);
    boolean sums = pass == Conv2dStep.Pass.GRAD_WEIGHT && parts > 1;
    Buffer result = sums ? schedule.scratch(label + " partial sums", parts * to.bytes()) : to;
    List<Buffer> buffers =
        switch (pass) {
          case FORWARD ->
              from.size() > 2 ? List.of(a, b, result, from.get(2)) : List.of(a, b, result);
          case GRAD_INPUT -> List.of(result, b, a);
          case GRAD_WEIGHT -> List.of(a, result, b);
        };
    Arithmetic arithmetic = ((Product) node.op()).arithmetic();
    Conv2dStep step =
        new Conv2dStep(dnnl, label, geometry, pass, arithmetic, buffers, threads, schedule);
    List<Buffer> writes = new ArrayList<>(step.scratch());
    writes.add(result);
    schedule.add(step, node, from, writes);
    if (sums) {
      int[] three = {1, parts, geometry.w().intSize()};
      Step sum = new ReduceStep(Reduce.Kind.SUM, three, result, to, threads);
      schedule.add(sum, node, List.of(result), List.of(to));
    }
    return schedule;
  }
}
