package dev.tarn.transform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.HostTensor;
import dev.tarn.PoolWindow;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Executable;
import dev.tarn.backend.StateStore;
import dev.tarn.ir.Program;
import dev.tarn.reference.ReferenceBackend;
import java.util.List;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;

class PoolBeforeReluTests {
  private static final Spec IMAGE = Spec.f32(2, 2, 6, 7);

  /** The result of a net for x + b, and its gradients by x and b. */
  private static Program program(BiFunction<Trace, Tensor, Tensor> net) {
    Trace trace = new Trace();
    Tensor x = trace.input("x", IMAGE);
    Tensor b = trace.input("b", Spec.f32(2, 1, 1));
    Tensor y = net.apply(trace, x.add(b));
    trace.output("y", y);
    List<Tensor> gradients = Gradient.of(y.mul(y).mul(0.5).sum(), List.of(x, b));
    trace.output("dx", gradients.get(0));
    trace.output("db", gradients.get(1));
    return Simplify.apply(trace.build("test"));
  }

  private static List<HostTensor> run(Program program, float... elements) {
    HostTensor x = HostTensor.zeros(IMAGE);
    for (int i = 0; i < x.size(); i++) {
      x.set(i, elements[i * 31 % elements.length]);
    }
    HostTensor b = HostTensor.of(new float[] {0.25f, -0.5f}, 2, 1, 1);
    try (Backend backend = new ReferenceBackend();
        StateStore store = backend.allocate(List.<State>of());
        Executable executable = backend.compile(List.of(program), store)) {
      executable.run(x, b);
      return executable.read().stream().map(HostTensor::copy).toList();
    }
  }

  private static List<String> names(Program program) {
    return program.body().stream().map(node -> node.op().name()).toList();
  }

  /** Small integers, so that sums in any order are the same. */
  private static void checkSame(Program before, Program after) {
    for (float[] elements :
        new float[][] {
          {1, -2, 0, 3, 3, -1, 2, -3, 1, 1, -4},
          {-1, -2, -3},
          {1, Float.NaN, -1, 2, -3},
          {0, -0f, -1, Float.NEGATIVE_INFINITY}
        }) {
      List<HostTensor> expected = run(before, elements);
      List<HostTensor> actual = run(after, elements);
      for (int i = 0; i < expected.size(); i++) {
        for (int k = 0; k < expected.get(i).size(); k++) {
          String what = before.outputs().get(i).name() + " at " + k;
          // By ==: a zero may have another sign.
          assertEquals(0.0 + expected.get(i).get(k), 0.0 + actual.get(i).get(k), what);
        }
      }
    }
  }

  @Test
  void theReluHasFewerElements() {
    Program before = program((trace, x) -> x.relu().maxPool2d(2));
    Program after = PoolBeforeRelu.apply(before);
    checkSame(before, after);
    assertEquals(List.of("add", "max_pool2d", "relu"), names(after).subList(0, 3));
    long pooled =
        after.body().stream()
            .filter(node -> List.of("relu", "greater", "select").contains(node.op().name()))
            .filter(node -> node.output().spec().equals(Spec.f32(2, 2, 3, 3)))
            .count();
    assertEquals(3, pooled, after::toString);
    // The gradient of the bias is a sum over windows.
    assertTrue(
        after.body().stream()
            .filter(
                node ->
                    node.op().name().equals("reduce_sum")
                        && node.inputs().get(0).spec().shape().rank() == 4)
            .anyMatch(node -> node.inputs().get(0).spec().equals(Spec.f32(2, 2, 3, 3))),
        after::toString);
  }

  @Test
  void windowsMayOverlap() {
    Program before =
        program((trace, x) -> x.relu().maxPool2d(PoolWindow.of(3).stride(2).padding(1)));
    Program after = PoolBeforeRelu.apply(before);
    assertEquals("max_pool2d", names(after).get(1));
    checkSame(before, after);
  }

  /** A ReLU that something else reads stays where it is. */
  @Test
  void aReluWithOtherUsesStays() {
    Program read =
        program(
            (trace, x) -> {
              Tensor relu = x.relu();
              return relu.maxPool2d(2).add(relu.slice(new int[4], new int[] {2, 2, 3, 3}));
            });
    assertEquals("relu", names(PoolBeforeRelu.apply(read)).get(1));
    checkSame(read, PoolBeforeRelu.apply(read));
    Program given =
        program(
            (trace, x) -> {
              Tensor relu = x.relu();
              trace.output("relu", relu);
              return relu.maxPool2d(2);
            });
    assertEquals("relu", names(PoolBeforeRelu.apply(given)).get(1));
    Program twice =
        program(
            (trace, x) ->
                x.relu()
                    .maxPool2d(2)
                    .add(
                        x.relu()
                            .maxPool2d(PoolWindow.of(3).stride(2).padding(1).ceilMode())
                            .mean()));
    checkSame(twice, PoolBeforeRelu.apply(twice));
  }

  @Test
  void averagesStay() {
    Program before = program((trace, x) -> x.relu().averagePool2d(PoolWindow.of(2), false));
    assertEquals(names(before), names(PoolBeforeRelu.apply(before)));
  }
}
