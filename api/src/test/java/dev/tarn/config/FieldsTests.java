package dev.tarn.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which name was meant. */
final class FieldsTests {
  @ParameterizedTest
  @CsvSource({
    "epoch, epochs",
    "EPOCHS, epochs",
    "ReLU, relu",
    "CrossEntropy, cross_entropy",
    "mae, l1",
    "Linear, dense",
    "fc, dense",
    "BCE, binary_cross_entropy",
    "batch_size, batch",
  })
  void meant(String given, String wanted) {
    List<String> known =
        List.of("relu", "epochs", "cross_entropy", "l1", "dense", "binary_cross_entropy", "batch");
    assertEquals("did you mean '" + wanted + "'?", Fields.meant(given, known));
  }

  @Test
  void namesOfColumnsKeepTheirCase() {
    assertEquals("did you mean 'Town'?", Fields.meant("town", List.of("Kind", "Town")));
    assertEquals("expected one of a, b", Fields.meant("mae", List.of("a", "b")));
  }

  @ParameterizedTest
  @CsvSource({"lr, lr", "learning_rate, lr", "weight_decay, weight_decay"})
  void settingsOfTheOptimizer(String key, String wanted) {
    String text =
        "data: {set: iris}\nmodel: [dense: 3]\n"
            + "train: {optimizer: adam, epochs: 1, batch: 8, "
            + key
            + ": 0.1}\n";
    String told =
        assertThrows(
                ConfigException.class,
                () -> RunConfig.parse(text, "f.yaml", Path.of("/base"), List.of()))
            .getMessage();
    assertTrue(
        told.endsWith(
            "unknown key '" + key + "'; did you mean 'train.optimizer.<name>." + wanted + "'?"),
        told);
  }
}
