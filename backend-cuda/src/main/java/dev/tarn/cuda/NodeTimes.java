package dev.tarn.cuda;

import dev.tarn.backend.StepTime;
import dev.tarn.cuda.driver.Command;
import dev.tarn.cuda.driver.CudaContext;
import dev.tarn.cuda.driver.Event;
import dev.tarn.cuda.driver.Stream;
import dev.tarn.ir.Node;
import dev.tarn.ir.ProgramPrinter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Measures the commands of a plan one by one with events: debug level 2. */
final class NodeTimes {
  private NodeTimes() {}

  /** Runs a plan once and gives a table of times, GFLOP/s and GB/s. */
  static String measure(DevicePlan plan, CudaContext context, Stream stream) {
    return table(plan, micros(plan, context, stream));
  }

  /**
   * Runs a plan once and gives the time of every node that has work, and of each program's copies.
   */
  static List<StepTime> times(DevicePlan plan, CudaContext context, Stream stream) {
    double[] micros = micros(plan, context, stream);
    List<StepTime> times = new ArrayList<>();
    for (DevicePlan.Part part : plan.parts()) {
      Node node = part.nodes().isEmpty() ? null : part.nodes().get(0);
      if (part.to() > part.from()) {
        double sum = Arrays.stream(micros, part.from(), part.to()).sum();
        times.add(new StepTime(part.program().name(), node, 1e3 * sum));
      }
    }
    return times;
  }

  private static double[] micros(DevicePlan plan, CudaContext context, Stream stream) {
    List<Event> events = new ArrayList<>();
    try {
      events.add(Event.create(context));
      events.get(0).enqueue(stream);
      for (Command command : plan.commands()) {
        command.enqueue(stream);
        Event event = Event.create(context);
        event.enqueue(stream);
        events.add(event);
      }
      stream.synchronize();
      double[] micros = new double[events.size() - 1];
      for (int i = 0; i < micros.length; i++) {
        micros[i] = 1e3 * events.get(i + 1).millisecondsSince(events.get(i));
      }
      return micros;
    } finally {
      events.forEach(Event::close);
    }
  }

  private static String table(DevicePlan plan, double[] times) {
    StringBuilder out = new StringBuilder("time of each step\n");
    out.append(String.format("%10s %10s %10s  step%n", "us", "GFLOP/s", "GB/s"));
    for (DevicePlan.Part part : plan.parts()) {
      for (int i = part.from(); i < part.to(); i++) {
        Step step = plan.schedule().entries().get(i).step();
        double micros = times[i];
        double rate = 1e-3 / Math.max(micros, 1e-3);
        out.append(
            String.format(
                Locale.ROOT,
                "%10.1f %10.1f %10.1f  %s%n",
                micros,
                step.flops() * rate,
                step.bytes() * rate,
                text(part, step)));
      }
    }
    return out.toString();
  }

  private static String text(DevicePlan.Part part, Step step) {
    if (part.nodes().isEmpty()) {
      return step.name();
    }
    Node node = part.nodes().get(0);
    return step.name() + ": " + ProgramPrinter.print(part.program(), node) + " " + node.origin();
  }
}
