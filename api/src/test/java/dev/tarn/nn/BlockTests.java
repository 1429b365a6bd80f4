package dev.tarn.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.HostTensor;
import dev.tarn.Mode;
import dev.tarn.Parameter;
import dev.tarn.Shape;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.Trace;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Executable;
import dev.tarn.backend.StateStore;
import dev.tarn.ir.Origin;
import dev.tarn.reference.ReferenceBackend;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Modules made of modules, and dropout of channels. */
class BlockTests {
  private static final HostTensor X = HostTensor.of(new float[] {1, 2, -3, 4}, 2, 2);

  private static float[] run(Module module, HostTensor x) {
    Trace trace = new Trace();
    trace.output("y", module.forward(trace.input("x", x.spec()), Mode.TRAIN));
    List<State> states = new ArrayList<>(module.parameters());
    try (Backend backend = new ReferenceBackend();
        StateStore store = backend.allocate(states);
        Executable executable = backend.compile(List.of(trace.build("test")), store)) {
      store.reset(1);
      executable.run(x);
      return executable.read().get(0).floats().clone();
    }
  }

  private static Dense dense(int units, double weight) {
    return Dense.units(units).weights(Initializers.constant(weight)).withoutBias();
  }

  private static String failure(Module module, int... input) {
    return assertThrows(
            ShapeException.class,
            () -> module.forward(new Trace().input("x", Spec.f32(input)), Mode.TRAIN))
        .getMessage();
  }

  private static List<String> names(Module module, int... input) {
    module.forward(new Trace().input("x", Spec.f32(input)), Mode.TRAIN);
    return module.parameters().stream().map(Parameter::name).toList();
  }

  @Test
  void aResidualAddsItsInput() {
    assertArrayEquals(new float[] {2, 4, -3, 8}, run(Residual.of(Activation.relu()), X));
    // Rows sum to 3 and 1: f is half of that, the shortcut a hundred times that.
    Residual block = Residual.of(dense(3, 0.5)).shortcut(dense(3, 100));
    assertArrayEquals(new float[] {301.5f, 301.5f, 301.5f, 100.5f, 100.5f, 100.5f}, run(block, X));
    assertArrayEquals(new float[] {2, 4, -6, 8}, run(new Residual(), X));
  }

  @Test
  void aResidualNamesTermsThatDoNotFit() {
    Sequential model = new Sequential().add("block", Residual.of(dense(3, 1)));
    String message = failure(model, 2, 5);
    assertTrue(
        message.startsWith(
            "residual block: its layers give [2,3], its input is [2,5]; give it a shortcut that"
                + " ends with the same shape"),
        message);
    message = failure(Residual.of(dense(3, 1)).shortcut(dense(4, 1)), 2, 5);
    assertTrue(message.contains("its layers give [2,3], its shortcut gives [2,4]"), message);
    // What would broadcast is not a sum of equal shapes either.
    message = failure(Residual.of(dense(1, 1)), 2, 5);
    assertTrue(message.contains("its layers give [2,1], its input is [2,5]"), message);
  }

  @Test
  void branchesAreJoinedOrAdded() {
    Module twice = Activation.of(x -> x.mul(2));
    assertArrayEquals(
        new float[] {1, 2, 1, 1, 2, 4, 0, 4, 0, 1, -6, 8},
        run(Parallel.concat(Activation.relu(), Activation.step(), twice), X));
    assertArrayEquals(
        new float[] {3, 6, -6, 12},
        run(Parallel.sum(Activation.relu(), Activation.of(x -> x.mul(2))), X));
    assertArrayEquals(
        new float[] {1, 2, 0, 4, 1, 2, -3, 4},
        run(Parallel.concat(0, Activation.relu(), new Sequential()), X));
  }

  @Test
  void branchesThatDoNotFitAreNamed() {
    String message = failure(Parallel.sum(dense(3, 1), dense(4, 1)), 2, 5);
    assertTrue(
        message.startsWith(
            "parallel : branch1 gives [2,3], branch2 gives [2,4]; a sum needs equal shapes"),
        message);
    Conv2d strided = Conv2d.filters(2).stride(2);
    message = failure(Parallel.concat(Conv2d.filters(4), strided), 2, 3, 4, 4);
    assertTrue(
        message.contains(
            "branch1 gives [2,4,4,4], branch2 gives [2,2,2,2]; concat along axis 1 needs"),
        message);
    message = failure(Parallel.concat(2, dense(3, 1), dense(3, 1)), 2, 5);
    assertTrue(message.contains("branch1 gives [2,3], which has no axis 2"), message);
    assertTrue(failure(Parallel.sum(), 2, 5).contains("has no branches"));
  }

  @Test
  void pathsNameEveryModuleOnTheWay() {
    Module model =
        new Sequential()
            .add(
                "block",
                new Residual()
                    .add("conv", Conv2d.filters(4).kernel(3).same())
                    .shortcut(Sequential.of(Conv2d.filters(4).withoutBias())))
            .add("both", Parallel.concat(Conv2d.filters(1), Conv2d.filters(1)));
    assertEquals(
        List.of(
            "block.conv.weight",
            "block.conv.bias",
            "block.shortcut.0.weight",
            "both.branch1.weight",
            "both.branch1.bias",
            "both.branch2.weight",
            "both.branch2.bias"),
        names(model, 1, 3, 4, 4));
  }

