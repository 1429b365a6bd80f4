package dev.tarn.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Executable;
import dev.tarn.backend.StateStore;
import dev.tarn.ir.CumulativeSum;
import dev.tarn.ir.DropoutMask;
import dev.tarn.ir.Elementwise;
import dev.tarn.ir.Elementwise.Kind;
import dev.tarn.ir.FirstNonFinite;
import dev.tarn.ir.Fused;
import dev.tarn.ir.Op;
import dev.tarn.ir.Reduce;
import dev.tarn.ir.SoftmaxCrossEntropy;
import dev.tarn.ir.SoftmaxCrossEntropyGrad;
import dev.tarn.reference.ReferenceBackend;
import dev.tarn.transform.Gradient;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Every operation of the reference against values worked out by hand. */
class ReferenceConformanceTests {
  private static final float NAN = Float.NaN;
  private static final float INF = Float.POSITIVE_INFINITY;

  private static HostTensor f(int[] dims, double... values) {
    HostTensor out = HostTensor.zeros(Spec.f32(dims));
    for (int i = 0; i < values.length; i++) {
      out.set(i, values[i]);
    }
    return out;
  }

  private static HostTensor v(double... values) {
    return f(new int[] {values.length}, values);
  }

  private static HostTensor m(int rows, int columns, double... values) {
    return f(new int[] {rows, columns}, values);
  }

  private static HostTensor i(int... values) {
    return HostTensor.of(values, values.length);
  }

  private static List<HostTensor> run(Op op, HostTensor... inputs) {
    return run(in -> in.get(0).trace().add(op, in.toArray(Tensor[]::new)), inputs);
  }

  private static List<HostTensor> run(UnaryOperator<List<Tensor>> body, HostTensor... inputs) {
    Trace trace = new Trace();
    List<Tensor> in = new ArrayList<>();
    for (HostTensor input : inputs) {
      in.add(trace.input("x" + in.size(), input.spec()));
    }
    body.apply(in).forEach(output -> trace.output("y", output));
    try (Backend backend = new ReferenceBackend();
        StateStore store = backend.allocate(List.of());
        Executable executable = backend.compile(List.of(trace.build("test")), store)) {
      executable.run(inputs);
      return executable.read();
    }
  }

  private static void check(List<HostTensor> actual, HostTensor... expected) {
    assertEquals(expected.length, actual.size());
    for (int n = 0; n < expected.length; n++) {
      Compare.assertClose(expected[n], actual.get(n), 1e-6, "output " + n);
    }
  }

  @Test
  void unary() {
    HostTensor x = v(-2, 0, 1, 4);
    check(run(in -> List.of(in.get(0).neg()), x), v(2, 0, -1, -4));
    check(run(in -> List.of(in.get(0).abs()), x), v(2, 0, 1, 4));
    check(run(in -> List.of(in.get(0).relu()), x), v(0, 0, 1, 4));
    check(run(in -> List.of(in.get(0).sqrt()), x), v(NAN, 0, 1, 2));
    check(run(in -> List.of(in.get(0).log()), x), v(NAN, -INF, 0, 1.3862944));
    check(run(in -> List.of(in.get(0).exp()), x), v(0.13533528, 1, 2.7182818, 54.59815));
    check(run(in -> List.of(in.get(0).tanh()), x), v(-0.9640276, 0, 0.7615942, 0.9993293));
    check(run(in -> List.of(in.get(0).sigmoid()), x), v(0.1192029, 0.5, 0.7310586, 0.9820138));
    check(run(in -> List.of(in.get(0).relu()), v(NAN, -INF, INF)), v(NAN, 0, INF));
  }

  @Test
  void binary() {
    HostTensor a = v(1, 2, NAN, -3);
    HostTensor b = v(4, 2, 1, 0);
    check(run(in -> List.of(in.get(0).add(in.get(1))), a, b), v(5, 4, NAN, -3));
    check(run(in -> List.of(in.get(0).sub(in.get(1))), a, b), v(-3, 0, NAN, -3));
    check(run(in -> List.of(in.get(0).mul(in.get(1))), a, b), v(4, 4, NAN, 0));
    check(run(in -> List.of(in.get(0).div(in.get(1))), a, b), v(0.25, 1, NAN, -INF));
    check(run(in -> List.of(in.get(0).maximum(in.get(1))), a, b), v(4, 2, NAN, 0));
    check(run(in -> List.of(in.get(0).minimum(in.get(1))), a, b), v(1, 2, NAN, -3));
    check(run(in -> List.of(in.get(0).greater(in.get(1))), a, b), v(0, 0, 0, 0));
    check(run(in -> List.of(in.get(1).greater(in.get(0))), a, b), v(1, 0, 0, 1));
    check(run(in -> List.of(in.get(0).equal(in.get(1))), a, b), v(0, 1, 0, 0));
    check(run(in -> List.of(in.get(0).equal(in.get(1))), i(1, 2, 3), i(3, 2, 1)), v(0, 1, 0));
    check(
        run(
            in -> List.of(in.get(0).select(in.get(1), in.get(2))),
            v(0, 1, NAN),
            v(NAN, 5, 6),
            b3()),
        v(7, 5, 6));
  }

