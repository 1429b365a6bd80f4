package dev.tarn.cli;

import dev.tarn.TarnException;
import dev.tarn.config.ConfigException;
import dev.tarn.config.RunConfig;
import dev.tarn.train.RunDirectory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Trains a model. */
@Command(
    name = "train",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    descriptionHeading = "%n",
    parameterListHeading = "%n",
    customSynopsis = {
      "tarn train RUNFILE [KEY=VALUE...] [--init-from RUN] [OPTIONS]",
      "       tarn train --resume RUN [train.epochs=N] [device=NAME] [data.csv=PATH]",
      "                  [OPTIONS]"
    },
    description = "Train the model of a run file, or go on with a training.",
    footer = {
      "",
      "The run is saved in RUNS/<name>-<n>: config.yaml, metrics.csv, metrics.jsonl,",
      "and the checkpoints last.safetensors and best.safetensors (least validation",
      "loss). Ctrl-C finishes the step and saves; a second one ends at once.",
      "",
      "Keys of a run file (those with a default may be left out):",
      "  name                    of run directories; default: the file's name",
      "  data.set                digits, iris or another of 'tarn datasets'; or",
      "  data.csv                a table; the path starts at the run file (an",
      "                          override's: at the current directory). Its keys, and",
      "                          data.images, .npz, .idx: docs/data.md",
      "  data.scale              features are multiplied by it; default: 1",
      "  data.shape              of one example, as [1, 8, 8]; default: the data's",
      "  data.normalize          standard or minmax; default: none",
      "  data.split              shares of training, validation and test;",
      "                          default: [0.8, 0.1, 0.1]",
      "  model                   a list of dense: UNITS, relu, dropout: RATE, flatten",
      "                          and the other layers of docs/layers.md; without a",
      "                          bias: dense: {units: UNITS, bias: false}. Or a",
      "                          class: {class: com.acme.Net, args: {width: 64}}",
      "  train.loss              cross_entropy (default) or another of docs/losses.md",
      "  train.optimizer         adam: {lr: 0.001, beta1: 0.9, beta2: 0.999,",
      "                          epsilon: 1e-8, weight_decay: 0}; adamw, the same with",
      "                          weight_decay: 0.01; or sgd: {lr: RATE, momentum: 0,",
      "                          nesterov: false, weight_decay: 0}",
      "  train.schedule          of the learning rate; default: none. It, groups,",
      "                          clip_norm, clip_value, accumulate: docs/optimizers.md",
      "  train.epochs            passes over the training data, in all",
      "  train.batch             examples in a step",
      "  train.checkpoint_every  steps between checkpoints within an epoch; default:",
      "                          only at each epoch's end",
      "  train.metrics           [accuracy, {top_k: 3}, f1, auc, mae, ...], see",
      "                          docs/training.md; default: accuracy, or mae",
      "  train.early_stopping    epochs without a better validation loss, after which",
      "                          it ends with the best weights; default: none; or",
      "                          {patience: EPOCHS, metric: loss, min_delta: 0}",
      "  train.stop              {steps: N, seconds: S, gradient_norm: G, update: U,",
      "                          metric: {accuracy: 0.99}}: what else ends it;",
      "                          default: none",
      "  train.folds             cross-validation with so many folds; keeps no model;",
      "                          default: none",
      "  train.restarts          so many trainings from other seeds; names the best;",
      "                          default: 1",
      "  seed                    of split, weights, shuffles, dropout; default: 0",
      "  precision               fp32 (default), tf32, bf16",
      "  device                  auto (default), cpu, cuda, cuda:1, reference",
      "  report                  whether report.html is written; default: true",
      "",
      "Examples:",
      "  tarn train examples/digits.yaml",
      "  tarn train examples/digits.yaml train.epochs=5 device=cuda",
      "  tarn train examples/digits.yaml train.optimizer.adamw.lr=0.01",
      "  tarn train --resume runs/digits-1 train.epochs=90",
      "  tarn train examples/digits.yaml --init-from runs/digits-1"
    })
final class TrainCommand implements Callable<Integer> {
  @Mixin private RunFile runFile = new RunFile();

  @Option(
      names = "--resume",
      paramLabel = "RUN",
      description =
          "Go on in a run directory exactly where its last checkpoint was saved, with the"
              + " settings saved there.")
  private @Nullable Path resume;

  @Option(
      names = "--init-from",
      paramLabel = "RUN_OR_FILE",
      description =
          "Begin a new training with the weights of a run (its best) or of a checkpoint; default: with new ones, drawn by the seed.")
  private @Nullable Path initFrom;

  @Option(
      names = "--runs",
      paramLabel = "DIR",
      description = "Where run directories are made; default: ${DEFAULT-VALUE}.")
  private Path runs = Path.of("runs");

  @Option(
      names = "--json",
      description = "Write one JSON object when it ends; all else goes to standard error.")
  private boolean json;

  @Option(
      names = "--no-report",
      description = "Write no report.html and no pictures when it ends ('report: false').")
  private boolean noReport;

  @Spec private CommandSpec spec = CommandSpec.create();

  private final Output output;
  private final Interrupts interrupts;

  TrainCommand(Output output, Interrupts interrupts) {
    this.output = output;
    this.interrupts = interrupts;
  }

  @Override
  public Integer call() {
    List<String> overrides = runFile.overrides();
    Training training = new Training(output, interrupts, json, !noReport);
    if (resume != null) {
      checkResume(runFile.files());
      runFile.useClasses();
      Runs.require(resume, "run directory");
      try (RunDirectory directory = RunDirectory.open(resume)) {
        SavedModel saved = last(resume);
        checkOverrides(saved.config(), overrides);
        return training.resume(new Training.Resumed(directory, saved.with(overrides)));
      }
    }
    RunConfig config = runFile.read();
    return training.begin(config, runs, initFrom == null ? null : SavedModel.file(initFrom));
  }

  private static SavedModel last(Path run) {
    try {
      return SavedModel.last(run);
    } catch (ConfigException e) {
      throw e;
    } catch (TarnException e) {
      if (!Files.exists(RunDirectory.best(run))) {
        throw e;
      }
      throw new TarnException(
          e.getMessage() + "\nTo start from its best weights: --init-from " + run, e);
    }
  }

  private void checkResume(List<Path> files) {
    if (!files.isEmpty()) {
      throw usage("--resume goes on with the saved settings: leave out " + files.get(0));
    }
    if (initFrom != null) {
      throw usage("--resume has its own weights: leave out --init-from, or begin a new training");
    }
  }

  /** Refuses to change more than how long it trains, where, and where the data are. */
  private void checkOverrides(RunConfig saved, List<String> overrides) {
    List<String> keys = new ArrayList<>(List.of("train.epochs"));
    saved.data().source().places().keySet().forEach(key -> keys.add("data." + key));
    for (String override : overrides) {
      String key = override.substring(0, override.indexOf('='));
      if (!keys.contains(key) && !key.equals("device")) {
        throw usage(
            String.format(
                "override '%s': --resume goes on exactly; only %s and device may change; for other"
                    + " settings: --init-from %s",
                override, String.join(", ", keys), resume));
      }
    }
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
