package dev.tarn.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Training, resuming, evaluating and predicting through the command line, in this process. */
final class TrainTests {
  @TempDir private Path directory;

  private Tarn.Result train(Path runs, String... more) throws IOException {
    List<String> args = new ArrayList<>(List.of("train"));
    args.add(Tarn.runFile(directory, 6, "reference").toString());
    args.addAll(List.of("--runs", runs.toString()));
    args.addAll(List.of(more));
    return Tarn.ok(args.toArray(String[]::new));
  }

  @Test
  void jsonIsOneObjectAndTheRestGoesToStandardError() throws IOException {
    Tarn.Result result = train(directory.resolve("runs"), "--json");
    assertEquals(1, result.out().lines().count());
    JsonObject json = result.json();
    assertEquals("done", json.get("status").getAsString());
    assertEquals(directory.resolve("runs/small-1").toString(), json.get("run").getAsString());
    assertEquals(6, json.get("epochs").getAsInt());
    // 90 training examples in batches of 8.
    assertEquals(6 * 12, json.get("steps").getAsInt());
    assertTrue(json.getAsJsonObject("test").get("accuracy").getAsDouble() > 0.6);
    assertEquals("reference", json.get("device").getAsString());
    assertTrue(json.get("device_description").getAsString().startsWith("plain Java"));
    assertEquals(6, result.errors().stream().filter(line -> line.startsWith("epoch ")).count());
  }

  @Test
  void evalGivesTheTestResultOfTheTraining() throws IOException {
    Tarn.Result trained = train(directory, "--json");
    double loss = trained.json().getAsJsonObject("test").get("loss").getAsDouble();
    JsonObject json =
        Tarn.ok("eval", directory.resolve("small-1").toString(), "--device", "reference", "--json")
            .json();
    assertEquals(loss, json.get("loss").getAsDouble());
    assertEquals(30, json.get("examples").getAsInt());
  }

  @Test
  void predictGivesProbabilitiesThatEvalAgreesWith() throws IOException {
    Path csv = directory.resolve("iris.csv");
    Path rows = directory.resolve("rows.csv");
    List<String> all;
    try (var in = dev.tarn.data.Datasets.class.getResourceAsStream("iris.csv")) {
      all = new String(in.readAllBytes()).lines().filter(l -> l.matches("[0-9].*")).toList();
    }
    Files.write(csv, all);
    Files.write(rows, all.stream().map(l -> l.substring(0, l.lastIndexOf(','))).toList());
    train(directory, "data={csv: " + csv + ", split: [1, 0, 0]}", "train.epochs=20");
    String run = directory.resolve("small-1").toString();
    Path out = directory.resolve("out.csv");
    Tarn.ok("predict", run, rows.toString(), "-o", out.toString());
    List<String> predicted = Files.readAllLines(out);
    assertEquals("class,p0,p1,p2", predicted.get(0));
    assertEquals(all.size() + 1, predicted.size());
    int right = 0;
    for (int i = 0; i < all.size(); i++) {
      String[] cells = predicted.get(i + 1).split(",");
      double sum = 0;
      int best = 0;
      for (int c = 0; c < 3; c++) {
        sum += Double.parseDouble(cells[c + 1]);
        best = Double.parseDouble(cells[c + 1]) > Double.parseDouble(cells[best + 1]) ? c : best;
      }
      assertEquals(1, sum, 1e-5);
      assertEquals(best, Integer.parseInt(cells[0]));
      right += all.get(i).endsWith("," + cells[0]) ? 1 : 0;
    }
    Tarn.Result evaluated = Tarn.run("eval", run, "--set", "train", "--json");
    double accuracy = evaluated.json().get("accuracy").getAsDouble();
    assertEquals((double) right / all.size(), accuracy, 1e-9);
    assertEquals(Files.readString(out), Tarn.run("predict", run, rows.toString()).out());
    Tarn.Result none = Tarn.run("eval", run);
    assertEquals(2, none.code());
    assertEquals("tarn: --set test: the run file's split has no such part", none.errors().get(0));
  }

