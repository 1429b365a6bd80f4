package dev.tarn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What commands do with good input. */
final class CommandsTests {
  private static final String DEVICE = "device=reference";

  @TempDir private Path directory;

  private String path(String name) {
    return directory.resolve(name).toString();
  }

  private String write(String name, String text) throws IOException {
    return Files.writeString(directory.resolve(name), text).toString();
  }

  private String netFile() throws IOException {
    return write(
        "net.yaml",
        """
        data: {set: iris}
        model:
          class: dev.tarn.cli.Nets$Net
          args: {width: 12, scale: 1, classes: 3}
        train:
          optimizer: {adam: {lr: 0.02}}
          epochs: 20
          batch: 16
        device: reference
        """);
  }

  /** A table with names, texts, a missing value and an identifier, from nothing to predictions. */
  @Test
  void initTrainPredict() throws IOException {
    StringBuilder table = new StringBuilder("id;size;colour;kind\n");
    Random random = new Random(3);
    for (int i = 0; i < 120; i++) {
      boolean cat = i % 2 == 0;
      String size = i % 9 == 0 ? "" : String.valueOf((cat ? 20 : 60) + random.nextInt(9));
      table.append(5000 + i).append(';').append(size).append(';');
      table.append(cat ? "ginger" : i % 3 == 0 ? "NA" : "black").append(';');
      table.append(cat ? "cat" : "dog").append('\n');
    }
    String csv = write("pets.csv", table.toString());
    String yaml = path("pets.yaml");
    Tarn.Result init = Tarn.ok("init", csv, "-o", yaml);
    assertTrue(init.out().contains("class: column 'kind', 2 values"), init.out());
    assertTrue(init.out().contains("left out: id (identifier)\n"), init.out());
    String text = Files.readString(directory.resolve("pets.yaml"));
    assertTrue(text.contains("  categorical: [colour]"), text);
    assertTrue(text.contains("  missing: [\"\", NA]"), text);
    assertTrue(text.contains("  - dense: 2 #"), text);
    Tarn.ok(
        "train", yaml, DEVICE, "train.epochs=20", "--runs", directory.toString(), "--no-report");
    String rows = write("new.csv", "colour;size\nginger;21\npurple;62\n;\n");
    List<String> predicted = Tarn.ok("predict", path("pets-1"), rows).out().lines().toList();
    assertEquals("class,p_cat,p_dog", predicted.get(0));
    assertTrue(predicted.get(1).startsWith("cat,"), predicted.get(1));
    assertTrue(predicted.get(2).startsWith("dog,"), predicted.get(2));
    assertEquals(4, predicted.size());

    String lines =
        write(
            "new.jsonl",
            "{\"size\": 21, \"colour\": \"ginger\"}\n\n"
                + "{\"colour\": \"black\", \"size\": null, \"id\": 1}\n");
    List<String> objects =
        Tarn.ok("predict", path("pets-1"), lines, "--format", "jsonl").out().lines().toList();
    JsonObject first = JsonParser.parseString(objects.get(0)).getAsJsonObject();
    assertEquals("cat", first.get("class").getAsString());
    assertEquals(
        Double.parseDouble(predicted.get(1).split(",")[1]),
        first.getAsJsonObject("probabilities").get("cat").getAsDouble(),
        1e-6);
    assertEquals(2, objects.size());

    String misspelt = write("bad.jsonl", "{\"colour\": \"black\", \"sizee\": 21}\n");
    Tarn.Result refused = Tarn.run("predict", path("pets-1"), misspelt);
    assertEquals(1, refused.code());
    assertEquals(
        "tarn: "
            + misspelt
            + ":1: there is no 'size', which the model was trained on; null stands for a missing"
            + " one; there are also [sizee]",
        refused.err().strip());

    // The same rows, read as other data: sorted differently, and without one of the classes.
    String dogs = write("dogs.csv", "kind;size;colour;id\ndog;63;black;1\ndog;60;NA;2\n");
    JsonObject evaluated = Tarn.ok("eval", path("pets-1"), "--data", dogs, "--json").json();
    assertEquals(1.0, evaluated.get("accuracy").getAsDouble());
    assertEquals(2, evaluated.get("examples").getAsInt());
  }

