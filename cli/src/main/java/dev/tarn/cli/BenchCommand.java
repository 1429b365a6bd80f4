package dev.tarn.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.tarn.backend.Backend;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Measures how fast Tarn trains. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Measure how fast models train, against what the device can reach.",
    footer = {
      "",
      "Workloads: mlp-64, mlp-64-adam, mlp-512, mlp-512-adam, lenet-64, lenet-256,",
      "vgg-64, resnet20-128; their run files are under benchmarks/workloads. Data are",
      "random and learning rates tiny, so every step costs the same.",
      "",
      "Examples:",
      "  tarn bench",
      "  tarn bench mlp-64 lenet-256 --device cuda --precision bf16",
      "  tarn bench examples/digits-cnn.yaml train.batch=128",
      "",
      "What the numbers mean is in docs/performance.md."
    })
final class BenchCommand implements Callable<Integer> {
  @Parameters(
      paramLabel = "[WORKLOAD...] [KEY=VALUE...]",
      hideParamSyntax = true,
      arity = "0..*",
      description = {
        "Names of workloads or run files; default: all workloads; and values in place of their own."
      })
  private List<String> arguments = new ArrayList<>();

  @Option(
      names = "--device",
      paramLabel = "NAME",
      description = "auto, cpu, cuda, cuda:1 or reference; default: ${DEFAULT-VALUE}.")
  private String device = "auto";

  @Option(
      names = "--precision",
      paramLabel = "NAME",
      description = "fp32, tf32 or bf16; default: the run file's.")
  private @Nullable String precision;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      description =
          "Seconds that each measurement takes, after half of that to warm up; default: 3.")
  private double seconds = 3;

  @Option(names = "--json", description = "Write one JSON object.")
  private boolean json;

  @Spec private CommandSpec spec = CommandSpec.create();

  private final Output output;

  BenchCommand(Output output) {
    this.output = output;
  }

  @Override
  public Integer call() {
    if (!(seconds > 0 && seconds <= 3600)) {
      throw new ParameterException(spec.commandLine(), "--seconds: above 0 and at most 3600");
    }
    List<String> names = new ArrayList<>();
    List<String> overrides = new ArrayList<>();
    arguments.forEach(each -> (each.contains("=") ? overrides : names).add(each));
    if (precision != null) {
      overrides.add("precision=" + precision);
    }
    List<Workload> workloads =
        (names.isEmpty() ? Workload.NAMES : names)
            .stream().map(name -> Workload.read(name, overrides)).toList();
    PrintStream people = output.people(json);
    Devices.Opened opened = Devices.open(device);
    try (Backend backend = opened.backend()) {
      people.printf("device   %s: %s%n", backend.name(), backend.description());
      JsonObject result = new JsonObject();
      result.addProperty("date", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
      result.addProperty("tarn", new Main.Version().getVersion()[0]);
      opened.addTo(result);
      result.addProperty("load_before", load(people));
      JsonArray all = new JsonArray();
      for (Workload workload : workloads) {
        Measurement measured = Measurement.of(workload, backend, seconds);
        people.println(text(measured));
        all.add(measured.json());
      }
      result.add("workloads", all);
      if (json) {
        output.out().println(result);
      }
    }
    return 0;
  }

  /** The number of programs that want to run; more than a few spoil every number below. */
  private static double load(PrintStream people) {
    double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
    int cores = Runtime.getRuntime().availableProcessors();
    if (load > cores / 2.0) {
      people.printf(
          Locale.ROOT,
          "warning  the load is %.1f on %d cores: other programs disturb the measurement%n",
          load,
          cores);
    }
    return load;
  }

  private static String text(Measurement m) {
    StringBuilder out = new StringBuilder();
    line(
        out,
        "",
        "%s, %s, batch %d, %,d parameters",
        m.workload(),
        m.precision(),
        m.batch(),
        m.parameters());
    line(out, "step", "%s", timing(m, m.step()));
    line(out, "loop", "%s", timing(m, m.loop()));
    line(
        out,
        "ceiling",
        "matmul %,.1f GFLOP/s, copy %,.1f GB/s; the step reaches %.0f %% of the first",
        m.ceiling().gflops(),
        m.ceiling().copyGigabytes(),
        100 * m.share());
    line(
        out,
        "memory",
        "%,.1f MB on the device%s",
        m.deviceBytes() / 1e6,
        m.peakResidentBytes() < 0
            ? ""
            : String.format(
                Locale.ROOT, ", at most %,.0f MB resident", m.peakResidentBytes() / 1e6));
    line(
        out,
        "first",
        "%.0f ms to the end of the first step, then %d to warm up",
        1e3 * m.firstStep(),
        m.warmUpSteps());
    double sum = m.families().values().stream().mapToDouble(time -> time).sum();
    m.families()
        .forEach(
            (family, time) ->
                line(out, "", "%10.1f us %3.0f %%  %s", 1e6 * time, 100 * time / sum, family));
    return out.toString().stripTrailing();
  }

  private static String timing(Measurement m, Timing t) {
    return String.format(
        Locale.ROOT,
        "%,.1f us (%,.1f to %,.1f), %,.0f samples/s, %,.1f GFLOP/s",
        1e6 * t.median(),
        1e6 * t.low(),
        1e6 * t.high(),
        t.samplesPerSecond(m.batch()),
        m.flops() / t.median() / 1e9);
  }

  private static void line(StringBuilder out, String what, String format, Object... values) {
    String text = String.format(Locale.ROOT, format, values);
    out.append(String.format("%-8s %s%n", what, text).stripTrailing()).append('\n');
  }
}
