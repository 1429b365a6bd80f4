package dev.tarn.cli;

import dev.tarn.DType;
import dev.tarn.HostTensor;
import dev.tarn.Spec;
import dev.tarn.TarnException;
import dev.tarn.backend.Backend;
import dev.tarn.data.Batches;
import dev.tarn.data.Dataset;
import dev.tarn.data.Preprocessing;
import dev.tarn.data.WholeNumbers;
import dev.tarn.train.AtomicFile;
import dev.tarn.train.Trainer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Predicts classes with a saved model. */
@Command(
    name = "predict",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Predict the class or the numbers of each row of a table with a saved model.",
    footer = {
      "",
      "INPUT.csv has one example a row and one feature a column, raw as the training",
      "data had them but without the class; columns are found by their names if there",
      "are any. The output has the class, by its name if classes have names, and the",
      "probability of each: class,p0,p1,...; of a model that predicts numbers, these:",
      "y0,y1,...",
      "",
      "Examples:",
      "  tarn predict runs/iris-1 flowers.csv",
      "  tarn predict runs/iris-1/last.safetensors flowers.csv -o classes.csv"
    })
final class PredictCommand implements Callable<Integer> {
  private static final int BATCH = 256;

  @Parameters(
      index = "0",
      paramLabel = "RUN_OR_FILE",
      description = "A run directory, of which the best checkpoint is taken, or a checkpoint.")
  private Path model = Path.of("");

  @Parameters(index = "1", paramLabel = "INPUT.csv", description = "The rows of features.")
  private Path input = Path.of("");

  @Option(
      names = {"-o", "--output"},
      paramLabel = "OUT.csv",
      description = "Where to write; default: standard output.")
  private @Nullable Path file;

  @Option(
      names = "--device",
      paramLabel = "NAME",
      description = "auto, cpu, cuda, cuda:1 or reference; default: ${DEFAULT-VALUE}.")
  private String device = "auto";

  private final Output output;

  PredictCommand(Output output) {
    this.output = output;
  }

  @Override
  public Integer call() {
    SavedModel saved = SavedModel.of(model);
    Preprocessing preprocessing = saved.preprocessing();
    try (Backend backend = Devices.open(device).backend();
        Trainer trainer =
            Training.trainer(saved.config(), saved.config().model(), backend).build()) {
      trainer.load(saved.file());
      List<Spec> inputs = trainer.features();
      if (inputs == null || inputs.size() != 1) {
        throw new TarnException(
            saved.file() + ": not a model of one input, as run files make them");
      }
      Spec features = inputs.get(0);
      Dataset given = saved.config().data().rows(input, preprocessing, features.shape());
      Dataset rows = features.dtype() == DType.I32 ? WholeNumbers.of(given) : given;
      String text = predict(trainer, rows, saved.config().classifies(), preprocessing.labels());
      if (file != null) {
        AtomicFile.write(file, text);
      } else {
        output.out().print(text);
        output.out().flush();
      }
    }
    return 0;
  }

  private static String predict(
      Trainer trainer, Dataset rows, boolean classes, List<String> labels) {
    StringBuilder text = new StringBuilder();
    Batches batches = new Batches(rows, BATCH, false);
    batches.startEpoch(0, 0);
    for (int i = 0; i < batches.count(); i++) {
      append(text, trainer.predict(batches.load(i).feature()), classes, labels);
    }
    return text.toString();
  }

  private static void append(
      StringBuilder text, HostTensor predictions, boolean classes, List<String> labels) {
    int columns = predictions.shape().dim(1);
    if (text.isEmpty()) {
      text.append(classes ? "class" : "");
      for (int c = 0; c < columns; c++) {
        text.append(c > 0 || classes ? "," : "").append(classes ? 'p' : 'y').append(c);
      }
      text.append('\n');
    }
    float[] p = predictions.floats();
    for (int row = 0; row < p.length; row += columns) {
      int best = 0;
      for (int c = 1; c < columns; c++) {
        best = p[row + c] > p[row + best] ? c : best;
      }
      text.append(
          !classes ? "" : labels.isEmpty() ? String.valueOf(best) : quoted(labels.get(best)));
      for (int c = 0; c < columns; c++) {
        text.append(c > 0 || classes ? "," : "").append(p[row + c]);
      }
      text.append('\n');
    }
  }

  /** A text as a field of a CSV file. */
  private static String quoted(String text) {
    boolean plain = text.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
    return plain ? text : '"' + text.replace("\"", "\"\"") + '"';
  }
}