  /** What the model needs of a table with texts is in the checkpoint; new rows are raw. */
  @Test
  void categoriesAndNamesOfClassesAreKept() throws IOException {
    StringBuilder table = new StringBuilder("colour,size,kind\n");
    for (int i = 0; i < 60; i++) {
      boolean red = i % 2 == 0;
      table.append(red ? "red" : "blue").append(',').append(i % 7 == 0 ? "" : 1000 + i % 5);
      table.append(',').append(red ? "\"fruit, ripe\"" : "stone").append('\n');
    }
    Path csv = Files.writeString(directory.resolve("table.csv"), table);
    train(
        directory,
        "data={csv: "
            + csv
            + ", label: kind, categorical: colour, missing: '', normalize: standard}",
        "model=[dense: 2]",
        "train.optimizer={adam: {lr: 0.1}}",
        "train.epochs=20");
    Path rows = Files.writeString(directory.resolve("rows.csv"), "size,colour\n1001,blue\n,red\n");
    Tarn.Result result =
        Tarn.ok("predict", directory.resolve("small-1").toString(), rows.toString());
    List<String> lines = result.out().lines().toList();
    assertEquals("class,\"p_fruit, ripe\",p_stone", lines.get(0));
    assertEquals("stone", lines.get(1).split(",")[0]);
    assertTrue(lines.get(2).startsWith("\"fruit, ripe\","), lines.get(2));
  }

