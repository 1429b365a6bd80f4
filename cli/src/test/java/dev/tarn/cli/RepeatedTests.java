package dev.tarn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Cross-validation, restarts and early stopping through the command line. */
final class RepeatedTests {
  @TempDir private Path directory;

  private Tarn.Result tarn(String... more) throws IOException {
    List<String> args = new ArrayList<>(List.of("train"));
    args.add(Tarn.runFile(directory, 6, "reference").toString());
    args.addAll(List.of("--runs", directory.resolve("runs").toString()));
    args.addAll(List.of(more));
    return Tarn.ok(args.toArray(String[]::new));
  }

  @Test
  void foldsAreTrainedOneByOne() throws IOException {
    Tarn.Result result = tarn("train.folds=3", "train.metrics=[accuracy, f1]", "--json");
    JsonObject json = result.json();
    JsonArray folds = json.getAsJsonArray("folds");
    assertEquals(3, folds.size());
    assertEquals(3, result.errors().stream().filter(line -> line.startsWith("fold ")).count());
    double sum = 0;
    for (int i = 0; i < 3; i++) {
      sum += folds.get(i).getAsJsonObject().get("f1").getAsDouble();
    }
    assertEquals(sum / 3, json.getAsJsonObject("mean").get("f1").getAsDouble(), 1e-12);
    assertTrue(json.getAsJsonObject("deviation").get("f1").getAsDouble() >= 0);
    assertTrue(result.err().contains("mean +- deviation  loss "), result.err());
    assertFalse(Files.exists(directory.resolve("runs")), "a cross-validation keeps no model");
  }

  @Test
  void theBestRestartIsNamedAndCanBeGoneOnWith() throws IOException {
    Tarn.Result result = tarn("train.restarts=3", "--json");
    JsonObject json = result.json();
    JsonArray values = json.getAsJsonArray("restarts");
    assertEquals(3, values.size());
    int best = json.get("restart").getAsInt();
    for (int i = 0; i < 3; i++) {
      assertTrue(values.get(best).getAsDouble() <= values.get(i).getAsDouble());
    }
    Path run = directory.resolve("runs/small-" + (best + 1));
    assertEquals(run.toString(), json.get("run").getAsString());
    assertTrue(result.err().contains("best of 3 restarts: number " + best), result.err());
    Tarn.Result resumed =
        Tarn.ok(
            "train", "--resume", directory.resolve("runs/small-3").toString(), "train.epochs=8");
    assertTrue(resumed.out().contains("epoch 8/8"), resumed.out());
  }

  @Test
  void whyItEndsIsSaid() throws IOException {
    Tarn.Result result =
        tarn("train.epochs=500", "train.early_stopping=2", "train.optimizer={sgd: {lr: 0.5}}");
    assertTrue(
        result
            .out()
            .lines()
            .anyMatch(
                line ->
                    line.matches(
                        "stopped no better validation loss for 2 epochs; weights of epoch [0-9]+"
                            + " restored")),
        result.out());
    Tarn.Result again = Tarn.run("train", "--resume", directory.resolve("runs/small-1").toString());
    assertTrue(again.out().contains("stopped no better validation loss"), again.out());
    // 12 batches in an epoch: ends within the second and is saved there
    tarn("train.stop={steps: 17}");
    Tarn.Result partly =
        Tarn.run("train", "--resume", directory.resolve("runs/small-2").toString());
    assertTrue(partly.out().contains("resumed after step 17"), partly.out());
    assertTrue(partly.out().contains("stopped 17 steps done"), partly.out());
  }
}
