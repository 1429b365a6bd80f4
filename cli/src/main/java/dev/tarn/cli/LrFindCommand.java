package dev.tarn.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.tarn.TarnException;
import dev.tarn.backend.Backend;
import dev.tarn.config.RunConfig;
import dev.tarn.data.Batches;
import dev.tarn.data.DataSource.Prepared;
import dev.tarn.data.Dataset;
import dev.tarn.report.Curve;
import dev.tarn.report.Picture;
import dev.tarn.report.Pictures;
import dev.tarn.train.AtomicFile;
import dev.tarn.train.LearningRateFinder;
import dev.tarn.train.LearningRateFinder.Point;
import dev.tarn.train.Trainer;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Looks for a learning rate. */
@Command(
    name = "lr-find",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    descriptionHeading = "%n",
    parameterListHeading = "%n",
    customSynopsis = "tarn lr-find RUNFILE [KEY=VALUE...] [OPTIONS]",
    description = "Look for a learning rate by a short training.",
    footer = {
      "",
      "The rate grows from step to step, until the loss rises again (L. N. Smith,",
      "2017).",
      "",
      "The suggestion is a tenth of the rate at which the smoothed loss is least:",
      "there it still falls steeply. It is a start, not an optimum. Nothing is saved",
      "but the picture.",
      "",
      "Examples:",
      "  tarn lr-find examples/digits.yaml",
      "  tarn lr-find examples/digits-cnn.yaml --steps 200 -o cnn-lr.png",
      "  tarn train examples/digits.yaml train.optimizer.adamw.lr=0.003"
    })
final class LrFindCommand implements Callable<Integer> {
  @Mixin private RunFile runFile = new RunFile();

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "The picture, .svg or .png; default: <name>-lr.svg.")
  private @Nullable Path file;

  @Option(
      names = "--from",
      paramLabel = "RATE",
      description = "The learning rate of the first step; default: 1e-7.")
  private double from = 1e-7;

  @Option(names = "--to", paramLabel = "RATE", description = "That of the last step; default: 10.")
  private double to = 10;

  @Option(
      names = "--steps",
      paramLabel = "N",
      description = "How many steps (batches), at least 10; default: ${DEFAULT-VALUE}.")
  private int steps = 100;

  @Option(names = "--json", description = "Write one JSON object; all else to standard error.")
  private boolean json;

  @Spec private CommandSpec spec = CommandSpec.create();

  private final Output output;

  LrFindCommand(Output output) {
    this.output = output;
  }

  @Override
  public Integer call() {
    if (!(from > 0 && to > from && to < Double.POSITIVE_INFINITY) || steps < 10) {
      throw usage("--from must be above 0 and below --to, --steps at least 10");
    }
    if (file != null && !file.toString().matches(".*\\.(svg|png)")) {
      throw usage("--output: the name must end with .svg or .png, found " + file);
    }
    RunConfig config = runFile.read();
    Prepared data = config.load();
    Dataset train = data.split().train();
    Path picture = file == null ? Path.of(config.name() + "-lr.svg") : file;
    try (Batches batches = config.data().batches(train, config.train().batch());
        Backend backend = Devices.open(config.device()).backend();
        Trainer trainer = Training.trainer(config, config.modelFor(data), backend).build()) {
      LearningRateFinder.Result result =
          new LearningRateFinder(from, to, steps, LearningRateFinder.USUAL.smoothing())
              .find(trainer, batches);
      OptionalDouble suggestion = result.suggestion();
      draw(result.points(), suggestion, picture);
      if (json) {
        output.out().println(object(result.points(), suggestion));
      }
      output
          .people(json)
          .println(
              suggestion.isPresent()
                  ? String.format(Locale.ROOT, "suggested  %.2g", suggestion.getAsDouble())
                  : "suggested  none: the loss did not fall; try more steps or look at the data");
      output.people(json).println("picture    " + picture);
      return suggestion.isPresent() ? 0 : Main.FAILED;
    }
  }

  private static void draw(List<Point> points, OptionalDouble suggestion, Path file) {
    Curve curve =
        new Curve(
            points.stream().map(Point::learningRate).toList(),
            points.stream().map(Point::loss).toList());
    Picture picture =
        Pictures.learningRateFinder(curve, suggestion.orElse(Double.NaN))
            .orElseThrow(() -> new TarnException("lr-find: no loss was finite"));
    if (file.toString().endsWith(".png")) {
      AtomicFile.write(
          file, channel -> AtomicFile.writeFully(channel, ByteBuffer.wrap(picture.png(2))));
    } else {
      AtomicFile.write(file, picture.svg());
    }
  }

  private static JsonObject object(List<Point> points, OptionalDouble suggestion) {
    JsonObject object = new JsonObject();
    if (suggestion.isPresent()) {
      object.addProperty("suggested", suggestion.getAsDouble());
    }
    JsonArray array = new JsonArray();
    for (Point point : points) {
      JsonObject each = new JsonObject();
      each.addProperty("learning_rate", point.learningRate());
      each.addProperty("loss", point.loss());
      array.add(each);
    }
    object.add("points", array);
    return object;
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
