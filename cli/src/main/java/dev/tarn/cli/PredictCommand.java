package dev.tarn.cli;

import dev.tarn.Spec;
import dev.tarn.backend.Backend;
import dev.tarn.config.RunConfig;
import dev.tarn.data.Batches;
import dev.tarn.data.Dataset;
import dev.tarn.data.Preprocessing;
import dev.tarn.predict.Predictor;
import dev.tarn.train.AtomicFile;
import dev.tarn.train.Inference;
import dev.tarn.train.ModelFile;
import dev.tarn.train.Term;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** Predicts with a saved model. */
@Command(
    name = "predict",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Predict classes or numbers with a saved model, from raw data.",
    footer = {
      "",
      "INPUT is, by its name,",
      "  FILE.csv        a table: one example a row, its columns named or in order as",
      "                  the training data's were, without the class",
      "  FILE.jsonl      one example a line: an object with the names of the columns,",
      "                  or an array of the features",
      "  FILE.png, .jpg  an image; or a DIRECTORY of images, in order of their names",
      "Missing values, categories and normalization are treated as in training.",
      "",
      "The output has the class, by its name if classes have names, and the",
      "probability of each (0 to 1): class,p_cat,p_dog or class,p0,p1; of a model that",
      "predicts numbers, these, by the names of the targets or y0,y1; of images first",
      "the file.",
      "",
      "Examples:",
      "  tarn predict runs/iris-1 new-flowers.csv",
      "  tarn predict runs/iris-1/last.safetensors new-flowers.jsonl --format jsonl",
      "  tarn predict runs/pets-1 new-photos/ -o classes.csv"
    })
final class PredictCommand implements Callable<Integer> {
  /** How predictions are written. */
  enum Format {
    csv,
    jsonl
  }

  @Parameters(
      index = "0",
      paramLabel = "RUN_OR_FILE",
      description = "A run directory, of which the best checkpoint is taken, or a checkpoint.")
  private Path model = Path.of("");

  @Parameters(
      index = "1",
      paramLabel = "INPUT",
      description = "A table (.csv), JSON lines (.jsonl), an image or a directory of images.")
  private Path input = Path.of("");

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "Where to write; default: standard output.")
  private @Nullable Path file;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description = "${COMPLETION-CANDIDATES}; default: as the output's name ends, or else csv.")
  private @Nullable Format format;

  @Option(
      names = "--device",
      paramLabel = "NAME",
      description = "auto, cpu, cuda, cuda:1 or reference; default: ${DEFAULT-VALUE}.")
  private String device = "auto";

  @Mixin private ClassPath classPath = new ClassPath();

  @CommandLine.Spec private CommandSpec spec = CommandSpec.create();

  private final Output output;

  PredictCommand(Output output) {
    this.output = output;
  }

  @Override
  public Integer call() {
    if (format == null && file != null && file.toString().endsWith(".json")) {
      throw new ParameterException(
          spec.commandLine(),
          file + ": predictions are CSV or JSON lines: name it .csv or .jsonl, or give --format");
    }
    classPath.use();
    SavedModel saved = SavedModel.of(model);
    Preprocessing preprocessing = saved.preprocessing();
    try (Backend backend = Devices.open(device).backend();
        Inference inference =
            new Inference(
                backend,
                saved.model(),
                List.of(Term.of(0, saved.config().train().loss())),
                ModelFile.read(saved.file()))) {
      String text = predict(inference, saved.config(), preprocessing);
      if (file != null) {
        AtomicFile.write(file, text);
      } else {
        output.out().print(text);
        output.out().flush();
      }
    }
    return 0;
  }

  private String predict(Inference inference, RunConfig config, Preprocessing preprocessing) {
    List<Spec> inputs = inference.features();
    Spec features = inputs.get(0);
    List<String> files = List.of();
    Dataset rows;
    if (Files.isDirectory(input) || ImageFiles.isImage(input)) {
      ImageFiles images = ImageFiles.of(input, config, features.shape());
      files = images.names();
      rows = preprocessing.apply(images);
    } else if (input.toString().matches(".*\\.(jsonl|ndjson)")) {
      String table = JsonLines.table(input, config.data().format(), preprocessing);
      rows = config.data().rows(table, input.toString(), preprocessing, features.shape());
    } else {
      rows = config.data().rows(input, preprocessing, features.shape());
    }
    rows = OtherData.as(inputs, rows);
    Predictions predictions = new Predictions(config, isJson(), preprocessing.labels(), files);
    // In runs of one size, as a Predictor's: what is predicted does not depend on other rows.
    Batches batches = new Batches(rows, Predictor.BATCH, false);
    batches.startEpoch(0, 0);
    for (int i = 0; i < batches.count(); i++) {
      predictions.add(inference.run(batches.load(i).features(), Predictor.BATCH).get(0));
    }
    return predictions.toString();
  }

  private boolean isJson() {
    return format != null
        ? format == Format.jsonl
        : file != null && file.toString().endsWith(".jsonl");
  }
}
