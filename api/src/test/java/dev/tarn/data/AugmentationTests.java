package dev.tarn.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.TarnException;
import dev.tarn.data.Augmentation.Crop;
import dev.tarn.data.Augmentation.Flip;
import dev.tarn.data.Augmentation.Image;
import dev.tarn.data.Augmentation.Noise;
import dev.tarn.data.Augmentation.Rotate;
import dev.tarn.data.Augmentation.Shift;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

final class AugmentationTests {
  private static final Augmentation ALL =
      Augmentation.of(
          new Shift(1), new Flip(false, 0.5), new Crop(0.5), new Rotate(20), new Noise(0.1));

  /** Two channels of 2 x 3, between values that must not change. */
  private static float[] values() {
    return new float[] {-1, 1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60, -1};
  }

  private static float[] inside(float... twelve) {
    float[] out = new float[14];
    Arrays.fill(out, -1);
    System.arraycopy(twelve, 0, out, 1, 12);
    return out;
  }

  private static Image image(float[] values) {
    return new Image(values, 1, 2, 2, 3);
  }

  @Test
  void shiftAndFlip() {
    float[] a = values();
    image(a).shift(1, -1);
    assertArrayEquals(inside(0, 0, 0, 2, 3, 0, 0, 0, 0, 20, 30, 0), a);
    float[] b = values();
    image(b).flip(false);
    assertArrayEquals(inside(3, 2, 1, 6, 5, 4, 30, 20, 10, 60, 50, 40), b);
    float[] c = values();
    image(c).flip(true);
    assertArrayEquals(inside(4, 5, 6, 1, 2, 3, 40, 50, 60, 10, 20, 30), c);
    float[] d = values();
    image(d).shift(5, 0);
    assertArrayEquals(inside(new float[12]), d);
  }

  @Test
  void rotate() {
    float[] half = values();
    image(half).rotate(180);
    assertArrayEquals(inside(6, 5, 4, 3, 2, 1, 60, 50, 40, 30, 20, 10), half, 1e-4f);
    float[] square = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    new Image(square, 0, 1, 3, 3).rotate(90);
    // numpy.rot90 of the same
    assertArrayEquals(new float[] {3, 6, 9, 2, 5, 8, 1, 4, 7}, square, 1e-5f);
  }

  @Test
  void crop() {
    float[] row = {0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3};
    float[] whole = row.clone();
    new Image(whole, 0, 1, 4, 4).crop(0, 0, 1);
    assertArrayEquals(row, whole);
    new Image(row, 0, 1, 4, 4).crop(0.25, 0.5, 0.5);
    // columns 2 and 3, sampled at 1.75, 2.25, 2.75, 3.25 (clamped)
    assertArrayEquals(new float[] {1.75f, 2.25f, 2.75f, 3}, Arrays.copyOf(row, 4), 1e-6f);
  }

  @Test
  void aFunctionOfSeedEpochAndExample() {
    float[] first = values();
    ALL.apply(first, 1, Shape.of(2, 2, 3), 1, 2, 3);
    assertEquals(-1, first[0]);
    assertEquals(-1, first[13]);
    float[] again = values();
    ALL.apply(again, 1, Shape.of(2, 2, 3), 1, 2, 3);
    assertArrayEquals(first, again);
    for (long[] other : new long[][] {{2, 2, 3}, {1, 3, 3}, {1, 2, 4}}) {
      float[] different = values();
      ALL.apply(different, 1, Shape.of(2, 2, 3), other[0], other[1], other[2]);
      assertFalse(Arrays.equals(first, different));
    }
  }

  /** An example changes alike wherever it lies in whichever batch. */
  @Test
  void inBatchesOfAnySize() {
    Dataset digits =
        Preprocessing.fit(
                Datasets.digits(),
                java.util.List.of(),
                new Preprocessing.Options(
                    Normalization.Method.NONE,
                    1,
                    false,
                    Preprocessing.Kind.ONE_HOT,
                    Shape.of(1, 8, 8)))
            .apply(Datasets.digits());
    Batches large = digits.batch(100).augment(ALL);
    Batches small = digits.batch(50).augment(ALL).prefetch(2);
    try (large;
        small) {
      large.startEpoch(7, 1);
      small.startEpoch(7, 1);
      float[] hundred = large.load(3).feature().floats();
      float[] fifty = small.load(7).feature().floats();
      assertArrayEquals(Arrays.copyOfRange(hundred, 50 * 64, 100 * 64), fifty);
      float[] before = fifty.clone();
      small.startEpoch(7, 2);
      assertFalse(Arrays.equals(before, small.load(7).feature().floats()));
    }
  }

  @Test
  void whatCannotBe() {
    assertThrows(TarnException.class, () -> new Shift(0));
    assertThrows(TarnException.class, () -> new Flip(true, 1.5));
    assertThrows(TarnException.class, () -> new Crop(0));
    assertThrows(TarnException.class, () -> new Rotate(Double.NaN));
    assertThrows(TarnException.class, () -> new Noise(-1));
    Dataset flat =
        new ArrayDataset(HostTensor.of(new float[4], 1, 4), HostTensor.of(new int[] {0}, 1), 2);
    assertEquals(
        "augment: needs images [C, H, W]; examples are [4]: give them a shape",
        assertThrows(TarnException.class, () -> flat.batch(1).augment(ALL)).getMessage());
  }
}