  private static HostTensor b3() {
    return v(7, NAN, 9);
  }

  @Test
  void broadcasting() {
    HostTensor matrix = m(2, 3, 1, 2, 3, 4, 5, 6);
    check(
        run(in -> List.of(in.get(0).sub(in.get(1))), matrix, v(1, 2, 3)),
        m(2, 3, 0, 0, 0, 3, 3, 3));
    check(
        run(in -> List.of(in.get(0).sub(in.get(1))), m(2, 1, 1, 4), matrix),
        m(2, 3, 0, -1, -2, 0, -1, -2));
    check(
        run(in -> List.of(in.get(0).mul(in.get(1))), m(2, 1, 1, 10), v(1, 2)),
        m(2, 2, 1, 2, 10, 20));
    check(
        run(in -> List.of(in.get(0).broadcastTo(Shape.of(2, 2, 2))), m(2, 1, 3, 4)),
        f(new int[] {2, 2, 2}, 3, 3, 4, 4, 3, 3, 4, 4));
  }

  @Test
  void matmul() {
    HostTensor a = m(2, 3, 1, 2, 3, 4, 5, 6);
    HostTensor b = m(3, 2, 7, 8, 9, 10, 11, 12);
    HostTensor product = m(2, 2, 58, 64, 139, 154);
    check(run(in -> List.of(in.get(0).matmul(in.get(1))), a, b), product);
    HostTensor at = m(3, 2, 1, 4, 2, 5, 3, 6);
    HostTensor bt = m(2, 3, 7, 9, 11, 8, 10, 12);
    check(run(in -> List.of(in.get(0).matmul(in.get(1), true, false)), at, b), product);
    check(run(in -> List.of(in.get(0).matmul(in.get(1), false, true)), a, bt), product);
    check(run(in -> List.of(in.get(0).matmul(in.get(1), true, true)), at, bt), product);
  }

  @Test
  void reductions() {
    HostTensor x = f(new int[] {2, 2, 2}, 1, 2, 3, 4, 5, 6, 7, 8);
    check(run(new Reduce(Reduce.Kind.SUM, List.of(1)), x), f(new int[] {2, 1, 2}, 4, 6, 12, 14));
    check(run(new Reduce(Reduce.Kind.SUM, List.of(0, 2)), x), f(new int[] {1, 2, 1}, 14, 22));
    check(run(new Reduce(Reduce.Kind.MAX, List.of(0)), x), f(new int[] {1, 2, 2}, 5, 6, 7, 8));
    check(run(new Reduce(Reduce.Kind.MAX, List.of()), x), x);
    check(run(in -> List.of(in.get(0).mean(), in.get(0).sum(-1)), x), f(new int[] {}, 4.5), sums());
    check(run(new Reduce(Reduce.Kind.MAX, List.of(0)), v(1, NAN, 2)), v(NAN));
    check(
        run(in -> List.of(in.get(0).softmax()), m(1, 3, 0, Math.log(2), 0)), m(1, 3, .25, .5, .25));
  }

  private static HostTensor sums() {
    return m(2, 2, 3, 7, 11, 15);
  }

  @Test
  void cumulativeSum() {
    HostTensor x = m(2, 3, 1, 2, 3, 4, 5, 6);
    check(run(in -> List.of(in.get(0).cumulativeSum(1)), x), m(2, 3, 1, 3, 6, 4, 9, 15));
    check(run(in -> List.of(in.get(0).cumulativeSum(-2)), x), m(2, 3, 1, 2, 3, 5, 7, 9));
    check(run(new CumulativeSum(1, true), x), m(2, 3, 6, 5, 3, 15, 11, 6));
    check(run(new CumulativeSum(0, false), v(1, INF, -INF, 2)), v(1, INF, NAN, NAN));
    check(run(new CumulativeSum(0, true), v(1, NAN, 3, 2)), v(NAN, NAN, 5, 2));
  }

