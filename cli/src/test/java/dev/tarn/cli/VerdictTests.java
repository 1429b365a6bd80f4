package dev.tarn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code tarn train} says is wrong, and that it says nothing where nothing is. */
final class VerdictTests {
  private static final Path EXAMPLES = Path.of("..", "examples");

  @TempDir private Path directory;

  private String train(String layers, String data, String optimizer, int epochs, int batch)
      throws IOException {
    Path file = directory.resolve("net.yaml");
    Files.writeString(
        file,
        """
        data: {set: digits, %s}
        model:
        %s
        train:
          optimizer: %s
          epochs: %d
          batch: %d
        device: cpu
        seed: 3
        """
            .formatted(data, layers.stripTrailing(), optimizer, epochs, batch));
    return diagnosis(file.toString());
  }

  /** Trains on a table, of which a column is what is predicted. */
  private String trainOnTable(
      String table, String target, String split, String output, String training)
      throws IOException {
    Files.writeString(directory.resolve("table.csv"), table);
    Path file = directory.resolve("table.yaml");
    Files.writeString(
        file,
        """
        data: {csv: table.csv, %s, normalize: standard, split: %s}
        model:
          - dense: 64
          - relu
          - %s
        train: {%s}
        device: cpu
        seed: 3
        """
            .formatted(target, split, output, training));
    return diagnosis(file.toString());
  }

  private String diagnosis(String... arguments) {
    List<String> all = new ArrayList<>(List.of("train"));
    all.addAll(List.of(arguments));
    all.addAll(List.of("--json", "--no-report"));
    if (!all.contains("--resume")) {
      all.addAll(List.of("--runs", directory.toString()));
    }
    JsonArray told = Tarn.ok(all.toArray(String[]::new)).json().getAsJsonArray("diagnosis");
    return String.join("\n", told.asList().stream().map(each -> each.getAsString()).toList());
  }

  private static void assertSays(String diagnosis, String... parts) {
    for (String part : parts) {
      assertTrue(diagnosis.contains(part), diagnosis);
    }
  }

  @Test
  void twentySigmoidsVanish() throws IOException {
    String found =
        train(
            "  - dense: 16\n  - sigmoid\n".repeat(20) + "  - dense: 10\n",
            "split: [0.7, 0.15, 0.15]",
            "{sgd: {lr: 0.1}}",
            2,
            32);
    assertSays(
        found,
        "The gradients vanish: that of dense1 is",
        "times that of dense21",
        "Try relu in place of sigmoid");
    assertEquals(1, found.lines().count(), found);
  }

  @Test
  void aLearningRateOfTenDiverges() throws IOException {
    String found =
        train(
            "  - dense: 32\n  - relu\n  - dense: 10\n",
            "split: [0.7, 0.15, 0.15]",
            "{sgd: {lr: 10}}",
            2,
            32);
    assertSays(found, "The training diverges", "Divide the learning rate by ten");
    assertEquals(1, found.lines().count(), found);
  }

  @Test
  void biasesFarBelowZeroAreDeadUnits() throws IOException {
    String found =
        train(
            "  - dense: 24\n  - relu\n"
                + "  - dense: {units: 32, bias_init: {constant: {value: -1000}}}\n  - relu\n"
                + "  - dense: 10\n",
            "split: [0.7, 0.15, 0.15]",
            "{sgd: {lr: 0.01}}",
            2,
            32);
    assertSays(
        found,
        "The ReLU relu2 (after dense2) is dead: 32 of its 32 units are 0 for all of 64 examples.",
        "leaky_relu after dense2");
    assertTrue(!found.contains("relu1"), found);
  }

  @Test
  void twentyRowsAreLearntByHeart() throws IOException {
    String found =
        train(
            "  - dense: 64\n  - relu\n  - dense: 10\n",
            "split: [0.012, 0.5, 0.488]",
            "{adam: {lr: 0.01}}",
            40,
            10);
    assertSays(found, "The model over-fits", "early_stopping");
  }

  @Test
  void fewExamplesNeedOthersFirst() throws IOException {
    String found =
        train(
            "  - dense: 256\n  - relu\n  - dense: 10\n",
            "scale: 0.0625, split: [0.0112, 0.4, 0.5888]",
            "{adam: {lr: 0.001}}",
            60,
            8);
    assertSays(found, "The model over-fits", "Collect more data first: 20 examples are few");
    assertTrue(!found.contains("early_stopping"), found);
  }

  @Test
  void aTinyLearningRateHardlyMoves() throws IOException {
    String found =
        train(
            "  - dense: 32\n  - relu\n  - dense: 10\n",
            "scale: 0.0625",
            "{sgd: {lr: 1.0e-7}}",
            3,
            32);
    assertSays(found, "The model under-fits", "It hardly moves: the learning rate is too small");
  }

  @Test
  void largeTargetsAreNoExplosion() throws IOException {
    StringBuilder table = new StringBuilder("area,rooms,price\n");
    for (int i = 0; i < 200; i++) {
      int area = 50 + i * 37 % 200;
      int rooms = 2 + i * 5 % 7;
      table.append(String.format("%d,%d,%d%n", area, rooms, 2000 * area + 9000 * rooms + 50_000));
    }
    String output =
        "dense: {units: 1, init: {normal: {deviation: 1.3e+4}},"
            + " bias_init: {constant: {value: 3.2e+5}}}";
    assertEquals(
        "",
        trainOnTable(
            table.toString(),
            "targets: [price]",
            "[0.8, 0.2, 0]",
            output,
            "loss: mse, optimizer: {adam: {lr: 0.001}}, epochs: 64, batch: 16,"
                + " groups: [{match: '*dense2*', lr: 150}]"));
  }

