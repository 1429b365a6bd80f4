package dev.tarn.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.HostTensor;
import dev.tarn.TarnException;
import dev.tarn.data.Dataset.Split;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Every example is in one validation part, and never in the training part beside it. */
final class FoldsTests {
  /** Examples whose only feature is their number; the last class has 3 of 23. */
  private static Dataset data(boolean classes) {
    float[] numbers = new float[23];
    int[] labels = new int[23];
    for (int i = 0; i < 23; i++) {
      numbers[i] = i;
      labels[i] = i < 12 ? 0 : i < 20 ? 1 : 2;
    }
    HostTensor features = HostTensor.of(numbers, 23, 1);
    return classes
        ? ArrayDataset.of(List.of(features), List.of(HostTensor.of(labels, 23)), 3)
        : ArrayDataset.ofNumbers(features, HostTensor.of(numbers, 23, 1));
  }

  private static List<Integer> numbers(Dataset data) {
    Batches all = new Batches(data, 100, false);
    all.startEpoch(0, 0);
    float[] values = all.load(0).feature().floats();
    return IntStream.range(0, values.length).mapToObj(i -> (int) values[i]).toList();
  }

  @Test
  void partsAreDisjointAndTogetherAllExamples() {
    for (boolean classes : new boolean[] {false, true}) {
      List<Integer> validated = new ArrayList<>();
      for (Split fold : Folds.of(data(classes), 4, 7)) {
        Set<Integer> both = new HashSet<>(numbers(fold.train()));
        both.addAll(numbers(fold.validation()));
        assertEquals(23, both.size());
        assertEquals(23, fold.train().size() + fold.validation().size());
        assertTrue(fold.validation().size() == 5 || fold.validation().size() == 6);
        assertEquals(0, fold.test().size());
        validated.addAll(numbers(fold.validation()));
      }
      assertEquals(IntStream.range(0, 23).boxed().toList(), validated.stream().sorted().toList());
    }
  }

  @Test
  void classesAreSpreadEvenly() {
    for (Split fold : Folds.of(data(true), 3, 1)) {
      int[] counts = new int[3];
      numbers(fold.validation()).forEach(i -> counts[i < 12 ? 0 : i < 20 ? 1 : 2]++);
      assertEquals(4, counts[0]);
      assertTrue(counts[1] == 2 || counts[1] == 3);
      assertEquals(1, counts[2]);
    }
  }

  @Test
  void theSeedDecides() {
    List<Integer> first = numbers(Folds.of(data(true), 3, 1).get(0).validation());
    assertEquals(first, numbers(Folds.of(data(true), 3, 1).get(0).validation()));
    assertNotEquals(first, numbers(Folds.of(data(true), 3, 2).get(0).validation()));
    assertThrows(TarnException.class, () -> Folds.of(data(true), 1, 0));
    assertThrows(TarnException.class, () -> Folds.of(data(true), 24, 0));
  }
}
