package dev.tarn.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.HostTensor;
import dev.tarn.Mode;
import dev.tarn.Parameter;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.TarnException;
import dev.tarn.Tensor;
import dev.tarn.backend.Backend;
import dev.tarn.data.ArrayDataset;
import dev.tarn.loss.Losses;
import dev.tarn.nn.Dense;
import dev.tarn.nn.Module;
import dev.tarn.nn.MultiModule;
import dev.tarn.nn.Sequential;
import dev.tarn.optim.Sgd;
import dev.tarn.reference.ReferenceBackend;
import dev.tarn.train.Trainer;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** A model that uses what is not part of it is refused with the line that does. */
final class BelongingTests {
  private static final ArrayDataset DATA =
      ArrayDataset.of(
          List.of(HostTensor.zeros(Spec.f32(4, 5))), List.of(HostTensor.zeros(Spec.i32(4))), 3);

  /** Its first layer is not declared. */
  private static final class Forgetful extends Module {
    private final Dense hidden = Dense.units(8);
    private final Dense out = child("out", Dense.units(3));

    @Override
    public Tensor forward(Tensor x, Mode mode) {
      return out.forward(hidden.forward(x, mode).relu(), mode);
    }
  }

  /** A module of one's own within which all is declared. */
  private static final class Block extends Module {
    private final Dense inner = child("inner", Dense.units(3));

    @Override
    public Tensor forward(Tensor x, Mode mode) {
      return inner.forward(x, mode);
    }
  }

  private static final class ForgetsBlock extends Module {
    private final Block block = new Block();

    @Override
    public Tensor forward(Tensor x, Mode mode) {
      return block.forward(x, mode);
    }
  }

  private static final class Loose extends Module {
    private final Parameter factor =
        new Parameter(() -> "factor", Spec.f32(), seed -> HostTensor.scalar(1f), true);
    private final Dense out = child("out", Dense.units(3));

    @Override
    public Tensor forward(Tensor x, Mode mode) {
      return out.forward(x.mul(x.trace().state(factor)), mode);
    }
  }

  private static final class Identity extends Module {
    @Override
    public Tensor forward(Tensor x, Mode mode) {
      return x;
    }
  }

  private static final class Nothing extends Module {
    @Override
    public Tensor forward(Tensor x, Mode mode) {
      return null;
    }
  }

  private static final class Nothings extends MultiModule {
    @Override
    public List<Tensor> forward(List<Tensor> inputs, Mode mode) {
      return Arrays.asList(inputs.get(0), null);
    }
  }

  private static String error(Module model) {
    try (Backend backend = new ReferenceBackend();
        Trainer trainer =
            Trainer.of(model, backend).loss(Losses.crossEntropy()).optimizer(Sgd.lr(0.1)).build()) {
      return assertThrows(TarnException.class, () -> trainer.fit(DATA.batch(2), null, 1))
          .getMessage();
    }
  }

  private static void assertError(String expected, Module model) {
    assertEquals(expected, error(model).replaceFirst("java:[0-9]+", "java:N"));
  }

  @Test
  void aForgottenChildIsNamedWithItsLine() {
    assertError(
        "BelongingTests.java:N: Dense is used, but is no child of Forgetful: declare it with"
            + " child(\"name\", ...)",
        new Forgetful());
  }

  @Test
  void whoseChildItShouldBe() {
    assertError(
        "BelongingTests.java:N: Dense is used, but is no child of Forgetful 0: declare"
            + " it with child(\"name\", ...)",
        Sequential.of(new Forgetful()));
    assertTrue(error(new ForgetsBlock()).contains("Block is used, but is no child of Forget"));
  }

  @Test
  void aStateThatNoModuleMade() {
    assertError(
        "BelongingTests.java:N: factor is read, which is no state of Loose: make it with"
            + " parameter(...) or state(...)",
        new Loose());
  }

  /** Two of its children have one name. */
  private static final class Twins extends Module {
    private final Dense first = child("a", Dense.units(3));
    private final Dense second = child("a", Dense.units(3));

    @Override
    public Tensor forward(Tensor x, Mode mode) {
      return second.forward(first.forward(x, mode), mode);
    }
  }

  private static void assertMakingError(String expected, Supplier<Module> making) {
    String message = assertThrows(TarnException.class, making::get).getMessage();
    assertEquals(expected, message.replaceFirst("java:[0-9]+", "java:N"));
  }

  @Test
  void childrenThatCannotBe() {
    assertMakingError("Twins: two children are named 'a' (BelongingTests.java:N)", Twins::new);
    assertMakingError(
        "Sequential: two children are named 'a' (BelongingTests.java:N)",
        () -> new Sequential().add("a", Dense.units(3)).add("a", Dense.units(3)));
    Module shared = Dense.units(3);
    Sequential owner = Sequential.of(shared);
    assertMakingError(
        "Sequential: 'b' is part of another module, Sequential (BelongingTests.java:N)",
        () -> new Sequential().add("b", owner.children().get("0")));
  }

  @Test
  void nullIsNoOutput() {
    assertEquals("Nothing: its forward gave null; return a tensor", error(new Nothing()));
    assertEquals(
        "Nothing 1: its forward gave null; return a tensor",
        error(Sequential.of(Dense.units(4), new Nothing())));
    assertEquals(
        "Nothings: its forward gave null; return a tensor for each output", error(new Nothings()));
  }

  @Test
  void aModelWithoutParametersIsEvaluatedButNotTrained() {
    ArrayDataset logits =
        new ArrayDataset(
            HostTensor.of(new float[] {1, 1, 1, 1}, 2, 2), HostTensor.of(new int[] {0, 1}, 2), 2);
    try (Backend backend = new ReferenceBackend();
        Trainer trainer =
            Trainer.of(new Identity(), backend)
                .loss(Losses.crossEntropy())
                .optimizer(Sgd.lr(0.1))
                .build()) {
      assertEquals(Math.log(2), trainer.evaluate(logits).loss(), 1e-6);
      TarnException e =
          assertThrows(TarnException.class, () -> trainer.fit(logits.batch(2), null, 1));
      assertEquals(
          "trainer: the model has no parameters, so there is nothing to train; give it a layer"
              + " that has, or call evaluate",
          e.getMessage());
    }
  }

  @Test
  void whatBelongsIsTrained() {
    try (Backend backend = new ReferenceBackend();
        Trainer trainer =
            Trainer.of(new Block(), backend)
                .loss(Losses.crossEntropy())
                .optimizer(Sgd.lr(0.1))
                .build()) {
      assertEquals(1, trainer.fit(DATA.batch(2), null, 1).size());
      assertEquals(Shape.of(4, 3), trainer.predict(HostTensor.zeros(Spec.f32(4, 5))).shape());
    }
  }
}
