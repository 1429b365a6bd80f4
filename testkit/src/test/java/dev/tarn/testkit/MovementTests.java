package dev.tarn.testkit;

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
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Executable;
import dev.tarn.backend.StateStore;
import dev.tarn.ir.Program;
import dev.tarn.ir.StopGradient;
import dev.tarn.nn.Embedding;
import dev.tarn.reference.ReferenceBackend;
import dev.tarn.transform.Gradient;
import dev.tarn.transform.Simplify;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Worked examples of moving data, the end of a gradient's way, the embedding layer, messages. */
class MovementTests {
  private final Trace trace = new Trace();
  private final Tensor x = trace.input("x", Spec.f32(2, 3));
  private final Tensor n = trace.input("n", Spec.i32(2, 2));

  private double[] values(Tensor output) {
    trace.output("y", output);
    try (Backend backend = new ReferenceBackend();
        StateStore store = backend.allocate(List.of());
        Executable executable = backend.compile(List.of(trace.build("test")), store)) {
      executable.run(
          HostTensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3),
          HostTensor.of(new int[] {1, 0, 2, -1}, 2, 2));
      return executable.read().get(0).toDoubles();
    }
  }

  @Test
  void transposes() {
    assertArrayEquals(new double[] {1, 4, 2, 5, 3, 6}, values(x.t()));
  }

  @Test
  void permutes() {
    // y[k,i,j] = x[i,j,k] of x [1,2,3]
    Tensor y = x.unsqueeze(0).transpose(2, 0, 1);
    assertEquals(Shape.of(3, 1, 2), y.shape());
    assertArrayEquals(new double[] {1, 4, 2, 5, 3, 6}, values(y));
  }

  @Test
  void slices() {
    assertArrayEquals(new double[] {2, 3, 5, 6}, values(x.narrow(1, 1, 2)));
  }

  @Test
  void pads() {
    Tensor y = x.pad(new int[] {0, 1}, new int[] {1, 0}, 9);
    assertArrayEquals(new double[] {9, 1, 2, 3, 9, 4, 5, 6, 9, 9, 9, 9}, values(y));
  }

  @Test
  void concatenates() {
    Tensor y = Tensor.concat(1, List.of(x, x.narrow(1, 0, 1)));
    assertArrayEquals(new double[] {1, 2, 3, 1, 4, 5, 6, 4}, values(y));
  }

  @Test
  void stacks() {
    Tensor y = Tensor.stack(1, x.split(0, 2)).reshape(3, 2);
    assertArrayEquals(new double[] {1, 2, 3, 4, 5, 6}, values(y));
    assertEquals(Shape.of(2, 3, 2), Tensor.stack(-1, List.of(x, x)).shape());
  }

  @Test
  void gathersRows() {
    double nan = Double.NaN;
    double[] expected = {4, 5, 6, 1, 2, 3, nan, nan, nan, nan, nan, nan};
    assertArrayEquals(expected, values(x.gather(n)));
  }

  @Test
  void oneHot() {
    assertArrayEquals(new double[] {0, 1, 1, 0, 0, 0, 0, 0}, values(n.oneHot(2)));
  }

  @Test
  void argmin() {
    assertArrayEquals(new double[] {1, 0}, values(x.mul(x.sub(4)).argmin()));
  }

  /** d/dx of sum(x stop(x)) is what was stopped, not twice as much. */
  @Test
  void stopsGradients() {
    Tensor loss = x.mul(x.stopGradient()).sum();
    double[] gradient = values(Gradient.of(loss, List.of(x)).get(0));
    assertArrayEquals(new double[] {1, 2, 3, 4, 5, 6}, gradient);
  }

  @Test
  void stopGradientIsSimplifiedAway() {
    State state = State.zeros("s", Spec.f32(2, 3));
    trace.update(state, x.stopGradient());
    trace.output("y", x.exp().stopGradient().neg());
    Program program = Simplify.apply(trace.build("test"));
    assertTrue(program.body().stream().noneMatch(node -> node.op() instanceof StopGradient));
  }

  @Test
  void embedding() {
    Embedding layer = Embedding.of(5000, 4);
    Tensor y = layer.forward(n, Mode.TRAIN);
    assertEquals(Shape.of(2, 2, 4), y.shape());
    Parameter weight = layer.parameters().get(0);
    assertEquals("weight", weight.name());
    double[] start = weight.initial(7).toDoubles();
    double squares = 0;
    double sum = 0;
    for (double value : start) {
      squares += value * value;
      sum += value;
    }
    assertEquals(0, sum / start.length, 0.03);
    assertEquals(1, squares / start.length, 0.05);
  }

  private static void assertError(String begin, Supplier<?> action) {
    ShapeException e = assertThrows(ShapeException.class, action::get);
    assertTrue(e.getMessage().startsWith(begin), e.getMessage());
    assertTrue(e.getMessage().contains("(MovementTests.java:"), e.getMessage());
  }

  @Test
  void errorsNameShapesAndLine() {
    assertError("transpose: [0, 0] does not order the axes of [2,3]", () -> x.transpose(0, 0));
    assertError("transpose: axis 2 is out of range for [2,3]", () -> x.transpose(0, 2));
    assertError("t: needs at least two axes, was given f32[]", () -> x.sum().t());
    assertError("slice: [0, 2] to [2, 4] does not lie in [2,3]", () -> x.narrow(1, 2, 2));
    assertError("split: axis 1 of [2,3] has no 2 equal parts", () -> x.split(1, 2));
    assertError("split: extents [1, 1] do not fill", () -> x.split(1, new int[] {1, 1}));
    assertError("pad: by [-1, 0] and", () -> x.pad(new int[] {-1, 0}, new int[] {0, 0}, 0));
    assertError("pad: 0.5 is no value of i32[2,2]", () -> n.pad(new int[2], new int[2], 0.5));
    assertError(
        "concat: tensors differ beside axis 0: f32[2,3] and f32[3,2]",
        () -> Tensor.concat(0, List.of(x, x.t())));
    assertError("concat: tensors differ", () -> Tensor.concat(0, List.of(x, n)));
    assertError("gather: needs a table f32[V,D] and i32 indices", () -> x.gather(x));
    assertError("one_hot: needs i32 indices", () -> x.oneHot(3));
    assertError("squeeze: axis 1 of [2,3] is not of extent 1", () -> x.squeeze(1));
    assertError("unsqueeze: [2,3] has no place for an axis 3", () -> x.unsqueeze(3));
    assertError("expand: [2,3] to [-1, 2, 3]", () -> x.expand(-1, 2, 3));
    assertError("softmax: needs f32 rows", () -> n.softmax());
    assertError(
        "matmul: numbers of matrices differ: [2,1,3] x [3,3,1]",
        () -> x.reshape(2, 1, 3).matmul(trace.input("b", Spec.f32(3, 3, 1))));
    assertError("embedding : needs numbers", () -> Embedding.of(3, 2).forward(x, Mode.EVAL));
    assertThrows(ShapeException.class, () -> Embedding.of(0, 2));
  }
}
