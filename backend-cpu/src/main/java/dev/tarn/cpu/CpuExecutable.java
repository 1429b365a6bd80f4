package dev.tarn.cpu;

import dev.tarn.HostTensor;
import dev.tarn.Precision;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.backend.Debug;
import dev.tarn.backend.Executable;
import dev.tarn.backend.Inputs;
import dev.tarn.backend.Schedule;
import dev.tarn.backend.StepTime;
import dev.tarn.ir.Node;
import dev.tarn.ir.Program;
import dev.tarn.ir.ProgramPrinter;
import dev.tarn.ir.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A step compiled for the CPU. */
final class CpuExecutable implements Executable {
  private final List<Program> programs;
  private final CpuStateStore store;
  private final Dnnl dnnl;
  private final Team team;
  private final Precision precision;
  private final CpuPlan plan;
  private final List<Program.Input> inputs;
  private final List<Result> outputs = new ArrayList<>();
  private final Step[] steps;
  private final long[] nanos;
  private final boolean timed;
  private long runs;
  private boolean closed;

  /** An output: where it lies and what it is. */
  private record Result(View view, Spec spec) {}

  CpuExecutable(
      List<Program> programs, CpuStateStore store, Dnnl dnnl, Team team, Precision precision) {
    this.programs = List.copyOf(programs);
    this.store = store;
    this.dnnl = dnnl;
    this.team = team;
    this.precision = precision;
    this.inputs = Inputs.of(programs);
    this.plan = new CpuPlan(programs, store, dnnl, team, precision, false);
    this.steps = plan.steps();
    this.nanos = new long[steps.length];
    this.timed = Debug.level() >= 2;
    int next = 0;
    for (Program program : plan.programs()) {
      for (Program.Output output : program.outputs()) {
        View view = plan.view(plan.schedule().outputBuffers().get(next++));
        outputs.add(new Result(view, output.value().spec()));
      }
    }
  }

  @Override
  public List<Program.Input> inputs() {
    return inputs;
  }

  @Override
  public void run(HostTensor... given) {
    prepare(given);
    plan.inputStep().give(given);
    team.run(steps, timed ? nanos : null);
    runs++;
  }

  private void prepare(HostTensor[] given) {
    checkOpen();
    Inputs.check(inputs, false, given);
    dnnl.limitThisThread();
  }

  /** Running on memory that is gone would end the JVM. */
  private void checkOpen() {
    if (closed || store.isClosed() || team.isClosed()) {
      throw new IllegalStateException(
          "cpu: the "
              + (closed ? "executable" : store.isClosed() ? "state store" : "backend")
              + " is closed");
    }
  }

  @Override
  public List<HostTensor> read() {
    checkOpen();
    return outputs.stream().map(o -> CpuStateStore.read(o.view, o.spec)).toList();
  }

  @Override
  public long bytes() {
    return plan.bytes();
  }

  @Override
  public void visit(NodeVisitor visitor, HostTensor... given) {
    prepare(given);
    Map<State, HostTensor> before = store.snapshot();
    try (CpuPlan apart = new CpuPlan(programs, store, dnnl, team, precision, true)) {
      apart.inputStep().give(given);
      team.run(new Step[] {apart.inputStep()}, null);
      for (Program program : apart.programs()) {
        for (Node node : program.body()) {
          long start = System.nanoTime();
          team.run(apart.steps(node), null);
          long time = System.nanoTime() - start;
          visitor.visit(
              program, node, tensors(apart, node.inputs()), tensors(apart, node.outputs()), time);
        }
        team.run(apart.copies(program), null);
      }
    } finally {
      store.restore(before);
    }
  }

  @Override
  public List<StepTime> time(HostTensor... given) {
    prepare(given);
    plan.inputStep().give(given);
    long[] each = new long[steps.length];
    team.run(steps, each);
    List<StepTime> times = new ArrayList<>();
    for (int i = 0; i < steps.length; i++) {
      Node node = i == 0 ? null : plan.schedule().entries().get(i - 1).node();
      times.add(new StepTime(node == null ? "" : programOf(node), node, each[i]));
    }
    return times;
  }

  private String programOf(Node node) {
    return plan.programs().stream()
        .filter(program -> program.body().contains(node))
        .findFirst()
        .map(Program::name)
        .orElse("");
  }

  private static List<HostTensor> tensors(CpuPlan plan, List<Value> values) {
    return values.stream()
        .map(v -> CpuStateStore.read(plan.view(plan.schedule().buffer(v)), v.spec()))
        .toList();
  }

  /** A table of the time of each step of the runs so far, with its speed. */
  private String report() {
    StringBuilder out = new StringBuilder();
    out.append(String.format(Locale.ROOT, "cpu: %d runs%n", runs));
    out.append(String.format("%10s %9s %8s  step%n", "us", "GFLOP/s", "GB/s"));
    for (int i = 0; i < steps.length; i++) {
      double each = (double) nanos[i] / runs;
      Schedule.Entry<Step> entry = i == 0 ? null : plan.schedule().entries().get(i - 1);
      long bytes = entry == null ? plan.schedule().inputBytes() : bytes(entry);
      out.append(
          String.format(
              Locale.ROOT,
              "%10.1f %9.1f %8.1f  %s%n",
              each / 1e3,
              steps[i].flops() / each,
              bytes / each,
              ((entry == null ? "inputs" : text(entry)) + " " + steps[i].how()).stripTrailing()));
    }
    return out.toString();
  }

  private String text(Schedule.Entry<Step> entry) {
    Node node = entry.node();
    if (node == null) {
      return "copy " + entry.reads() + " to " + entry.writes();
    }
    for (Program program : plan.programs()) {
      if (program.body().contains(node)) {
        return ProgramPrinter.print(program, node);
      }
    }
    return node.op().name();
  }

  private static long bytes(Schedule.Entry<Step> entry) {
    return entry.reads().stream().mapToLong(b -> b.bytes()).sum()
        + entry.writes().stream().mapToLong(b -> b.bytes()).sum();
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    if (timed && runs > 0) {
      Debug.print(2, "", report());
    }
    plan.close();
  }
}