  /** Prices of some hundred thousands: the output layer begins near them. */
  @Test
  void initOfNumbersToPredict() throws IOException {
    StringBuilder table = new StringBuilder("area,price\n");
    for (int i = 0; i < 200; i++) {
      double area = 30 + i * 37 % 170;
      table.append(area).append(',').append(3000 * area + 100_000).append('\n');
    }
    String yaml = path("p.yaml");
    Tarn.ok("init", write("houses.csv", table.toString()), "-o", yaml);
    JsonObject result =
        Tarn.ok("train", yaml, DEVICE, "--runs", directory.toString(), "--no-report", "--json")
            .json();
    // The variance of the prices is 2.2e10: less than a tenth of a percent of it is left.
    double loss = result.getAsJsonObject("test").get("loss").getAsDouble();
    assertTrue(loss < 2e7, "loss " + loss);
  }

  @Test
  void initOfImagesAndPredictionOfOne() throws IOException {
    Random random = new Random(1);
    for (String kind : List.of("dark", "light")) {
      Path of = Files.createDirectories(directory.resolve("photos").resolve(kind));
      for (int i = 0; i < 15; i++) {
        BufferedImage image = new BufferedImage(12, 10, BufferedImage.TYPE_INT_RGB);
        for (int p = 0; p < 120; p++) {
          int value = (kind.equals("dark") ? 40 : 180) + random.nextInt(30);
          image.setRGB(p % 12, p / 12, value << 16 | (value - 20) << 8 | value);
        }
        ImageIO.write(image, "png", of.resolve(i + ".png").toFile());
      }
    }
    String yaml = path("photos.yaml");
    Tarn.ok("init", path("photos"), "-o", yaml);
    String text = Files.readString(directory.resolve("photos.yaml"));
    assertTrue(text.contains("- conv2d:"), text);
    Tarn.ok("train", yaml, DEVICE, "train.epochs=4", "--runs", directory.toString(), "--no-report");
    List<String> lines =
        Tarn.ok("predict", path("photos-1"), path("photos/light")).out().lines().toList();
    assertEquals("file,class,p_dark,p_light", lines.get(0));
    assertEquals(16, lines.size());
    assertTrue(lines.get(1).startsWith("0.png,light,"), lines.get(1));
    String one = Tarn.ok("predict", path("photos-1"), path("photos/dark/3.png")).out();
    assertTrue(one.contains("3.png,dark,"), one);
  }

  /** Counts worked out by hand for a convolution, a block and a dense layer. */
  @Test
  void summaryCounts() throws IOException {
    String file =
        write(
            "s.yaml",
            """
            data: {set: digits, shape: [1, 8, 8]}
            model:
              - conv2d: {filters: 4, kernel: 3, padding: same}
              - residual:
                  - conv2d: {filters: 4, kernel: 3, padding: same, bias: false}
                  - relu
              - max_pool2d: 2
              - flatten
              - dense: 10
            train: {optimizer: adam, epochs: 1, batch: 8}
            device: reference
            """);
    JsonObject summary = Tarn.ok("summary", file, "--json", "--graph", path("g.dot")).json();
    JsonArray layers = summary.getAsJsonArray("layers");
    JsonObject conv = layers.get(0).getAsJsonObject();
    assertEquals(4 * 9 + 4, conv.get("parameters").getAsInt());
    // 256 results of 9 products and sums each, and the bias
    assertEquals(256 * 18 + 256, conv.get("flops").getAsInt());
    JsonObject inner = layers.get(2).getAsJsonObject();
    assertEquals(1, inner.get("depth").getAsInt());
    assertEquals(4 * 4 * 9, inner.get("parameters").getAsInt());
    assertEquals("[5,5]", inner.get("receptive_field").toString());
    JsonObject pool = layers.get(4).getAsJsonObject();
    assertEquals("[4,4,4]", pool.get("output").toString());
    assertEquals("[6,6]", pool.get("receptive_field").toString());
    assertEquals(40 + 144 + 650, summary.get("parameters").getAsInt());
    assertTrue(Files.readString(directory.resolve("g.dot")).startsWith("digraph"));
    assertTrue(
        Tarn.ok("summary", file, "--json", "--batch", "64").json().get("bytes").getAsLong()
            > summary.get("bytes").getAsLong());
    for (String line : Tarn.ok("summary", file, "--graph", path("g.svg")).out().lines().toList()) {
      assertTrue(line.length() <= 80 || line.startsWith("graph"), line);
    }
    assertTrue(Files.readString(directory.resolve("g.svg")).contains("<svg"));
  }

  @Test
  void modelOfAClass() throws IOException {
    String file = netFile();
    Tarn.ok("train", file, "model.args.width=16", "--runs", directory.toString(), "--no-report");
    JsonObject summary = Tarn.ok("summary", path("net-1"), "--json").json();
    assertEquals(4 * 16 + 16 + 16 * 3 + 3, summary.get("parameters").getAsInt());
    assertEquals(
        "hidden",
        summary.getAsJsonArray("layers").get(1).getAsJsonObject().get("name").getAsString());
    Tarn.ok("eval", path("net-1"));
    Tarn.ok("gradcheck", file);
  }

