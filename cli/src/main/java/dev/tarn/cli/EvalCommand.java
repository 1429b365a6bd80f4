package dev.tarn.cli;

import com.google.gson.JsonObject;
import dev.tarn.Mode;
import dev.tarn.TarnException;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.backend.Backend;
import dev.tarn.config.RunConfig;
import dev.tarn.data.DataSource.Prepared;
import dev.tarn.data.Dataset;
import dev.tarn.train.Evaluation;
import dev.tarn.train.Trainer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
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
    description = "Evaluate a saved model on a part of its data, or on other data.",
    footer = {
      "",
      "Other data are of the training's kind: a table with the same columns, a",
      "directory of images for each class, an .npz, two IDX files, or the directory of",
      "a named set. Classes are told by their names, and everything is prepared as in",
      "training.",
      "",
      "Examples:",
      "  tarn eval runs/digits-1",
      "  tarn eval runs/flowers-1 --data more-flowers.csv",
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
      description = "${COMPLETION-CANDIDATES}; default: test.")
  private @Nullable Part part;

  @Option(
      names = "--data",
      paramLabel = "PLACE",
      description =
          "Other data of the kind that the model was trained on; default: the training's.")
  private @Nullable Path data;

  @Option(
      names = "--labels",
      paramLabel = "FILE",
      description = "The file of the classes, if --data is an IDX file.")
  private @Nullable Path labels;

  @Option(
      names = "--device",
      paramLabel = "NAME",
      description = "auto, cpu, cuda, cuda:1 or reference; default: ${DEFAULT-VALUE}.")
  private String device = "auto";

  @Option(names = "--json", description = "Write one JSON object.")
  private boolean json;

  @Mixin private ClassPath classPath = new ClassPath();

  @Spec private CommandSpec spec = CommandSpec.create();

  private final Output output;

  EvalCommand(Output output) {
    this.output = output;
  }

  @Override
  public Integer call() {
    if (data != null && part != null) {
      throw new ParameterException(spec.commandLine(), "give either --set or --data, not both");
    }
    classPath.use();
    SavedModel saved = SavedModel.of(model);
    RunConfig config = saved.config();
    Dataset chosen = data == null ? part(config) : null;
    Devices.Opened opened = Devices.open(device);
    try (Backend backend = opened.backend();
        Trainer trainer = Training.trainer(config, saved.model(), backend).build()) {
      trainer.load(saved.file());
      Dataset examples =
          chosen == null ? other(trainer, saved, Objects.requireNonNull(data)) : chosen;
      Evaluation evaluation = trainer.evaluate(examples);
      if (json) {
        JsonObject result = new JsonObject();
        result.addProperty("file", saved.file().toString());
        if (data == null) {
          result.addProperty("set", (part == null ? Part.test : part).name());
        } else {
          result.addProperty("data", data.toString());
        }
        result.addProperty("examples", evaluation.examples());
        evaluation.values().forEach(result::addProperty);
        opened.addTo(result);
        output.out().println(result);
      } else {
        output.out().printf("%s  (%s examples)%n", evaluation, Training.count(examples.size()));
      }
    }
    return 0;
  }

  private Dataset part(RunConfig config) {
    Part wanted = part == null ? Part.test : part;
    Prepared prepared = config.load();
    Dataset.Split split = prepared.split();
    config.modelFor(prepared);
    Dataset chosen =
        switch (wanted) {
          case train -> split.train();
          case validation -> split.validation();
          case test -> split.test();
        };
    if (chosen.size() == 0) {
      throw new ParameterException(
          spec.commandLine(), "--set " + wanted + ": the run file's split has no such part");
    }
    return chosen;
  }

  private Dataset other(Trainer trainer, SavedModel saved, Path place) {
    List<dev.tarn.Spec> features = trainer.features();
    if (features == null) {
      throw new TarnException(saved.file() + ": does not say what the model takes; train it again");
    }
    Dataset read = OtherData.read(saved.config(), saved.preprocessing(), features, place, labels);
    Trace trace = new Trace();
    List<Tensor> inputs = new ArrayList<>();
    for (dev.tarn.Spec one : features) {
      inputs.add(trace.input("features." + inputs.size(), one.prepend(1)));
    }
    int outputs = saved.model().forward(inputs, Mode.EVAL).get(0).shape().dim(1);
    if (read.classes() > outputs) {
      throw new TarnException(
          String.format(
              "%s: has class %d; the model knows 0 to %d", place, read.classes() - 1, outputs - 1));
    }
    return read;
  }
}
