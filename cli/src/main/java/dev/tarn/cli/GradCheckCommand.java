package dev.tarn.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.tarn.backend.Backend;
import dev.tarn.cli.GradientChecker.Result;
import dev.tarn.config.RunConfig;
import dev.tarn.data.Batches;
import dev.tarn.data.DataSource.Prepared;
import dev.tarn.data.Dataset;
import dev.tarn.loss.Loss;
import dev.tarn.nn.Sequential;
import dev.tarn.optim.Sgd;
import dev.tarn.optim.Updates;
import dev.tarn.reference.ReferenceBackend;
import dev.tarn.train.Term;
import dev.tarn.train.TrainStep;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Checks the gradients of a run file's model. */
@Command(
    name = "gradcheck",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    descriptionHeading = "%n",
    parameterListHeading = "%n",
    customSynopsis = "tarn gradcheck RUNFILE [KEY=VALUE...] [OPTIONS]",
    description = "Check a model's gradients against finite differences.",
    footer = {
      "",
      "The gradients of the run file's loss are checked in double precision, on the",
      "reference backend: for operations and models of your own.",
      "",
      "For each parameter: the largest relative error of the elements checked, which",
      "are drawn at random. Right gradients come below 1e-6 or so; a wrong one gives",
      "0.1 or more. Dropout draws the same mask every time. Exit code 1: a gradient is",
      "wrong.",
      "",
      "Examples:",
      "  tarn gradcheck examples/iris.yaml",
      "  tarn gradcheck net.yaml --classpath build/classes --elements 50"
    })
final class GradCheckCommand implements Callable<Integer> {
  @Mixin private RunFile runFile = new RunFile();

  @Option(
      names = "--batch",
      paramLabel = "N",
      description = "Examples to compute the loss of; default: ${DEFAULT-VALUE}.")
  private int batch = 4;

  @Option(
      names = "--elements",
      paramLabel = "N",
      description = "Elements to check of each parameter; default: ${DEFAULT-VALUE}.")
  private int elements = 10;

  @Option(
      names = "--tolerance",
      paramLabel = "X",
      description = "The largest relative error that is right; default: 1e-4.")
  private double tolerance = 1e-4;

  @Option(names = "--json", description = "Write one JSON object.")
  private boolean json;

  @Spec private CommandSpec spec = CommandSpec.create();

  private final Output output;

  GradCheckCommand(Output output) {
    this.output = output;
  }

  @Override
  public Integer call() {
    if (batch < 1 || elements < 1 || !(tolerance > 0)) {
      throw new ParameterException(
          spec.commandLine(), "--batch, --elements and --tolerance must be above 0");
    }
    RunConfig config = runFile.read();
    Loss loss = config.train().loss();
    Prepared data = config.load();
    Dataset train = data.split().train();
    Sequential model = config.modelFor(data);
    Batches batches = train.batch(batch);
    batches.startEpoch(config.seed(), 0);
    List<Result> results;
    try (Backend backend = ReferenceBackend.inDouble();
        TrainStep step =
            new TrainStep(
                backend,
                model,
                List.of(Term.of(0, loss)),
                Updates.of(Sgd.lr(1e-3)),
                List.of(),
                train.features(),
                config.seed())) {
      results =
          new GradientChecker(step, batches.load(0), loss.weighted())
              .check(elements, config.seed());
    }
    boolean right = results.stream().allMatch(this::isRight);
    if (json) {
      output.out().println(object(results, right));
    } else {
      print(results);
      long wrong = results.stream().filter(result -> !isRight(result)).count();
      output
          .out()
          .println(
              right
                  ? "right: all " + results.size() + " parameters"
                  : "wrong: " + wrong + " of " + results.size() + " parameters");
    }
    return right ? 0 : Main.FAILED;
  }

  private boolean isRight(Result result) {
    return result.largest() <= tolerance;
  }

  private void print(List<Result> results) {
    int width = Math.max(9, results.stream().mapToInt(r -> r.name().length()).max().orElse(0));
    output.out().printf("%-" + width + "s %15s  %s%n", "parameter", "checked", "largest error");
    for (Result result : results) {
      output
          .out()
          .printf(
              Locale.ROOT,
              "%-" + width + "s %15s  %.1e%s%n",
              result.name(),
              Training.count(result.checked()) + " of " + Training.count(result.elements()),
              result.largest(),
              isRight(result) ? "" : "  WRONG");
      if (!isRight(result)) {
        output
            .out()
            .printf(
                Locale.ROOT,
                "  element %d: gradient %.6g, finite difference %.6g%n",
                result.index(),
                result.gradient(),
                result.difference());
      }
    }
  }

  private static JsonObject object(List<Result> results, boolean right) {
    JsonArray array = new JsonArray();
    for (Result result : results) {
      JsonObject each = new JsonObject();
      each.addProperty("name", result.name());
      each.addProperty("elements", result.elements());
      each.addProperty("checked", result.checked());
      each.addProperty("error", Double.isFinite(result.largest()) ? result.largest() : null);
      each.addProperty("element", result.index());
      array.add(each);
    }
    JsonObject object = new JsonObject();
    object.addProperty("right", right);
    object.add("parameters", array);
    return object;
  }
}
