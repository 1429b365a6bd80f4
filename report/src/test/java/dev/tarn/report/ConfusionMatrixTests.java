package dev.tarn.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

final class ConfusionMatrixTests {
  private static final List<String> LABELS = List.of("cat", "dog", "owl");

  @Test
  void countsPredictions() {
    ConfusionMatrix matrix =
        ConfusionMatrix.of(new int[] {0, 0, 0, 1, 1, 0}, new int[] {0, 1, 1, 1, 0, 0}, LABELS);
    assertEquals(2, matrix.count(0, 1));
    assertEquals(3, matrix.correct());
    assertEquals(6, matrix.examples());
    assertEquals(0.5, matrix.share(0, 1));
    assertEquals(0, matrix.share(2, 2));
    assertEquals(
        List.of(
            new ConfusionMatrix.Confusion("cat", "dog", 2, 0.5),
            new ConfusionMatrix.Confusion("dog", "cat", 1, 0.5)),
        matrix.confusions(10));
    assertEquals(1, matrix.confusions(1).size());
  }

  @Test
  void refusesWhatIsNoMatrix() {
    assertThrows(IllegalArgumentException.class, () -> new ConfusionMatrix(new int[3][2], LABELS));
    assertThrows(IllegalArgumentException.class, () -> new ConfusionMatrix(new int[2][3], LABELS));
    assertThrows(
        IllegalArgumentException.class, () -> new ConfusionMatrix(new int[0][0], List.of()));
  }
}
