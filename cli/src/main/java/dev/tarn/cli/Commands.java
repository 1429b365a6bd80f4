package dev.tarn.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import picocli.CommandLine;

/** The commands by name. */
final class Commands {
  private final Map<String, Supplier<Object>> all = new LinkedHashMap<>();

  Commands(Output output, Interrupts interrupts) {
    all.put("init", () -> new InitCommand(output));
    all.put("train", () -> new TrainCommand(output, interrupts));
    all.put("eval", () -> new EvalCommand(output));
    all.put("predict", () -> new PredictCommand(output));
    all.put("summary", () -> new SummaryCommand(output));
    all.put("config", () -> new ConfigCommand(output));
    all.put("lr-find", () -> new LrFindCommand(output));
    all.put("gradcheck", () -> new GradCheckCommand(output));
    all.put("bench", () -> new BenchCommand(output));
    all.put("datasets", () -> new DatasetsCommand(output, interrupts));
    all.put("devices", () -> new DevicesCommand(output));
    all.put("completion", () -> new CompletionCommand(output));
  }

  /**
   * Adds the commands; where the first argument names one, or the second one to get help for, that
   * one alone, since every command costs time at the start.
   */
  void addTo(CommandLine line, String... args) {
    int first = args.length > 1 && args[0].equals("help") ? 1 : 0;
    Supplier<Object> only = args.length == 0 ? null : all.get(args[first]);
    if (only != null) {
      line.addSubcommand(only.get());
    } else {
      all.values().forEach(each -> line.addSubcommand(each.get()));
    }
  }
}
