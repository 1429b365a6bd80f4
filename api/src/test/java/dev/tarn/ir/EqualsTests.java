package dev.tarn.ir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.tarn.DType;
import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.Spec;
import java.util.HashSet;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Records that write out their {@code equals} and {@code hashCode} look at every component. */
final class EqualsTests {
  /**
   * Each group is a value of a record, and the same with one component changed: as many suppliers
   * as components and one more.
   */
  private static final List<List<Supplier<Object>>> GROUPS =
      List.of(
          List.of(
              () -> new Spec(DType.F32, Shape.of(2, 3)),
              () -> new Spec(DType.BF16, Shape.of(2, 3)),
              () -> new Spec(DType.F32, Shape.of(3, 2))),
          List.of(
              () -> new Elementwise(Elementwise.Kind.EQUAL, DType.I32),
              () -> new Elementwise(Elementwise.Kind.GREATER, DType.I32),
              () -> new Elementwise(Elementwise.Kind.EQUAL, DType.F32)),
          List.of(
              () -> new Reduce(Reduce.Kind.SUM, List.of(0, 1)),
              () -> new Reduce(Reduce.Kind.MAX, List.of(0, 1)),
              () -> new Reduce(Reduce.Kind.SUM, List.of(1))),
          List.of(() -> new Reshape(Shape.of(6)), () -> new Reshape(Shape.of(6, 1))),
          List.of(
              () -> new Constant(HostTensor.of(new float[] {0, 1}, 2)),
              () -> new Constant(HostTensor.of(new float[] {-0f, 1}, 2))));

  @Test
  void equalWhereAllComponentsAre() {
    for (List<Supplier<Object>> group : GROUPS) {
      for (Supplier<Object> each : group) {
        assertEquals(each.get(), each.get());
        assertEquals(each.get().hashCode(), each.get().hashCode(), each.get().toString());
      }
    }
  }

  @Test
  void everyComponentTellsApart() {
    for (List<Supplier<Object>> group : GROUPS) {
      Object first = group.get(0).get();
      assertEquals(first.getClass().getRecordComponents().length + 1, group.size());
      for (Supplier<Object> other : group.subList(1, group.size())) {
        assertNotEquals(first, other.get());
        assertNotEquals(other.get(), first);
        assertNotEquals(first.hashCode(), other.get().hashCode(), first.toString());
      }
    }
  }

  @Test
  void differentRecordsAndNullAreNot() {
    HashSet<Object> all = new HashSet<>();
    for (List<Supplier<Object>> group : GROUPS) {
      group.forEach(each -> all.add(each.get()));
      assertNotEquals(null, group.get(0).get());
      assertNotEquals("a text", group.get(0).get());
      assertNotEquals(group.get(0).get(), "a text");
    }
    assertEquals(GROUPS.stream().mapToInt(group -> group.size()).sum(), all.size());
  }
}
