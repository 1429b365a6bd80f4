package dev.tarn.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tarn.HostTensor;
import dev.tarn.PoolWindow;
import dev.tarn.Precision;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.Window2d;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Executable;
import dev.tarn.backend.StateStore;
import dev.tarn.internal.RandomStream;
import dev.tarn.ir.Pool2d;
import dev.tarn.ir.Pool2dGrad;
import dev.tarn.ir.Program;
import dev.tarn.reference.ReferenceBackend;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Max pooling by oneDNN and its gradient, against the reference: ties, NaN, infinities. */
final class MaxPoolStepTests {
  private static final float NAN = Float.NaN;
  private static final float HIGH = Float.POSITIVE_INFINITY;
  private static final float LOW = Float.NEGATIVE_INFINITY;
  private static final int CHANNELS = 32;

  static Stream<Arguments> windowsAndElements() {
    return Stream.of(
            PoolWindow.of(2),
            PoolWindow.of(3).stride(2).padding(1),
            PoolWindow.of(2, 3).stride(1, 2).padding(0, 1, 2, 0),
            PoolWindow.of(2).stride(3).padding(1).ceilMode(),
            PoolWindow.of(5, 1).stride(7, 3),
            PoolWindow.of(7).padding(6).stride(4))
        .flatMap(
            window ->
                Stream.of(
                        new float[] {1, 2, 0, -1, 2, 1, 3},
                        new float[] {0, -0f, -1},
                        new float[] {1, NAN, 2, NAN, NAN, 3, 4},
                        new float[] {LOW, LOW, LOW, 1, HIGH, HIGH, LOW},
                        new float[] {LOW},
                        new float[] {-Float.MAX_VALUE},
                        new float[] {-Float.MAX_VALUE, LOW, Float.MAX_VALUE})
                    .map(elements -> Arguments.of(window, elements)));
  }

  @ParameterizedTest
  @MethodSource("windowsAndElements")
  void pooledAsTheReferenceDoes(PoolWindow window, float[] elements) {
    Spec image = Spec.f32(3, CHANNELS, 9, 10);
    Spec pooled = Spec.f32(window.over("test", image.shape()));
    Program program = program(window, image, pooled);
    RandomStream random = new RandomStream(5, "data");
    HostTensor x = filled(image.shape(), elements, random);
    HostTensor dy = HostTensor.zeros(pooled);
    for (int i = 0; i < dy.size(); i++) {
      dy.set(i, random.nextGaussian());
    }
    HostTensor ones = HostTensor.zeros(Spec.f32(CHANNELS, 1, 1, 1));
    for (int i = 0; i < CHANNELS; i++) {
      ones.set(i, 1);
    }
    List<HostTensor> expected;
    try (Backend reference = new ReferenceBackend()) {
      expected = run(reference, program, x, ones, dy);
    }
    for (int threads = 1; threads <= 3; threads++) {
      System.setProperty("tarn.threads", String.valueOf(threads));
      try (CpuBackend backend = new CpuBackend()) {
        List<HostTensor> actual = run(backend, program, x, ones, dy);
        for (int i = 0; i < dy.size(); i++) {
          assertEquals(expected.get(0).get(i), actual.get(0).get(i), "maximum " + i);
        }
        for (int i = 0; i < x.size(); i++) {
          assertEquals(expected.get(1).get(i), actual.get(1).get(i), 1e-5, "gradient " + i);
        }
      } finally {
        System.clearProperty("tarn.threads");
      }
    }
    assertEquals(Dnnl.channelsInRegister() == 0 ? 0 : 2, stepsOfDnnl(program));
  }

  /** A convolution that changes nothing, after which channels come last, and the pooling. */
  private static Program program(PoolWindow window, Spec image, Spec pooled) {
    Trace trace = new Trace();
    Tensor x = trace.input("x", image);
    Tensor ones = trace.input("ones", Spec.f32(CHANNELS, 1, 1, 1));
    Tensor same = x.conv2d(ones, Window2d.UNIT.groups(CHANNELS));
    Pool2d op = new Pool2d(Pool2d.Kind.MAX, window, false);
    int height = image.shape().dim(2);
    int width = image.shape().dim(3);
    Tensor dy = trace.input("dy", pooled);
    trace.output("y", same.maxPool2d(window));
    trace.output("dx", trace.add(new Pool2dGrad(op, height, width), same, dy).get(0));
    return trace.build("test");
  }

  /** The first example has only ones and twos, so that a part of it alone is ordinary. */
  private static HostTensor filled(Shape shape, float[] elements, RandomStream random) {
    HostTensor x = HostTensor.zeros(Spec.f32(shape));
    long example = shape.withoutFirst().size();
    for (int i = 0; i < x.size(); i++) {
      int draw = (int) ((random.nextGaussian() + 8) * 1e4);
      x.set(i, i < example ? 1 + draw % 2 : elements[draw % elements.length]);
    }
    return x;
  }

  private static List<HostTensor> run(Backend backend, Program program, HostTensor... data) {
    try (StateStore store = backend.allocate(List.<State>of());
        Executable executable = backend.compile(List.of(program), store)) {
      executable.run(data);
      return executable.read().stream().map(HostTensor::copy).toList();
    }
  }

  private static long stepsOfDnnl(Program program) {
    try (Dnnl dnnl = new Dnnl();
        Team team = new Team(2, dnnl::limitThisThread);
        CpuStateStore store = new CpuStateStore(List.<State>of());
        CpuPlan plan = new CpuPlan(List.of(program), store, dnnl, team, Precision.FP32, false)) {
      return plan.schedule().entries().stream()
          .filter(entry -> entry.step() instanceof MaxPoolStep)
          .count();
    }
  }
}