  @Test
  void gradcheckFindsAWrongGradient() throws IOException {
    String file = netFile();
    Tarn.Result wrong =
        Tarn.run("gradcheck", file, "model={class: dev.tarn.cli.Nets$WrongGradient}");
    assertEquals(1, wrong.code(), wrong.err());
    assertTrue(wrong.out().contains("out.weight"), wrong.out());
    assertTrue(wrong.out().contains("wrong: 2 of 2 parameters"), wrong.out());
    // twice the gradient: half of it is wrong
    assertTrue(wrong.out().contains("5.0e-01  WRONG"), wrong.out());
  }

  @Test
  void gradcheckOfWeightedExamples() throws IOException {
    String file = netFile();
    String weighted = "train.loss={cross_entropy: {class_weights: [1, 5, 0.5], ignore_index: 2}}";
    Tarn.Result right = Tarn.ok("gradcheck", file, weighted, "--batch", "6", "--elements", "50");
    assertTrue(right.out().contains("right: all 4 parameters"), right.out());
    Tarn.Result wrong =
        Tarn.run(
            "gradcheck",
            file,
            weighted,
            "model={class: dev.tarn.cli.Nets$WrongOperation}",
            "--batch",
            "6");
    assertEquals(1, wrong.code(), wrong.err());
    // only what lies before the operation is wrong
    assertTrue(wrong.out().contains("wrong: 2 of 4 parameters"), wrong.out());
    assertTrue(wrong.out().matches("(?s).*hidden.weight[^\\n]*5.0e-01  WRONG.*"), wrong.out());
    Tarn.Result none =
        Tarn.run("gradcheck", file, "train.loss={cross_entropy: {class_weights: [0, 0, 0]}}");
    assertEquals(1, none.code(), none.out());
    assertTrue(none.err().contains("weigh 0 together"), none.err());
  }

  @Test
  void lrFindDrawsAndSuggests() throws IOException {
    String file = Tarn.runFile(directory, 1, "reference").toString();
    JsonObject found = Tarn.ok("lr-find", file, "-o", path("lr.svg"), "--json").json();
    double rate = found.get("suggested").getAsDouble();
    assertTrue(rate > 1e-4 && rate < 1, "suggested " + rate);
    assertTrue(Files.readString(directory.resolve("lr.svg")).contains("<svg"));
  }

  @Test
  void reportIsWrittenUnlessItIsNotWanted() throws IOException {
    String file = Tarn.runFile(directory, 2, "reference").toString();
    Tarn.Result result = Tarn.ok("train", file, "--runs", directory.toString());
    assertTrue(result.out().contains("report  " + path("small-1/report.html")), result.out());
    assertTrue(result.out().contains("waiting for batches"), result.out());
    assertTrue(Files.readString(directory.resolve("small-1/report.html")).contains("setosa"));
    assertTrue(Files.exists(directory.resolve("small-1/pictures/confusion.svg")));
    Tarn.ok("train", file, "--runs", directory.toString(), "report=false");
    Tarn.ok("train", file, "--runs", directory.toString(), "--no-report");
    assertFalse(Files.exists(directory.resolve("small-2/report.html")));
    assertFalse(Files.exists(directory.resolve("small-3/report.html")));
  }

  @Test
  void configIsWhatTrainingKeeps() throws IOException {
    String file = Tarn.runFile(directory, 2, "reference").toString();
    String resolved = Tarn.ok("config", file, "train.batch=9").out();
    assertTrue(resolved.contains("batch: 9"), resolved);
    assertEquals(resolved, Tarn.ok("config", write("again.yaml", resolved)).out());
  }

  @Test
  void datasetsTellWhereTheyAre() {
    String text = Tarn.ok("datasets", "iris", "mnist").out();
    assertTrue(text.contains("comes with Tarn"), text);
    JsonArray all = JsonParser.parseString(Tarn.ok("datasets", "--json").out()).getAsJsonArray();
    assertTrue(all.get(0).getAsJsonObject().get("available").getAsBoolean());
  }

  @Test
  void completionKnowsCommandsAndOptions() {
    String script = Tarn.ok("completion").out();
    for (String word : List.of("gradcheck", "lr-find", "--init-from", "--no-report")) {
      assertTrue(script.contains(word), word);
    }
  }
}
