package dev.tarn.cli;

import com.google.gson.JsonObject;
import dev.tarn.backend.Backend;
import dev.tarn.config.RunConfig;
import dev.tarn.data.Dataset;
import dev.tarn.train.Evaluation;
import dev.tarn.train.Trainer;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Evaluates a saved model. */
@Command(
    name = "eval",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Evaluate a saved model on a part of the data it was trained with.",
    footer = {
      "",
      "Examples:",
      "  tarn eval runs/digits-1",
      "  tarn eval runs/digits-1/last.safetensors --set validation"
    })
final class EvalCommand implements Callable<Integer> {
  /** The parts of the data. */
  enum Part {
    train,
    validation,
    test
  }

  @Parameters(
      paramLabel = "RUN_OR_FILE",
      description = "A run directory, of which the best checkpoint is taken, or a checkpoint.")
  private Path model = Path.of("");

  @Option(
      names = "--set",
      paramLabel = "PART",
      description = "${COMPLETION-CANDIDATES}; default: ${DEFAULT-VALUE}.")
  private Part part = Part.test;

  @Option(
      names = "--device",
      paramLabel = "NAME",
      description = "auto, cpu, cuda, cuda:1 or reference; default: ${DEFAULT-VALUE}.")
  private String device = "auto";

  @Option(names = "--json", description = "Write one JSON object.")
  private boolean json;

  @Spec private CommandSpec spec = CommandSpec.create();

  private final Output output;

  EvalCommand(Output output) {
    this.output = output;
  }

  @Override
  public Integer call() {
    SavedModel saved = SavedModel.of(model);
    RunConfig config = saved.config();
    Dataset.Split split = config.load().split();
    Dataset data =
        switch (part) {
          case train -> split.train();
          case validation -> split.validation();
          case test -> split.test();
        };
    if (data.size() == 0) {
      throw new ParameterException(
          spec.commandLine(), "--set " + part + ": the run file's split has no such part");
    }
    Devices.Opened opened = Devices.open(device);
    try (Backend backend = opened.backend();
        Trainer trainer =
            Training.trainer(config, config.modelFor(split.train()), backend).build()) {
      trainer.load(saved.file());
      Evaluation evaluation = trainer.evaluate(data);
      if (json) {
        JsonObject result = new JsonObject();
        result.addProperty("file", saved.file().toString());
        result.addProperty("set", part.name());
        result.addProperty("examples", evaluation.examples());
        evaluation.values().forEach(result::addProperty);
        opened.addTo(result);
        output.out().println(result);
      } else {
        output.out().printf("%s  (%s examples)%n", evaluation, Training.count(data.size()));
      }
    }
    return 0;
  }
}