  private static String numbers(Random random, int count) {
    return random.doubles(count).mapToObj(String::valueOf).collect(Collectors.joining(","));
  }

  @Test
  void labelsAtRandomCarryNothingOver() throws IOException {
    Random random = new Random(1);
    StringBuilder table = new StringBuilder("a,b,c,d,label\n");
    for (int i = 0; i < 300; i++) {
      table.append(numbers(random, 4)).append(random.nextBoolean() ? ",yes\n" : ",no\n");
    }
    String found =
        trainOnTable(
            table.toString(),
            "label: label",
            "[0.7, 0.3, 0]",
            "dense: 2",
            "optimizer: {adam: {lr: 0.002}}, epochs: 80, batch: 16");
    assertSays(found, "Nothing carries over to the validation data", "Check labels and features");
    assertEquals(1, found.lines().count(), found);
  }

  /** The validation loss is a tenth of the untrained one, but many times the training loss. */
  @Test
  void numbersLearntByHeart() throws IOException {
    Random random = new Random(1);
    StringBuilder table = new StringBuilder("a,b,c,d,e,f,g,h,y\n");
    for (int i = 0; i < 300; i++) {
      double a = random.nextGaussian();
      table.append(a).append(',').append(numbers(random, 7)).append(',');
      table.append(a + 0.2 * random.nextGaussian()).append('\n');
    }
    String found =
        trainOnTable(
            table.toString(),
            "targets: [y]",
            "[0.5, 0.5, 0]",
            "dense: 1",
            "loss: mse, optimizer: {adam: {lr: 0.01}}, epochs: 100, batch: 16");
    assertSays(found, "The model over-fits");
    assertEquals(1, found.lines().count(), found);
  }

  @Test
  void everyExampleTakenForOneClass() throws IOException {
    Random random = new Random(1);
    StringBuilder table = new StringBuilder("a,b,label\n");
    for (int i = 0; i < 500; i++) {
      table.append(numbers(random, 2)).append(i % 25 == 0 ? ",ill\n" : ",well\n");
    }
    String found =
        trainOnTable(
            table.toString(),
            "label: label, stratify: true",
            "[0.8, 0.1, 0.1]",
            "dense: 2",
            "optimizer: {adam: {lr: 0.001}}, epochs: 10, batch: 32");
    assertSays(
        found,
        "All 50 test examples are taken for class well, which 48 of them are of",
        "class_weights");
  }

  @Test
  void aTestPartOfTwoExamples() throws IOException {
    String found =
        train(
            "  - dense: 32\n  - relu\n  - dense: 10\n",
            "scale: 0.0625, split: [0.899, 0.1, 0.001]",
            "{adam: {lr: 0.005}}",
            8,
            32);
    assertEquals(
        "The test part has only 2 examples: 50 % of its results hang on each."
            + " Collect more data, or judge by all of them in turn (train.folds).",
        found);
  }

  /** The layers are looked at after epochs 1, 2 and 4, and the loss was most in the first. */
  @ParameterizedTest
  @ValueSource(strings = {"{sgd: {lr: 10}}", "{sgd: {lr: 1.0e-4}}", "{sgd: {lr: 0.01}}"})
  void aResumedTrainingHasTheVerdictsOfTheWhole(String optimizer) throws IOException {
    String dead = "{units: 32, bias_init: {constant: {value: -1000}}}";
    String layers =
        "  - dense: " + (optimizer.contains("0.01") ? dead : "32") + "\n  - relu\n  - dense: 10\n";
    String whole = train(layers, "scale: 0.0625", optimizer, 3, 32);
    assertTrue(!whole.isEmpty());
    train(layers, "scale: 0.0625", optimizer, 2, 32);
    Path run = directory.resolve("net-2");
    assertEquals(whole, diagnosis("--resume", run.toString(), "train.epochs=3"));
    assertEquals(whole, diagnosis("--resume", run.toString()));
  }

  @Test
  void softmaxBeforeCrossEntropy() throws IOException, InterruptedException {
    Path file = directory.resolve("net.yaml");
    Files.writeString(
        file,
        """
        data: {set: iris}
        model:
          - dense: 3
          - softmax
        train: {optimizer: {adam: {lr: 0.01}}, epochs: 1, batch: 16}
        device: cpu
        """);
    List<String> command =
        Tarn.command(
            List.of(), "train", file.toString(), "--no-report", "--runs", directory.toString());
    String warning = "tarn: warning: cross_entropy takes logits: leave softmax out (net.yaml:4)";
    Tarn.Result result = new Tarn.Child(command).await();
    assertEquals(0, result.code(), result.err());
    assertEquals(1, result.errors().stream().filter(warning::equals).count(), result.err());
  }

  @Test
  void silentOnTheExamples() {
    for (String example : new String[] {"digits", "digits-cnn", "iris"}) {
      assertEquals(
          "", diagnosis(EXAMPLES.resolve(example + ".yaml").toString(), "device=cpu"), example);
    }
  }
}
