package dev.tarn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

class ArenaTests {
  private final State a = ones("a", Spec.f32(3));
  private final State b = ones("b", Spec.f32(5, 7));
  private final State c = ones("c", Spec.f32());

  private static State ones(String name, Spec spec) {
    return new State(
        () -> name,
        spec,
        seed -> {
          HostTensor tensor = HostTensor.zeros(spec);
          for (int i = 0; i < tensor.size(); i++) {
            tensor.set(i, seed);
          }
          return tensor;
        });
  }

  @Test
  void membersAreAligned() {
    Arena arena = Arena.of("all", List.of(a, b, c));
    assertEquals(List.of(0, 32, 96), List.of(arena.offset(a), arena.offset(b), arena.offset(c)));
    assertEquals(Spec.f32(128), arena.spec());
    HostTensor initial = arena.initial(4);
    for (int i = 0; i < 128; i++) {
      boolean member = i < 3 || (i >= 32 && i < 67) || i == 96;
      assertEquals(member ? 4 : 0, initial.get(i), "element " + i);
    }
  }

  @Test
  void likeHasTheSameLayout() {
    Arena arena = Arena.of("all", List.of(a, b, c));
    Arena moments = arena.like("moments", name -> name + ".m");
    assertEquals(arena.spec(), moments.spec());
    assertEquals("b.m", moments.members().get(1).name());
    assertEquals(32, moments.offset(moments.members().get(1)));
    assertEquals(HostTensor.zeros(Spec.f32(128)), moments.initial(4));
  }

  @Test
  void refusesIntegers() {
    State n = State.zeros("n", Spec.i32(2));
    ShapeException e = assertThrows(ShapeException.class, () -> Arena.of("all", List.of(n)));
    assertEquals("arena all: n: i32[2] is not f32", e.getMessage());
  }

  @Test
  void refusesMoreThanAnArrayHolds() {
    State small = State.zeros("small", Spec.f32(3));
    State half = State.zeros("half", Spec.f32(1 << 15, 1 << 15));
    State more = State.zeros("more", Spec.f32(1 << 15, 1 << 15));
    ShapeException e =
        assertThrows(ShapeException.class, () -> Arena.of("all", List.of(small, half, more)));
    assertEquals(
        "with more: f32[32768,32768] there are 2,147,483,680 parameters; a model can have"
            + " 2,147,483,584",
        e.getMessage());
  }
}
