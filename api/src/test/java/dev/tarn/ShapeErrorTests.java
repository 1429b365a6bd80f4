package dev.tarn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.ir.DropoutMask;
import dev.tarn.ir.Node;
import dev.tarn.ir.Reduce;
import dev.tarn.transform.Gradient;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Errors name operation, shapes and the user's line; nodes know the line they come from. */
class ShapeErrorTests {
  private final Trace trace = new Trace();
  private final Tensor x = trace.input("x", Spec.f32(32, 784));
  private final Tensor w = trace.input("w", Spec.f32(512, 128));
  private final Tensor n = trace.input("n", Spec.i32(32));

  private static int line() {
    return StackWalker.getInstance()
        .walk(frames -> frames.skip(1).findFirst().orElseThrow().getLineNumber());
  }

  private static void assertError(String message, int line, Supplier<?> action) {
    ShapeException e = assertThrows(ShapeException.class, action::get);
    assertEquals(message + " (ShapeErrorTests.java:" + line + ")", e.getMessage());
  }

  @Test
  void matmul() {
    int line = line() + 1;
    Supplier<Tensor> plain = () -> x.matmul(w);
    Supplier<Tensor> transposed = () -> x.matmul(w, true, false);
    assertError("matmul: inner dimensions differ: [32,784] x [512,128]", line, plain);
    assertError("matmul: inner dimensions differ: [32,784]ᵀ x [512,128]", line + 1, transposed);
    ShapeException e = assertThrows(ShapeException.class, () -> x.matmul(x.sum()));
    assertTrue(
        e.getMessage()
            .startsWith("matmul: needs two matrices or batches of them, was given [32,784] x [] ("),
        e.getMessage());
  }

  @Test
  void everyOperation() {
    assertStarts("add: shapes do not broadcast: [32,784] and [512,128]", () -> x.add(w));
    assertStarts("mul: element types do not fit: [f32[32,784], i32[32]]", () -> x.mul(n));
    assertStarts("equal: element types do not fit: [i32[32], f32[32,784]]", () -> n.equal(x));
    assertStarts("select: shapes do not broadcast", () -> x.select(w, w));
    assertStarts("reshape: [32,784] does not fill [32,785]", () -> x.reshape(32, 785));
    assertStarts("reshape: [32,784] does not fill [5,5017]", () -> x.reshape(5, -1));
    assertStarts(
        "broadcast: f32[32,784] does not broadcast to [32]", () -> x.broadcastTo(Shape.of(32)));
    assertStarts(
        "reduce_sum: axes [0, 2] do not fit [32,784]",
        () -> trace.add(new Reduce(Reduce.Kind.SUM, List.of(0, 2)), x));
    assertStarts(
        "reduce_sum: axes [1, 0] do not fit [32,784]",
        () -> trace.add(new Reduce(Reduce.Kind.SUM, List.of(1, 0)), x));
    assertStarts(
        "reduce: axis 2 is out of range for [32,784] (ShapeErrorTests.java:", () -> x.sum(2));
    assertStarts("argmax: axis -1 is out of range for []", () -> x.sum().argmax());
    assertStarts(
        "cumulative_sum: axis 2 is out of range for [32,784] (ShapeErrorTests.java:",
        () -> x.cumulativeSum(2));
    assertStarts("cumulative_sum: needs f32 elements, was given i32[32]", () -> n.cumulativeSum(0));
    assertStarts(
        "softmax_cross_entropy: needs logits f32[N,C] and labels i32[N], was given f32[512,128],"
            + " i32[32]",
        () -> w.softmaxCrossEntropy(n));
    assertStarts(
        "dropout_mask: needs seed i32[2] and step i32[]",
        () -> trace.add(new DropoutMask(Shape.of(2), 0, 0.5f), n, n));
    assertStarts(
        "dropout: the rate must be at least 0 and below 1",
        () -> trace.dropoutMask("d", Shape.of(2), 1));
    assertStarts("gradient: the loss must be a scalar", () -> Gradient.of(x, List.of(x)));
  }

  @Test
  void states() {
    State state = State.zeros("s", Spec.f32(3));
    assertStarts(
        "update: f32[32,784] does not fit state s: f32[3]",
        () -> {
          trace.update(state, x);
          return x;
        });
    assertStarts("input x is f32[32,784], not f32[3]", () -> trace.input("x", Spec.f32(3)));
    Trace other = new Trace();
    assertThrows(IllegalArgumentException.class, () -> x.add(other.input("x", Spec.f32(32, 784))));
  }

  @Test
  void convolutions() {
    Tensor image = trace.input("image", Spec.f32(2, 3, 8, 8));
    Tensor kernel = trace.input("kernel", Spec.f32(4, 2, 3, 3));
    int line = line() + 1;
    Supplier<Tensor> other = () -> image.conv2d(kernel, Window2d.UNIT);
    assertError(
        "conv2d: [2,3,8,8] by [4,2,3,3]: the kernel takes 2 channels, the image has 3",
        line,
        other);
    assertStarts(
        "conv2d: needs two f32 operands with four axes, was given [f32[2,3,8,8], f32[32,784]]",
        () -> image.conv2d(x, Window2d.UNIT));
    assertStarts(
        "conv_transpose2d: needs two operands with four axes, was given [f32[32,784]",
        () -> x.convTranspose2d(kernel, Window2d.UNIT, 0, 0));
  }

  private static void assertStarts(String start, Supplier<?> action) {
    ShapeException e = assertThrows(ShapeException.class, action::get);
    assertTrue(e.getMessage().startsWith(start), e.getMessage());
  }

  @Test
  void nodesKnowTheCallersLine() {
    int line = line() + 1;
    Tensor y = x.tanh();
    Tensor loss = y.mean();
    assertEquals("ShapeErrorTests.java:" + line, origin(y));
    assertEquals("ShapeErrorTests.java:" + (line + 1), origin(loss));
    Tensor gradient = Gradient.of(loss, List.of(x)).get(0);
    // A node of the backward pass comes from the line of the node it belongs to.
    assertEquals("ShapeErrorTests.java:" + line, origin(gradient));
  }

  private String origin(Tensor tensor) {
    for (Node node : trace.nodes()) {
      if (node.outputs().contains(tensor.value())) {
        return node.origin().text();
      }
    }
    throw new IllegalStateException("no node gives " + tensor);
  }
}