  @Test
  void aSharedModuleHasOneSetOfParameters() {
    Dense twice = Dense.units(2).weights(Initializers.constant(1)).withoutBias();
    Sequential model = new Sequential().add("twice", twice).share(twice, Origin.NONE);
    assertEquals(List.of("twice.weight"), names(model, 1, 2));
    // Each row's sum, then the sum of two of them.
    assertArrayEquals(new float[] {6, 6, 2, 2}, run(model, X));
  }

  /** All elements of a channel share their fate; channels are drawn as elements of [N, C, 1, 1]. */
  @Test
  void spatialDropoutDropsChannels() {
    Shape shape = Shape.of(16, 8, 3, 5);
    float[] ones = new float[shape.intSize()];
    java.util.Arrays.fill(ones, 1);
    float[] y = masked(Dropout.rate(0.25).spatial(), HostTensor.of(ones, shape));
    float[] plain =
        masked(Dropout.rate(0.25), HostTensor.of(new float[128], Shape.of(16, 8, 1, 1)));
    Set<Float> seen = new HashSet<>();
    for (int channel = 0; channel < 128; channel++) {
      for (int i = 0; i < 15; i++) {
        assertEquals(y[channel * 15], y[channel * 15 + i]);
      }
      assertEquals(plain[channel], y[channel * 15], "channel " + channel);
      seen.add(y[channel * 15]);
    }
    assertEquals(Set.of(0f, 1 / 0.75f), seen);
  }

  /** The layer's output for ones of the shape given. */
  private static float[] masked(Dropout dropout, HostTensor x) {
    Trace trace = new Trace();
    trace.output("y", dropout.forward(trace.input("x", x.spec()).mul(0).add(1), Mode.TRAIN));
    var program = trace.build("test");
    try (Backend backend = new ReferenceBackend();
        StateStore store = backend.allocate(List.of());
        Executable executable = backend.compile(List.of(program), store)) {
      HostTensor[] inputs =
          program.inputs().stream()
              .map(input -> input.name().equals("x") ? x : HostTensor.zeros(input.value().spec()))
              .toArray(HostTensor[]::new);
      executable.run(inputs);
      return executable.read().get(0).floats().clone();
    }
  }

  @Test
  void spatialDropoutNeedsChannels() {
    assertTrue(failure(Dropout.rate(0.1).spatial(), 2, 5).contains("spatial needs [N, C, L]"));
    Trace trace = new Trace();
    var x = trace.input("x", Spec.f32(2, 3, 4, 4));
    assertEquals(x, Dropout.rate(0.5).spatial().forward(x, Mode.EVAL));
  }

  @Test
  void initializersOfBiasesAndNorms() {
    Module model =
        Sequential.of(
            Dense.units(1).weights(Initializers.zeros()).biases(Initializers.constant(5)),
            LayerNorm.create()
                .biases(Initializers.constant(2))
                .weights(Initializers.constant(3))
                .epsilon(0.5));
    assertArrayEquals(new float[] {2, 2}, run(model, X));
    Module images =
        Sequential.of(
            Conv2d.filters(1).weights(Initializers.zeros()).biases(Initializers.constant(5)),
            GroupNorm.groups(1).weights(Initializers.zeros()).biases(Initializers.constant(-1)));
    HostTensor image = HostTensor.of(new float[] {1, 2, 3, 4}, 1, 1, 2, 2);
    assertArrayEquals(new float[] {-1, -1, -1, -1}, run(images, image));
    assertArrayEquals(
        new float[] {1, 2, 3, 4},
        run(PRelu.perChannel().weights(Initializers.constant(-1)), image));
  }

  @Test
  void paddingPerSide() {
    HostTensor image = HostTensor.of(new float[] {1, 2, 3, 4}, 1, 1, 2, 2);
    Conv2d conv = Conv2d.filters(1).kernel(2).padding(0, 1, 2, 0).withoutBias();
    conv.weights(Initializers.constant(1));
    assertArrayEquals(new float[] {0, 4, 10, 0, 3, 7}, run(conv, image));
    Conv1d rows = Conv1d.filters(1).kernel(2).padding(0, 1).withoutBias();
    rows.weights(Initializers.constant(1));
    assertArrayEquals(
        new float[] {3, 5, 3}, run(rows, HostTensor.of(new float[] {1, 2, 3}, 1, 1, 3)));
    ConvTranspose2d up = ConvTranspose2d.filters(1).kernel(2).padding(1, 0, 0, 1).withoutBias();
    up.weights(Initializers.constant(1));
    // [[1,3,2],[4,10,6],[3,7,4]] without its first row and last column.
    assertArrayEquals(new float[] {4, 10, 3, 7}, run(up, image));
  }
}
