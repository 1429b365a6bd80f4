package dev.tarn.cuda;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.tarn.Mode;
import dev.tarn.Precision;
import dev.tarn.Tensor;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Backends;
import dev.tarn.data.Dataset;
import dev.tarn.data.Datasets;
import dev.tarn.loss.Losses;
import dev.tarn.nn.Conv2d;
import dev.tarn.nn.Dense;
import dev.tarn.nn.Dropout;
import dev.tarn.nn.Module;
import dev.tarn.optim.Adam;
import dev.tarn.train.Evaluation;
import dev.tarn.train.Metrics;
import dev.tarn.train.Trainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.List;
import java.util.Locale;
import org.junit.platform.engine.discovery.ClassNameFilter;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

/**
 * Checks the CUDA backend on the machine it runs on: the tests of this module, then a training.
 * Writes {@code result.json} and {@code result.md}. Exit code 1 if anything failed.
 */
public final class GpuCheck {
  private static final int SHOWN_FAILURES = 200;

  private GpuCheck() {}

  private static final class Digits extends Module {
    private final Conv2d first = child("first", Conv2d.filters(16).kernel(3).same());
    private final Conv2d second = child("second", Conv2d.filters(32).kernel(3).stride(2));
    private final Dropout drop = child("drop", Dropout.rate(0.1));
    private final Dense out = child("out", Dense.units(10));

    @Override
    public Tensor forward(Tensor x, Mode mode) {
      Tensor h = x.mul(1 / 16.0).reshape(x.shape().dim(0), 1, 8, 8);
      h = second.forward(first.forward(h, mode).relu(), mode).relu();
      return out.forward(drop.forward(h.flatten(), mode), mode);
    }
  }

  /** Argument: the folder to write to. */
  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    Files.createDirectories(folder);
    JsonObject result = new JsonObject();
    result.addProperty("date", LocalDate.now().toString());
    result.addProperty("java", System.getProperty("java.vm.version"));
    boolean good = device(result) && tests(result) & trainings(result);
    result.addProperty("passed", good);
    Files.writeString(
        folder.resolve("result.json"),
        new GsonBuilder().setPrettyPrinting().create().toJson(result) + "\n");
    Files.writeString(folder.resolve("result.md"), table(result));
    System.out.print(table(result));
    System.exit(good ? 0 : 1);
  }

  private static boolean device(JsonObject result) {
    try (Backend backend = Backends.named("cuda")) {
      result.addProperty("device", backend.description());
      return true;
    } catch (RuntimeException e) {
      result.addProperty("device", "none: " + e.getMessage());
      return false;
    }
  }

  private static boolean tests(JsonObject result) {
    LauncherDiscoveryRequest request =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(DiscoverySelectors.selectPackage("dev.tarn.cuda"))
            .filters(ClassNameFilter.includeClassNamePatterns(".*Tests"))
            .build();
    SummaryGeneratingListener listener = new SummaryGeneratingListener();
    Launcher launcher = LauncherFactory.create();
    launcher.execute(request, listener);
    TestExecutionSummary summary = listener.getSummary();
    JsonObject tests = new JsonObject();
    tests.addProperty("found", summary.getTestsFoundCount());
    tests.addProperty("passed", summary.getTestsSucceededCount());
    tests.addProperty("failed", summary.getTotalFailureCount());
    tests.addProperty("skipped", summary.getTestsSkippedCount() + summary.getTestsAbortedCount());
    tests.addProperty("seconds", (summary.getTimeFinished() - summary.getTimeStarted()) / 1000.0);
    JsonArray failures = new JsonArray();
    List<TestExecutionSummary.Failure> all = summary.getFailures();
    for (TestExecutionSummary.Failure failure :
        all.subList(0, Math.min(SHOWN_FAILURES, all.size()))) {
      failures.add(
          failure.getTestIdentifier().getUniqueId() + ": " + failure.getException().getMessage());
    }
    tests.add("failures", failures);
    result.add("tests", tests);
    return summary.getTotalFailureCount() == 0 && summary.getTestsSucceededCount() > 0;
  }

  private static boolean trainings(JsonObject result) {
    JsonObject trainings = new JsonObject();
    result.add("trainings", trainings);
    boolean good = true;
    for (Precision precision : Precision.values()) {
      JsonObject training = new JsonObject();
      trainings.add(precision.toString(), training);
      good &= training(training, precision);
    }
    return good;
  }

  private static boolean training(JsonObject training, Precision precision) {
    Dataset.Split data = Datasets.digits().split(0.8, 0.1, 0.1, 42);
    long start = System.nanoTime();
    try (Backend backend = Backends.named("cuda");
        Trainer trainer =
            Trainer.of(new Digits(), backend)
                .loss(Losses.crossEntropy())
                .optimizer(Adam.lr(1e-3))
                .metrics(Metrics.accuracy())
                .seed(42)
                .precision(precision)
                .build()) {
      trainer.fit(data.train().batch(32), data.validation(), 40);
      Evaluation test = trainer.evaluate(data.test());
      training.addProperty("steps", trainer.steps());
      training.addProperty("seconds", (System.nanoTime() - start) / 1e9);
      training.addProperty("test_loss", test.loss());
      training.addProperty("test_accuracy", test.get("accuracy"));
      return test.get("accuracy") >= 0.95;
    } catch (RuntimeException e) {
      training.addProperty("error", String.valueOf(e.getMessage()));
      return false;
    }
  }

  private static String table(JsonObject result) {
    StringBuilder out = new StringBuilder("| check | result |\n|---|---|\n");
    row(out, "date", result.get("date").getAsString());
    row(out, "device", result.get("device").getAsString());
    row(out, "java", result.get("java").getAsString());
    if (result.has("tests")) {
      JsonObject tests = result.getAsJsonObject("tests");
      row(
          out,
          "tests",
          String.format(
              Locale.ROOT,
              "%s passed, %s failed, %s skipped in %.0f s",
              tests.get("passed"),
              tests.get("failed"),
              tests.get("skipped"),
              tests.get("seconds").getAsDouble()));
      tests
          .getAsJsonArray("failures")
          .forEach(failure -> row(out, "failed", failure.getAsString().lines().findFirst().get()));
    }
    for (Precision precision : Precision.values()) {
      if (!result.has("trainings")) {
        break;
      }
      JsonObject training =
          result.getAsJsonObject("trainings").getAsJsonObject(precision.toString());
      row(
          out,
          "training of the digits in " + precision,
          training.has("error")
              ? training.get("error").getAsString()
              : String.format(
                  Locale.ROOT,
                  "%s steps in %.1f s, test accuracy %.4f",
                  training.get("steps"),
                  training.get("seconds").getAsDouble(),
                  training.get("test_accuracy").getAsDouble()));
    }
    row(out, "verdict", result.get("passed").getAsBoolean() ? "passed" : "FAILED");
    return out.toString();
  }

  private static void row(StringBuilder out, String check, String text) {
    out.append("| ").append(check).append(" | ").append(text.replace("|", "\\|")).append(" |\n");
  }
}
