package dev.tarn.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.backend.Executable;
import dev.tarn.backend.StateStore;
import dev.tarn.ir.Elementwise;
import dev.tarn.ir.Elementwise.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/** Tapes against the functions in double, at the edges of tiles and for every broadcast. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class TapeTests {
  /** Shapes that broadcast together, the result's first. */
  private static final List<List<Shape>> SHAPES =
      List.of(
          shapes(new int[] {1}, new int[] {1}),
          shapes(new int[] {2047}, new int[] {2047}),
          shapes(new int[] {2048}, new int[] {1}),
          shapes(new int[] {2049}, new int[] {}),
          shapes(new int[] {20001}, new int[] {20001}),
          shapes(new int[] {701, 10}, new int[] {10}),
          shapes(new int[] {3, 5000}, new int[] {5000}),
          shapes(new int[] {70, 300}, new int[] {70, 1}),
          shapes(new int[] {3000, 7}, new int[] {3000, 1}),
          shapes(new int[] {33, 17, 9}, new int[] {33, 1, 9}),
          shapes(new int[] {33, 17, 9}, new int[] {17, 1}),
          shapes(new int[] {4, 3, 65, 7}, new int[] {3, 1, 7}));

  private final CpuBackend backend = new CpuBackend();

  private static List<Shape> shapes(int[] full, int[] other) {
    return List.of(Shape.of(full), Shape.of(other));
  }

  @BeforeAll
  void hasThreads() {
    assertEquals("cpu", backend.name());
  }

  @AfterAll
  void close() {
    backend.close();
  }

  /** Numbers of all magnitudes, with zeros, equal pairs and what is not a number. */
  private static HostTensor values(Random random, Shape shape) {
    float[] out = new float[shape.intSize()];
    for (int i = 0; i < out.length; i++) {
      int choice = random.nextInt(16);
      out[i] =
          choice < 10
              ? (float) random.nextGaussian()
              : choice < 13
                  ? random.nextInt(3) - 1
                  : choice == 13
                      ? Float.intBitsToFloat(random.nextInt())
                      : choice == 14
                          ? Float.NaN
                          : Float.POSITIVE_INFINITY * (random.nextInt(3) - 1);
    }
    return HostTensor.of(out, shape);
  }

  private List<HostTensor> run(Trace trace, HostTensor... inputs) {
    try (StateStore store = backend.allocate(List.<State>of());
        Executable executable = backend.compile(List.of(trace.build("test")), store)) {
      executable.run(inputs);
      return executable.read();
    }
  }

  @TestFactory
  Stream<DynamicTest> everyFunctionOverEveryBroadcast() {
    return Stream.of(Kind.values())
        .flatMap(
            kind ->
                SHAPES.stream()
                    .map(
                        shapes ->
                            DynamicTest.dynamicTest(
                                kind + " " + shapes, () -> check(kind, shapes))));
  }

  private void check(Kind kind, List<Shape> shapes) {
    Random random = new Random(kind.ordinal() * 31L + shapes.hashCode());
    // The smaller operand takes every place in turn.
    for (int small = 0; small < kind.arity(); small++) {
      Trace trace = new Trace();
      List<HostTensor> inputs = new ArrayList<>();
      Tensor[] operands = new Tensor[kind.arity()];
      for (int i = 0; i < operands.length; i++) {
        Shape shape = shapes.get(i == small && operands.length > 1 ? 1 : 0);
        inputs.add(values(random, shape));
        operands[i] = trace.input("x" + i, Spec.f32(shape));
      }
      trace.output("y", trace.add(new Elementwise(kind), operands).get(0));
      HostTensor actual = run(trace, inputs.toArray(new HostTensor[0])).get(0);
      for (int i = 0; i < actual.size(); i++) {
        double[] x = new double[3];
        for (int o = 0; o < operands.length; o++) {
          x[o] = at(inputs.get(o), shapes.get(0), i);
        }
        double exact = new Elementwise(kind).apply(x[0], x[1], x[2]);
        assertClose(kind + " of " + x[0] + ", " + x[1] + ", " + x[2], exact, actual.floats()[i]);
      }
    }
  }

  private static double at(HostTensor tensor, Shape target, int flat) {
    int[] strides = tensor.shape().broadcastStrides(target);
    int index = 0;
    for (int axis = target.rank() - 1; axis >= 0; axis--) {
      index += flat % target.dim(axis) * strides[axis];
      flat /= target.dim(axis);
    }
    return tensor.get(index);
  }

  private static void assertClose(String what, double exact, float actual) {
    float nearest = (float) exact;
    if (Float.isNaN(nearest) || Float.isInfinite(nearest) || Float.isInfinite(actual)) {
      assertEquals(nearest, actual, what);
    } else {
      assertEquals(exact, actual, 2.0 * Math.ulp(nearest), what);
    }
  }

  /** Registers in both forms, used again, chosen by a number that is the same for all elements. */
  @Test
  void longTapeEqualsTheSameInDouble() {
    int n = 5003;
    Random random = new Random(3);
    float[] a = new float[n];
    float[] b = new float[n];
    for (int i = 0; i < n; i++) {
      a[i] = (float) random.nextGaussian();
      b[i] = (float) random.nextGaussian();
    }
    for (float gate : new float[] {0, 1}) {
      Trace trace = new Trace();
      Tensor x = trace.input("x", Spec.f32(n));
      Tensor y = trace.input("y", Spec.f32(n));
      Tensor g = trace.input("g", Spec.f32());
      Tensor mask = x.greater(y);
      Tensor sum = x.mul(mask).add(y.abs().add(0.5).log());
      Tensor chosen = mask.select(sum.tanh(), x.sigmoid());
      Tensor gated = g.select(chosen, x);
      trace.output("mask", mask);
      trace.output("gated", gated);
      trace.output("again", gated.mul(gated).sub(chosen.exp()));
      List<HostTensor> results =
          run(trace, HostTensor.of(a, n), HostTensor.of(b, n), HostTensor.scalar(gate));
      for (int i = 0; i < n; i++) {
        double greater = a[i] > b[i] ? 1 : 0;
        double total = a[i] * greater + StrictMath.log(Math.abs(b[i]) + 0.5);
        double choice = greater != 0 ? StrictMath.tanh(total) : 1 / (1 + StrictMath.exp(-a[i]));
        double kept = gate != 0 ? choice : a[i];
        assertEquals(greater, results.get(0).get(i));
        assertEquals(kept, results.get(1).get(i), 1e-6);
        assertEquals(kept * kept - StrictMath.exp(choice), results.get(2).get(i), 2e-6);
      }
    }
  }

  /** More arithmetic than one loop takes, over a row that repeats, and results on the way. */
  @Test
  void manyLoopsGiveTheBitsOfOneInstructionAfterTheOther() {
    int rows = 67;
    int columns = 300;
    Random random = new Random(5);
    float[] a = new float[rows * columns];
    float[] b = new float[columns];
    for (int i = 0; i < a.length; i++) {
      a[i] = (float) random.nextGaussian();
    }
    for (int i = 0; i < b.length; i++) {
      b[i] = (float) random.nextGaussian();
    }
    Trace trace = new Trace();
    Tensor x = trace.input("x", Spec.f32(rows, columns));
    Tensor row = trace.input("row", Spec.f32(columns));
    Tensor scale = trace.input("scale", Spec.f32());
    Tensor y = x;
    for (int k = 0; k < 15; k++) {
      y = y.mul(row).add(x.mul(scale)).maximum(row.sub(x));
      if (k % 5 == 0) {
        trace.output("y" + k, y);
      }
    }
    trace.output("last", y.abs().sqrt().div(row).neg());
    List<HostTensor> results =
        run(
            trace,
            HostTensor.of(a, rows, columns),
            HostTensor.of(b, columns),
            HostTensor.scalar(0.3f));
    for (int i = 0; i < a.length; i++) {
      float r = b[i % columns];
      float expected = a[i];
      for (int k = 0; k < 15; k++) {
        expected = Math.max(expected * r + a[i] * 0.3f, r - a[i]);
        if (k % 5 == 0) {
          assertEquals(expected, results.get(k / 5).floats()[i]);
        }
      }
      assertEquals(-((float) Math.sqrt(Math.abs(expected)) / r), results.get(3).floats()[i]);
    }
  }

  /** A tape that gives what it was given, a number for all elements, and one result twice. */
  @Test
  void trivialTapes() {
    Trace trace = new Trace();
    Tensor x = trace.input("x", Spec.f32(3));
    Tensor s = trace.input("s", Spec.f32());
    trace.output("spread", s.add(1).broadcastTo(Shape.of(3)));
    trace.output("twice", x.add(s));
    trace.output("again", x.add(s));
    List<HostTensor> results =
        run(trace, HostTensor.of(new float[] {1, 2, 3}, 3), HostTensor.scalar(5f));
    assertEquals(HostTensor.of(new float[] {6, 6, 6}, 3), results.get(0));
    assertEquals(HostTensor.of(new float[] {6, 7, 8}, 3), results.get(1));
    assertEquals(results.get(1), results.get(2));
  }
}
