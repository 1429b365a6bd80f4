package dev.tarn.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.tarn.HostTensor;
import dev.tarn.Spec;
import dev.tarn.TarnException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class WholeNumbersTests {
  private static Dataset data(float last) {
    return WholeNumbers.of(
        ArrayDataset.of(
            List.of(
                HostTensor.of(new float[] {0, 1, 2, -3, 4, last}, 3, 2),
                HostTensor.of(new int[] {7, 8, 9}, 3)),
            List.of(HostTensor.of(new float[] {0.5f, 1.5f, 2.5f}, 3))));
  }

  @Test
  void featuresBecomeIntegersAndTargetsStay() {
    Dataset data = data(1 << 24);
    assertEquals(List.of(Spec.i32(2), Spec.i32()), data.features());
    assertEquals(Spec.f32(), data.targetSpec());
    Batches batches = new Batches(data.subset(new int[] {2, 1}), 2, false);
    batches.startEpoch(0, 0);
    Batches.Batch batch = batches.load(0);
    assertArrayEquals(new int[] {4, 1 << 24, 2, -3}, batch.features().get(0).ints());
    assertArrayEquals(new int[] {9, 8}, batch.features().get(1).ints());
    assertArrayEquals(new float[] {2.5f, 1.5f}, batch.target().floats());
  }

  @ParameterizedTest
  @ValueSource(floats = {0.5f, Float.NaN, Float.POSITIVE_INFINITY, 1e10f})
  void otherNumbersAreNamed(float value) {
    Batches batches = new Batches(data(value).subset(new int[] {0, 2}), 2, false);
    batches.startEpoch(0, 0);
    TarnException e = assertThrows(TarnException.class, () -> batches.load(0));
    assertEquals(
        "data: example 3: feature 2 is " + value + ", but an embedding needs whole numbers",
        e.getMessage());
    HostTensor row = HostTensor.of(new float[] {1, 2, 3, value}, 2, 2);
    assertEquals(
        "data: row 2: feature 2 is " + value + ", but an embedding needs whole numbers",
        assertThrows(TarnException.class, () -> WholeNumbers.of(row)).getMessage());
  }
}
