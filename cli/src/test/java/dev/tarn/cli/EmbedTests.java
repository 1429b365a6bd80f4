package dev.tarn.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import dev.tarn.predict.Prediction;
import dev.tarn.predict.Predictor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every command on a model with embedded columns. */
final class EmbedTests {
  @TempDir private Path directory;

  private String path(String name) {
    return directory.resolve(name).toString();
  }

  /** The kind follows from the town alone, which only its vector can tell. */
  private String runFile(String device) throws IOException {
    StringBuilder table = new StringBuilder("size,town,colour,kind\n");
    Random random = new Random(3);
    for (int i = 0; i < 200; i++) {
      int town = random.nextInt(12);
      table.append(random.nextInt(9)).append(",t").append(town).append(',');
      table.append(i % 7 == 0 ? "" : i % 2 == 0 ? "red" : "blue").append(',');
      table.append(town % 3 == 0 ? "far" : "near").append('\n');
    }
    Files.writeString(directory.resolve("t.csv"), table);
    return Files.writeString(
            directory.resolve("towns.yaml"),
            """
            data:
              csv: t.csv
              categorical: [town, colour]
              embed: {town: 4}
              missing: ""
              normalize: standard
            model: [{dense: 16}, tanh, {dropout: 0.1}, {dense: 2}]
            train:
              optimizer: {adam: {lr: 0.02}}
              epochs: 12
              batch: 16
              groups: [{match: "embed.*", weight_decay: 0}]
            device: %s
            """
                .formatted(device))
        .toString();
  }

  @Test
  void everyCommand() throws IOException {
    String file = runFile("reference");
    Tarn.Result trained = Tarn.ok("train", file, "--runs", directory.toString(), "--json");
    assertTrue(!trained.err().contains("warning"), trained.err());
    JsonObject result = trained.json();
    assertTrue(result.getAsJsonObject("test").get("accuracy").getAsDouble() > 0.9, "" + result);
    String run = path("towns-1");
    String report = Files.readString(directory.resolve("towns-1/report.html"));
    assertTrue(report.contains("CategoryEmbeddings"), "the report has the layer");
    assertEquals(
        result.getAsJsonObject("test").get("loss").getAsDouble(),
        Tarn.ok("eval", run, "--device", "reference", "--json").json().get("loss").getAsDouble());
    // The training's table is other data as well.
    assertTrue(
        Tarn.ok("eval", run, "--data", path("t.csv"), "--json").json().get("accuracy").getAsDouble()
            > 0.9);

    String rows =
        Files.writeString(
                directory.resolve("new.csv"), "colour,town,size\nred,t3,5\nblue,t4,\n,t99,1\n")
            .toString();
    List<String> predicted =
        Tarn.ok("predict", run, rows, "--device", "reference").out().lines().toList();
    assertEquals("class,p_far,p_near", predicted.get(0));
    assertTrue(predicted.get(1).startsWith("far,"), predicted.get(1));
    assertTrue(predicted.get(2).startsWith("near,"), predicted.get(2));
    String lines =
        Files.writeString(
                directory.resolve("new.jsonl"),
                "{\"colour\": \"red\", \"town\": \"t3\", \"size\": 5}\n")
            .toString();
    List<String> fromLines =
        Tarn.ok("predict", run, lines, "--device", "reference").out().lines().toList();
    assertEquals(predicted.subList(0, 2), fromLines);
    try (Predictor predictor = Predictor.of(Path.of(run)).device("reference").build()) {
      Map<String, @Nullable Object> row = new HashMap<>();
      row.put("town", "t99");
      row.put("colour", null);
      row.put("size", 1);
      Prediction one = predictor.predict(row);
      String[] fields = predicted.get(3).split(",");
      assertEquals(fields[0], one.label());
      assertArrayEquals(
          new float[] {Float.parseFloat(fields[1]), Float.parseFloat(fields[2])},
          one.values(),
          1e-6f);
    }
  }

  @Test
  void whatLooksAtTheModel() throws IOException {
    String file = runFile("reference");
    Tarn.Result checked = Tarn.ok("gradcheck", file, "--elements", "40");
    assertTrue(checked.out().contains("embed.town.weight"), checked.out());
    JsonObject summary = Tarn.ok("summary", file, "--json").json();
    // Twelve towns and what is not known, four each; then size, three for the colour, and the town.
    assertEquals(13 * 4 + (1 + 3 + 4) * 16 + 16 + 16 * 2 + 2, summary.get("parameters").getAsInt());
    String text = Tarn.ok("summary", file).out();
    assertTrue(text.contains("embed") && text.contains("indices"), text);
    Tarn.ok("summary", file, "--graph", path("g.svg"));
    Tarn.ok("lr-find", file, "--steps", "40", "-o", path("lr.svg"));
    JsonObject folds =
        Tarn.ok("train", file, "train.folds=3", "train.epochs=2", "--json", "--no-report").json();
    assertEquals(3, folds.getAsJsonArray("folds").size());
  }

  /** Interrupted after 5 of 9 epochs and resumed, the weights are the same to the bit. */
  @Test
  void resumes() throws IOException {
    String file = runFile("cpu");
    String[] quiet = {"--no-report", "--runs", directory.toString()};
    Tarn.ok("train", file, "train.epochs=9", quiet[0], quiet[1], quiet[2]);
    Tarn.ok("train", file, "train.epochs=5", quiet[0], quiet[1], quiet[2]);
    Tarn.ok("train", "--resume", path("towns-2"), "train.epochs=9", quiet[0]);
    List<String> whole = Tarn.withoutSeconds(directory.resolve("towns-1/metrics.csv"));
    assertEquals(whole, Tarn.withoutSeconds(directory.resolve("towns-2/metrics.csv")));
    JsonObject summary = Tarn.ok("summary", path("towns-2"), "--json").json();
    assertEquals("[\"[4]\",\"[1]\"]", summary.get("inputs").toString());
    Tarn.ok(
        "train",
        file,
        "train.epochs=1",
        "--init-from",
        path("towns-1"),
        quiet[0],
        quiet[1],
        quiet[2]);
  }

  /** A table that changed has other categories: the run says so and goes on with nothing. */
  @Test
  void aChangedTable() throws IOException {
    String file = runFile("reference");
    Tarn.ok("train", file, "train.epochs=1", "--no-report", "--runs", directory.toString());
    Path table = directory.resolve("t.csv");
    Files.writeString(table, Files.readString(table).replace(",t1,", ",t2,"));
    Tarn.Result result = Tarn.run("train", "--resume", path("towns-1"), "train.epochs=2");
    assertEquals(1, result.code());
    assertEquals(
        String.format(
            "tarn: %s: was trained on other data than there are now in %s; put them back, or begin a"
                + " new training with --init-from%n",
            directory.resolve("towns-1/last.safetensors"), table),
        result.err());
  }
}
