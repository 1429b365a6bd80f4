package dev.tarn.cuda;

import dev.tarn.Precision;
import dev.tarn.State;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Executable;
import dev.tarn.backend.StateStore;
import dev.tarn.cuda.CheckModels.Workload;
import dev.tarn.cuda.driver.Command;
import dev.tarn.ir.Node;
import dev.tarn.ir.Program;
import dev.tarn.ir.ProgramPrinter;
import dev.tarn.train.TrainStep;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Where the time of a step goes: its kernels measured one by one. */
final class CheckProfile {
  private static final int SHOWN = 10;
  private static final int MAX_NODE_TEXT = 110;

  private record Entry(String step, String node, double micros, double gflops, double gigabytes) {}

  /** Remembers what a training step was compiled from. */
  private static final class Recording implements Backend {
    private final CudaBackend cuda;
    private List<Program> programs = List.of();
    private List<StateStore> stores = List.of();

    Recording(CudaBackend cuda) {
      this.cuda = cuda;
    }

    @Override
    public String name() {
      return cuda.name();
    }

    @Override
    public String description() {
      return cuda.description();
    }

    @Override
    public StateStore allocate(List<? extends State> states) {
      return cuda.allocate(states);
    }

    @Override
    public Executable compile(List<Program> given, StateStore store, Precision precision) {
      programs = List.copyOf(given);
      stores = List.of(store);
      return cuda.compile(given, store, precision);
    }

    /** Releases nothing: the backend is another's. */
    @Override
    public void close() {}
  }

  private CheckProfile() {}

  static CheckTable run(CudaBackend backend, boolean tiny) {
    CheckTable table =
        new CheckTable(
            "Where the time of a step goes",
            "workload",
            "precision",
            "step",
            "node",
            "us",
            "% of all",
            "GFLOP/s",
            "GB/s");
    for (Workload workload : CheckModels.some(tiny)) {
      for (Precision precision : CheckModels.precisions(tiny)) {
        try {
          profile(table, backend, workload, precision, tiny);
        } catch (RuntimeException e) {
          table.failure(workload.name() + " in " + precision + ": " + e.getMessage());
        }
      }
    }
    return table.note(
        "each kernel is repeated many times on the same data, which may stay in the cache; kernels"
            + " beyond the "
            + SHOWN
            + " slowest are added up");
  }

  private static void profile(
      CheckTable table, CudaBackend backend, Workload workload, Precision precision, boolean tiny) {
    Recording recording = new Recording(backend);
    try (TrainStep step = workload.step(recording, precision, tiny ? 8 : 1)) {
      CheckSteps.run(step, workload.examples(tiny ? 2 : workload.batch()), 0, 1);
      CudaStateStore store = (CudaStateStore) recording.stores.get(0);
      try (DevicePlan plan = new DevicePlan(backend, recording.programs, store, precision, false)) {
        report(table, workload, precision, entries(plan, GpuCheck.timer(backend, tiny)));
      }
    }
  }

  private static List<Entry> entries(DevicePlan plan, DeviceTimer timer) {
    List<Entry> entries = new ArrayList<>();
    for (DevicePlan.Part part : plan.parts()) {
      for (int i = part.from(); i < part.to(); i++) {
        Step step = plan.schedule().entries().get(i).step();
        Command command = plan.commands().get(i);
        double micros = timer.micros(command);
        double rate = 1e-3 / Math.max(micros, 1e-3);
        entries.add(
            new Entry(step.name(), node(part), micros, step.flops() * rate, step.bytes() * rate));
      }
    }
    entries.sort(Comparator.comparingDouble(Entry::micros).reversed());
    return entries;
  }

  private static String node(DevicePlan.Part part) {
    if (part.nodes().isEmpty()) {
      return "";
    }
    Node node = part.nodes().get(0);
    String text = ProgramPrinter.print(part.program(), node).strip().replaceAll("\\s+", " ");
    return text.length() <= MAX_NODE_TEXT ? text : text.substring(0, MAX_NODE_TEXT) + "...";
  }

  private static void report(
      CheckTable table, Workload workload, Precision precision, List<Entry> entries) {
    double all = entries.stream().mapToDouble(Entry::micros).sum();
    for (Entry entry : entries.subList(0, Math.min(SHOWN, entries.size()))) {
      table.row(
          workload.name(),
          precision,
          entry.step(),
          entry.node(),
          entry.micros(),
          100 * entry.micros() / all,
          entry.gflops(),
          entry.gigabytes());
    }
    List<Entry> rest = entries.subList(Math.min(SHOWN, entries.size()), entries.size());
    double others = rest.stream().mapToDouble(Entry::micros).sum();
    if (!rest.isEmpty()) {
      String what = rest.size() + " more";
      table.row(workload.name(), precision, what, "", others, 100 * others / all, 0, 0);
    }
    String what = entries.size() + " kernels in all";
    table.row(workload.name(), precision, what, "", all, 100, 0, 0);
  }
}