  @Test
  void argmax() {
    HostTensor x = m(3, 3, 1, 5, 5, NAN, 9, NAN, -INF, -INF, -INF);
    check(run(in -> List.of(in.get(0).argmax()), x), i(1, 0, 0));
    check(run(in -> List.of(in.get(0).argmax(0)), x), i(1, 1, 1));
    check(run(in -> List.of(in.get(0).argmin(0)), x), i(1, 2, 1));
    HostTensor cube = f(new int[] {2, 2, 2}, 1, 8, 3, 4, 5, 6, 2, 7);
    check(
        run(in -> List.of(in.get(0).argmax(1), in.get(0).argmin(-1)), cube),
        HostTensor.of(new int[] {1, 0, 0, 1}, 2, 2),
        HostTensor.of(new int[] {0, 0, 0, 0}, 2, 2));
    check(run(in -> List.of(in.get(0).reshape(-1).argmax()), cube), HostTensor.of(new int[] {1}));
  }

  @Test
  void keptAxes() {
    HostTensor x = f(new int[] {2, 2, 2}, 1, 2, 3, 4, 5, 6, 7, 8);
    check(
        run(
            in ->
                List.of(
                    in.get(0).sum(new int[] {1}, true),
                    in.get(0).mean(new int[] {0, 2}, true),
                    in.get(0).max(new int[] {}, true),
                    in.get(0).min(new int[] {-1}, true),
                    in.get(0).min(new int[] {-1}, false)),
            x),
        f(new int[] {2, 1, 2}, 4, 6, 12, 14),
        f(new int[] {1, 2, 1}, 3.5, 5.5),
        f(new int[] {1, 1, 1}, 8),
        f(new int[] {2, 2, 1}, 1, 3, 5, 7),
        m(2, 2, 1, 3, 5, 7));
  }

  @Test
  void roundings() {
    HostTensor x = v(-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.25, -0.75, INF, NAN);
    check(
        run(in -> List.of(in.get(0).floor(), in.get(0).ceil(), in.get(0).round()), x),
        v(-3, -2, -1, 0, 1, 2, 0, -1, INF, NAN),
        v(-2, -1, -0.0, 1, 2, 3, 1, -0.0, INF, NAN),
        v(-2, -2, -0.0, 0, 2, 2, 0, -1, INF, NAN));
  }

  @Test
  void comparisonsWithNumbers() {
    HostTensor x = v(1, 2, 3, NAN);
    check(
        run(
            in ->
                List.of(
                    in.get(0).less(2),
                    in.get(0).lessEqual(2),
                    in.get(0).greater(2),
                    in.get(0).greaterEqual(2),
                    in.get(0).equal(2),
                    in.get(0).notEqual(2)),
            x),
        v(1, 0, 0, 0),
        v(1, 1, 0, 0),
        v(0, 0, 1, 0),
        v(0, 1, 1, 0),
        v(0, 1, 0, 0),
        v(1, 0, 1, 1));
  }

  @Test
  void softmaxCrossEntropy() {
    double ln2 = Math.log(2);
    HostTensor logits = m(3, 2, 0, 0, 1000, -1000, ln2, 0);
    check(
        run(new SoftmaxCrossEntropy(), logits, i(1, 1, 2)),
        v(ln2, 2000, NAN),
        v(ln2, 1000, Math.log(3)));
    check(
        run(
            new SoftmaxCrossEntropyGrad(),
            logits,
            i(1, 1, -1),
            v(ln2, 1000, Math.log(3)),
            v(2, 3, 1)),
        m(3, 2, 1, -1, 3, -3, NAN, NAN));
  }

  /** Words of the published vector of key 0 and counter 0, as fractions 0.4, 0.88, 0.74, 0.61. */
  @Test
  void dropoutMask() {
    DropoutMask mask = new DropoutMask(Shape.of(2, 2), 0, 0.625f);
    HostTensor step = HostTensor.scalar(0);
    check(run(mask, i(0, 0), step), m(2, 2, 1.6, 0, 0, 1.6));
    DropoutMask all = new DropoutMask(Shape.of(3), 0, 1f);
    check(run(all, i(0, 0), step), v(1, 1, 1));
  }

