package dev.tarn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class HelpTests {
  @ParameterizedTest
  @ValueSource(
      strings = {"help", "help train", "help eval", "help predict", "help devices", "help bench"})
  void helpFitsEightyColumns(String line) {
    Tarn.Result result = Tarn.run(line.split(" "));
    assertEquals(0, result.code());
    assertTrue(result.out().startsWith("Usage: tarn"), result.out());
    result.out().lines().forEach(text -> assertTrue(text.length() <= 80, text));
  }

  @Test
  void version() {
    assertTrue(Tarn.run("--version").out().startsWith("tarn "));
  }

  @Test
  void devicesListsTheReference() {
    Tarn.Result result = Tarn.run("devices");
    assertEquals(0, result.code());
    assertTrue(
        result.out().lines().anyMatch(text -> text.matches("reference +yes +plain Java.*")),
        result.out());
  }
}
