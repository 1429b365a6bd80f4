package dev.tarn.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.TarnException;
import dev.tarn.data.Batches.Batch;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ArrayDatasetTests {
  private static final HostTensor IMAGES =
      HostTensor.of(new float[] {0, 1, 10, 11, 20, 21, 30, 31}, 4, 2, 1);
  private static final HostTensor WORDS =
      HostTensor.of(new int[] {0, 1, 2, 10, 11, 12, 20, 21, 22, 30, 31, 32}, 4, 3);
  private static final HostTensor LABELS = HostTensor.of(new int[] {0, 1, 2, 3}, 4);
  private static final HostTensor AGES = HostTensor.of(new float[] {5, 6, 7, 8}, 4, 1);

  @Test
  void examplesOfSeveralFeaturesAndTargets() {
    Dataset data = ArrayDataset.of(List.of(IMAGES, WORDS), List.of(LABELS, AGES), 4, 0);
    assertEquals(List.of(Spec.f32(2, 1), Spec.i32(3)), data.features());
    assertEquals(List.of(Spec.i32(), Spec.f32(1)), data.targets());
    assertEquals(4, data.classes());
    Batches batches = new Batches(data.subset(new int[] {3, 0, 2}), 2, false);
    batches.startEpoch(0, 0);
    Batch batch = batches.load(0);
    assertEquals(2, batch.size());
    assertArrayEquals(new float[] {30, 31, 0, 1}, batch.features().get(0).floats());
    assertArrayEquals(new int[] {30, 31, 32, 0, 1, 2}, batch.features().get(1).ints());
    assertArrayEquals(new int[] {3, 0}, batch.targets().get(0).ints());
    assertArrayEquals(new float[] {8, 5}, batch.targets().get(1).floats());
    assertArrayEquals(new int[] {20, 21, 22}, batches.load(1).features().get(1).ints());
  }

  @Test
  void integersAloneAreFeatures() {
    Dataset data = new ArrayDataset(WORDS, LABELS, 4);
    assertEquals(Shape.of(3), data.featureShape());
    assertEquals(Spec.i32(), data.targetSpec());
    Batches batches = new Batches(data, 3, false);
    batches.startEpoch(0, 0);
    batches.load(0);
    assertArrayEquals(new int[] {30, 31, 32}, batches.load(1).feature().ints());
  }

  @Test
  void noTargets() {
    Dataset data = ArrayDataset.of(List.of(IMAGES), List.of());
    assertEquals(List.of(), data.batch(2).data().targets());
    assertError("data: an example has 0 targets, not one", data::targetSpec);
  }

  @Test
  void whatDoesNotFitIsRefused() {
    Dataset two = ArrayDataset.of(List.of(IMAGES, WORDS), List.of(LABELS));
    assertError("data: an example has 2 features, not one", two::featureShape);
    assertError(
        "data: features f32[4,2,1] and features i32[3] do not match",
        () -> ArrayDataset.of(List.of(IMAGES, HostTensor.of(new int[3], 3)), List.of()));
    assertError(
        "data: features f32[4,2,1] and targets i32[3] do not match",
        () -> ArrayDataset.of(List.of(IMAGES), List.of(HostTensor.of(new int[3], 3))));
    assertError(
        "data: example 2 has label 2, not one of 0 to 1",
        () -> ArrayDataset.of(List.of(IMAGES), List.of(AGES, LABELS), 0, 2));
    assertError(
        "data: numbers of classes are given for 1 targets, there are 2",
        () -> ArrayDataset.of(List.of(IMAGES), List.of(AGES, LABELS), 2));
    assertError("data: an example needs features", () -> ArrayDataset.of(List.of(), List.of()));
    assertError(
        "data: labels must be i32 [N], not f32[4,1]", () -> new ArrayDataset(IMAGES, AGES, 4));
  }

  private static void assertError(String message, Runnable action) {
    TarnException e = assertThrows(TarnException.class, action::run);
    assertTrue(e.getMessage().contains(message), e::getMessage);
  }
}
