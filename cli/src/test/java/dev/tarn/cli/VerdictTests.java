package dev.tarn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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

  private String diagnosis(String... arguments) {
    String[] all = new String[arguments.length + 5];
    all[0] = "train";
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    System.arraycopy(
        new String[] {"--json", "--no-report", "--runs", directory.toString()},
        0,
        all,
        arguments.length + 1,
        4);
    Tarn.Result result = Tarn.run(all);
    assertEquals(0, result.code(), result.err());
    JsonArray told =
        JsonParser.parseString(result.out()).getAsJsonObject().getAsJsonArray("diagnosis");
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
  void silentOnTheExamples() {
    for (String example : new String[] {"digits", "digits-cnn", "iris"}) {
      assertEquals(
          "", diagnosis(EXAMPLES.resolve(example + ".yaml").toString(), "device=cpu"), example);
    }
  }
}