  /** y = 2 x1 - x2 + 0.5 without noise is learned from a table and predicted. */
  @Test
  void numbersAreLearnedAndPredicted() throws IOException {
    StringBuilder table = new StringBuilder();
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < 60; i++) {
      double x1 = Math.sin(i);
      double x2 = Math.cos(3 * i);
      rows.append(x1).append(',').append(x2).append('\n');
      table.append(x1).append(',').append(x2).append(',').append(2 * x1 - x2 + 0.5).append('\n');
    }
    Path csv = Files.writeString(directory.resolve("table.csv"), table);
    Path features = Files.writeString(directory.resolve("features.csv"), rows);
    train(
        directory,
        "data={csv: " + csv + ", targets: 1}",
        "model=[dense: {units: 1, init: xavier_normal}]",
        "train.loss={huber: {delta: 0.5}}",
        "train.optimizer={sgd: {lr: 0.5, momentum: 0.5}}",
        "train.schedule={cosine: {length: 40, per: epoch, warm_up: 1}}",
        "train.clip_norm=1",
        "train.accumulate=2",
        "train.epochs=40");
    String run = directory.resolve("small-1").toString();
    List<String> predicted = Tarn.ok("predict", run, features.toString()).out().lines().toList();
    assertEquals("y0", predicted.get(0));
    for (int i = 0; i < 60; i++) {
      double expected = 2 * Math.sin(i) - Math.cos(3 * i) + 0.5;
      assertEquals(expected, Double.parseDouble(predicted.get(i + 1)), 0.01);
    }
    assertEquals(0, Tarn.run("eval", run).code());
    assertEquals(0, Tarn.run("train", "--resume", run).code());
  }

  /** Of four words one, 0 or 1, is the class: a table of whole numbers trains an embedding. */
  @Test
  void wordsAreLearnedAndPredicted() throws IOException {
    StringBuilder table = new StringBuilder();
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < 80; i++) {
      int label = i * 7 % 5 % 2;
      StringBuilder row = new StringBuilder();
      for (int w = 0; w < 4; w++) {
        row.append(w == 0 ? "" : ",").append(w == i % 4 ? label : 2 + (i * 3 + w * 5) % 8);
      }
      rows.append(row).append('\n');
      table.append(row).append(',').append(label).append('\n');
    }
    Path csv = Files.writeString(directory.resolve("words.csv"), table);
    Path words = Files.writeString(directory.resolve("rows.csv"), rows);
    train(
        directory,
        "data={csv: " + csv + ", split: [1, 0, 0]}",
        "model=[embedding: {vocabulary: 10, width: 6}, flatten, dense: 2]",
        "train.optimizer={adam: {lr: 0.05}}",
        "train.epochs=30");
    String run = directory.resolve("small-1").toString();
    List<String> predicted = Tarn.ok("predict", run, words.toString()).out().lines().toList();
    for (int i = 0; i < 80; i++) {
      assertEquals(String.valueOf(i * 7 % 5 % 2), predicted.get(i + 1).split(",")[0], "row " + i);
    }
    assertEquals(0, Tarn.run("train", "--resume", run, "train.epochs=31").code());
    Files.writeString(words, "1,2,3,4\n1,2,3.5,4\n");
    assertEquals(
        List.of("tarn: data: example 2: feature 3 is 3.5, but an embedding needs whole numbers"),
        Tarn.run("predict", run, words.toString()).errors());
  }

  @Test
  void fewerEpochsResumedEqualAllAtOnce() throws IOException {
    train(directory.resolve("whole"));
    train(directory.resolve("parts"), "train.epochs=2");
    Path parts = directory.resolve("parts/small-1");
    Tarn.ok("train", "--resume", parts.toString(), "train.epochs=6");
    Path whole = directory.resolve("whole/small-1");
    for (String file : List.of("last.safetensors", "best.safetensors", "config.yaml")) {
      if (!file.startsWith("best")) {
        assertArrayEquals(
            Files.readAllBytes(whole.resolve(file)), Files.readAllBytes(parts.resolve(file)), file);
      }
    }
    assertEquals(
        Tarn.withoutSeconds(whole.resolve("metrics.csv")),
        Tarn.withoutSeconds(parts.resolve("metrics.csv")));
    assertEquals(
        Tarn.withoutSeconds(whole.resolve("metrics.jsonl")),
        Tarn.withoutSeconds(parts.resolve("metrics.jsonl")));
    // Resuming what is finished changes nothing.
    byte[] last = Files.readAllBytes(parts.resolve("last.safetensors"));
    assertEquals(0, Tarn.run("train", "--resume", parts.toString()).code());
    assertArrayEquals(last, Files.readAllBytes(parts.resolve("last.safetensors")));
  }

  @Test
  void movedDataAreNamedOnResumeAndMustBeTheSame() throws IOException {
    StringBuilder rows = new StringBuilder("a,b,class\n");
    for (int i = 0; i < 60; i++) {
      rows.append(i).append(',').append(i % 7).append(',').append(i < 30 ? "x" : "y").append('\n');
    }
    Path csv = Files.writeString(directory.resolve("t.csv"), rows);
    String data = "data={csv: " + csv + ", split: [0.5, 0.5, 0]}";
    String model = "model=[dense: 2]";
    Path whole = directory.resolve("whole");
    train(whole, data, model, "train.epochs=4");
    Path parts = directory.resolve("parts");
    train(parts, data, model, "train.epochs=2");
    String run = parts.resolve("small-1").toString();

    Path moved = Files.move(csv, directory.resolve("moved.csv"));
    Tarn.Result gone = Tarn.run("train", "--resume", run, "train.epochs=4");
    assertEquals(1, gone.code());
    assertEquals(
        List.of(
            "tarn: " + csv + ": no such file; if the data have moved, say where they are:",
            "  tarn train --resume " + run + " data.csv=PATH"),
        gone.errors());
    Path longer = Files.writeString(directory.resolve("longer.csv"), rows + "1,2,x\n3,4,y\n");
    Tarn.Result other = Tarn.run("train", "--resume", run, "train.epochs=4", "data.csv=" + longer);
    assertEquals(1, other.code());
    assertEquals(
        List.of(
            "tarn: "
                + run
                + "/last.safetensors: was trained on other data than there are now in "
                + longer
                + " (30 examples to train, 30 to validate, 0 to test, now 31 examples to train, 31"
                + " to validate, 0 to test); put them back, or begin a new training with"
                + " --init-from"),
        other.errors());
    Tarn.ok("train", "--resume", run, "train.epochs=4", "data.csv=" + moved);
    assertEquals(
        Tarn.withoutSeconds(whole.resolve("small-1/metrics.jsonl")),
        Tarn.withoutSeconds(parts.resolve("small-1/metrics.jsonl")));
    // From then on it knows the new place.
    Tarn.ok("train", "--resume", run, "train.epochs=5");
  }

  @Test
  void warmStartBeginsWithTheWeights() throws IOException {
    train(directory, "train.epochs=20");
    Path best = directory.resolve("small-1/best.safetensors");
    train(directory, "--init-from", best.toString(), "train.epochs=1");
    String first = Files.readAllLines(directory.resolve("small-2/metrics.csv")).get(1);
    double loss = Double.parseDouble(first.split(",")[2]);
    String cold = Files.readAllLines(directory.resolve("small-1/metrics.csv")).get(1);
    assertTrue(loss < 0.5 * Double.parseDouble(cold.split(",")[2]), first);
  }

  @ParameterizedTest
  @CsvSource({"digits, 42", "digits, 1", "digits, 2", "iris, 42", "iris, 1", "digits-resnet, 1"})
  void examplesReachTheirAccuracy(String example, int seed) {
    Tarn.Result result =
        Tarn.ok(
            "train",
            Path.of("..", "examples", example + ".yaml").toString(),
            "seed=" + seed,
            "--runs",
            directory.toString(),
            "--json");
    JsonObject test = result.json().getAsJsonObject("test");
    double least = Map.of("digits", 0.97, "digits-resnet", 0.98, "iris", 0.9).get(example);
    assertTrue(test.get("accuracy").getAsDouble() >= least, example + ": " + test);
  }
}
