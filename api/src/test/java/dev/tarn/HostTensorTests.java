package dev.tarn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HostTensorTests {
  @Test
  void wrapsWithoutACopy() {
    float[] values = {1, 2, 3, 4, 5, 6};
    HostTensor tensor = HostTensor.of(values, 2, 3);
    assertSame(values, tensor.floats());
    assertSame(values, tensor.reshape(6).floats());
    assertNotSame(values, tensor.copy().floats());
    assertEquals(tensor, tensor.copy());
    assertEquals("f32[2,3] {1.0, 2.0, 3.0, 4.0, 5.0, 6.0}", tensor.toString());
  }

  @Test
  void everyElementType() {
    HostTensor ints = HostTensor.of(new int[] {7, -1}, 2);
    HostTensor doubles = HostTensor.of(new double[] {0.1, 0.2}, Shape.of(2));
    assertArrayEquals(new int[] {7, -1}, ints.ints());
    assertArrayEquals(new double[] {0.1, 0.2}, doubles.doubles());
    assertEquals(Spec.i32(2), ints.spec());
    assertEquals("f64[2]", doubles.spec().toString());
    assertEquals(16, doubles.spec().bytes());
    assertThrows(IllegalStateException.class, ints::floats);
    assertThrows(IllegalStateException.class, doubles::ints);
    doubles.set(1, 1.0 / 3);
    assertEquals(1.0 / 3, doubles.get(1));
    HostTensor floats = HostTensor.zeros(Spec.f32(1));
    floats.set(0, 1.0 / 3);
    assertEquals((float) (1.0 / 3), floats.get(0));
  }

  @Test
  void converts() {
    HostTensor doubles = HostTensor.of(new double[] {0.1, 1e300}, Shape.of(2));
    HostTensor floats = HostTensor.zeros(Spec.f32(2));
    floats.copyFrom(doubles);
    assertArrayEquals(new float[] {0.1f, Float.POSITIVE_INFINITY}, floats.floats());
    HostTensor ints = HostTensor.zeros(Spec.i32(2));
    assertThrows(ShapeException.class, () -> ints.copyFrom(floats));
    assertThrows(ShapeException.class, () -> floats.copyFrom(HostTensor.zeros(Spec.f32(2, 1))));
  }

  @Test
  void copiesRows() {
    HostTensor floats = HostTensor.of(new float[] {1, 2, 3, 4, 5, 6}, 3, 2);
    HostTensor to = HostTensor.zeros(Spec.f32(4));
    to.copyFrom(floats, 2, 1, 2); // the second row
    assertArrayEquals(new float[] {0, 3, 4, 0}, to.floats());
    to.copyFrom(floats, 5, 0, 1);
    assertArrayEquals(new float[] {6, 3, 4, 0}, to.floats());
    HostTensor ints = HostTensor.of(new int[] {7, 8, 9}, 3);
    HostTensor other = HostTensor.of(new int[] {1, 2, 3, 4, 5, 6}, 2, 3);
    other.copyFrom(ints, 0, 3, 3);
    assertArrayEquals(new int[] {1, 2, 3, 7, 8, 9}, other.ints());
    HostTensor doubles = HostTensor.of(new double[] {0.1, 0.2}, Shape.of(2));
    to.copyFrom(doubles, 1, 3, 1);
    assertArrayEquals(new float[] {6, 3, 4, 0.2f}, to.floats());
    to.copyFrom(floats, 6, 4, 0);
    assertThrows(ShapeException.class, () -> to.copyFrom(ints, 0, 0, 1));
    assertThrows(ShapeException.class, () -> ints.copyFrom(to, 0, 0, 1));
  }

  @ParameterizedTest
  @CsvSource({"5,0,2", "0,3,2", "-1,0,1", "0,-1,1", "0,0,-1", "7,0,0", "2,2,2147483647"})
  void partsThatAreNotThere(int first, int at, int count) {
    float[] values = {1, 2, 3, 4};
    HostTensor to = HostTensor.of(values, 4);
    HostTensor from = HostTensor.zeros(Spec.f32(3, 2));
    assertThrows(IndexOutOfBoundsException.class, () -> to.copyFrom(from, first, at, count));
    HostTensor wide = HostTensor.zeros(new Spec(DType.F64, Shape.of(6)));
    assertThrows(IndexOutOfBoundsException.class, () -> to.copyFrom(wide, first, at, count));
    assertArrayEquals(new float[] {1, 2, 3, 4}, values);
  }

  @Test
  void equalityIsOfBits() {
    HostTensor nan = HostTensor.scalar(Float.NaN);
    assertEquals(nan, HostTensor.scalar(Float.NaN));
    assertNotEquals(HostTensor.scalar(0f), HostTensor.scalar(-0f));
    assertNotEquals(HostTensor.of(new float[2], 2), HostTensor.of(new float[2], 1, 2));
    assertNotEquals(HostTensor.scalar(0), HostTensor.scalar(0f));
  }

  @Test
  void refuses() {
    ShapeException e = assertThrows(ShapeException.class, () -> HostTensor.of(new float[5], 2, 3));
    assertEquals("tensor: 5 values do not fill [2,3]", e.getMessage());
    assertThrows(ShapeException.class, () -> HostTensor.zeros(Spec.f32(4)).reshape(3));
    assertThrows(IllegalStateException.class, () -> HostTensor.zeros(Spec.f32(2)).item());
    assertEquals(5, HostTensor.of(new float[] {5}, 1, 1).item());
  }
}
