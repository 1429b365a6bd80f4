package dev.tarn.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.Mode;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import java.util.List;
import org.junit.jupiter.api.Test;

final class MultiModuleTests {
  /** Two inputs, or one twice; their sum, and with two outputs their difference too. */
  private static final class Both extends MultiModule {
    private final int outputs;

    Both(int outputs) {
      this.outputs = outputs;
    }

    @Override
    public List<Tensor> forward(List<Tensor> inputs, Mode mode) {
      needInputs(inputs, 2);
      Tensor a = inputs.get(0);
      Tensor b = inputs.get(1);
      return List.of(a.add(b), a.sub(b)).subList(0, outputs);
    }
  }

  private static final class Model extends MultiModule {
    private final Dense shared = child("shared", Dense.units(3));
    private final Both both = child("both", new Both(1));

    @Override
    public List<Tensor> forward(List<Tensor> inputs, Mode mode) {
      Tensor a = shared.forward(inputs.get(0), mode);
      Tensor b = shared.forward(inputs.get(0).neg(), mode);
      return both.forward(List.of(a, b), mode);
    }
  }

  private final Tensor x = new Trace().input("x", Spec.f32(2, 5));

  @Test
  void theSingleFormIsTheListForm() {
    Model model = new Model();
    assertEquals(Spec.f32(2, 3), model.forward(x, Mode.EVAL).spec());
    assertEquals(Spec.f32(2, 3), model.forward(List.of(x), Mode.EVAL).get(0).spec());
    assertEquals(
        2, model.parameters().size(), "a layer that is used twice has its parameters once");
    Dense dense = Dense.units(4);
    assertEquals(Spec.f32(2, 4), dense.forward(List.of(x), Mode.EVAL).get(0).spec());
  }

  @Test
  void wrongNumbersAreNamed() {
    assertError(
        "Dense: takes one input, was given 2: a model of several inputs extends MultiModule",
        () -> Dense.units(4).forward(List.of(x, x), Mode.EVAL));
    assertError("Both: takes 2 inputs, was given 1", () -> new Both(1).forward(x, Mode.EVAL));
    assertError(
        "Both both: takes 2 inputs, was given 3",
        () -> new Model().both.forward(List.of(x, x, x), Mode.EVAL));
    final class Fork extends MultiModule {
      @Override
      public List<Tensor> forward(List<Tensor> inputs, Mode mode) {
        return new Both(2).forward(List.of(x, x), mode);
      }
    }
    assertError("Fork: has 2 outputs, one is needed", () -> new Fork().forward(x, Mode.EVAL));
  }

  private static void assertError(String message, Runnable action) {
    ShapeException e = assertThrows(ShapeException.class, action::run);
    assertTrue(e.getMessage().contains(message), e::getMessage);
  }
}