  @Test
  void firstNonFinite() {
    HostTensor zero = HostTensor.scalar(0);
    HostTensor seven = HostTensor.scalar(7);
    HostTensor good = v(1, Float.MAX_VALUE);
    check(run(new FirstNonFinite(), zero, seven, good, good), zero);
    check(run(new FirstNonFinite(), zero, seven, good, v(-INF, 1)), seven);
    check(run(new FirstNonFinite(), zero, seven, v(1, NAN), good), seven);
    check(run(new FirstNonFinite(), HostTensor.scalar(3), seven, v(NAN)), HostTensor.scalar(3));
  }

  @Test
  void tape() {
    Fused tape =
        new Fused(
            Shape.of(2, 2),
            List.of(
                new Fused.Load(0),
                new Fused.Load(1),
                new Fused.Immediate(10),
                new Fused.Apply(Kind.MUL, List.of(1, 2)),
                new Fused.Apply(Kind.SUB, List.of(3, 0))),
            List.of(4, 3));
    check(run(tape, m(2, 2, 1, 2, 3, 4), v(1, 2)), m(2, 2, 9, 18, 7, 16), m(2, 2, 10, 20, 10, 20));
  }

  /** Gradients at kinks and ties are what the documentation says. */
  @Test
  void gradientsAtKinks() {
    UnaryOperator<List<Tensor>> kinks =
        in -> {
          Tensor x = in.get(0);
          Tensor sum = x.relu().add(x.abs().mul(10)).sum();
          return Gradient.of(sum, in);
        };
    check(run(kinks, v(-1, 0, 1)), v(-10, 0, 11));
    check(
        run(in -> Gradient.of(in.get(0).maximum(in.get(1)).sum(), in), v(1, 2, 3), v(2, 2, 2)),
        v(0, 0.5, 1),
        v(1, 0.5, 0));
    check(
        run(in -> Gradient.of(in.get(0).minimum(in.get(1)).sum(), in), v(1, 2, 3), v(2, 2, 2)),
        v(1, 0.5, 0),
        v(0, 0.5, 1));
    check(run(in -> Gradient.of(in.get(0).max(), in), v(1, 3, 3, 2)), v(0, 0.5, 0.5, 0));
  }

  /** What IEEE 754 (9.2.1) says of powers. */
  @Test
  void specialPowers() {
    check(
        run(
            new Elementwise(Kind.POW),
            v(1, NAN, -1, -1, 0, -0.0, -0.0, -0.0, -INF, -INF, -INF, 2, -2, -8, 0.5, NAN),
            v(NAN, 0, INF, -INF, -2, -3, -2, 3, 3, -3, 2.5, NAN, 0.5, 3, -INF, 1)),
        v(1, 1, 1, 1, INF, -INF, INF, -0.0, -INF, -0.0, INF, NAN, NAN, -512, INF, NAN));
  }

  @Test
  void signKeepsZerosAndNan() {
    check(run(new Elementwise(Kind.SIGN), v(-3, -0.0, 0, 1e-30, NAN)), v(-1, -0.0, 0, 1, NAN));
  }

  /** Without gradients of zero by infinite factors (0^0, 0^b, b = 0). */
  @Test
  void gradientOfPowers() {
    check(
        run(
            in -> Gradient.of(in.get(0).pow(in.get(1)).sum(), in),
            v(0, 0, 0, 2, 4),
            v(0, 1, 2.5, 0, 0.5)),
        v(0, 1, 0, 0, 0.25),
        v(0, 0, 0, Math.log(2), 2 * Math.log(4)));
  }

  @Test
  void gradientWithoutDependence() {
    check(
        run(in -> Gradient.of(in.get(0).sum(), in), v(1, 2), m(1, 2, 3, 4)),
        v(1, 1),
        m(1, 2, 0, 0));
  }

  /** A later program sees the updates of an earlier one; outputs are of their own program. */
  @Test
  void updates() {
    State s = State.zeros("s", Spec.f32());
    Trace first = new Trace();
    Tensor old = first.state(s);
    first.update(s, old.add(1));
    first.output("old", old);
    first.output("new", first.state(s));
    Trace second = new Trace();
    second.update(s, second.state(s).mul(3));
    second.output("seen", second.state(s));
    try (Backend backend = new ReferenceBackend();
        StateStore store = backend.allocate(List.of(s));
        Executable executable =
            backend.compile(List.of(first.build("a"), second.build("b")), store)) {
      store.reset(0);
      executable.run();
      executable.run();
      HostTensor[] expected = {
        HostTensor.scalar(3f), HostTensor.scalar(4f), HostTensor.scalar(12f)
      };
      check(executable.read(), expected);
      assertEquals(12, store.read(s).item());
    }
  }
}
