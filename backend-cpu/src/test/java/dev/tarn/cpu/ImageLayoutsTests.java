package dev.tarn.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.HostTensor;
import dev.tarn.PoolWindow;
import dev.tarn.Precision;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.Window2d;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Executable;
import dev.tarn.backend.Schedule;
import dev.tarn.backend.StateStore;
import dev.tarn.internal.RandomStream;
import dev.tarn.ir.BatchNorm;
import dev.tarn.ir.Program;
import dev.tarn.reference.ReferenceBackend;
import dev.tarn.transform.Gradient;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Images with their channels last: the same numbers as plain ones, and where they are reordered.
 */
final class ImageLayoutsTests {
  private static final Window2d SAME = Window2d.UNIT.padding(1, 1, 1, 1);

  /** The inputs of a net: images and what each layer asks for. */
  private static final class Inputs {
    private final Trace trace = new Trace();
    private final List<Tensor> all = new ArrayList<>();

    Tensor next(int... dims) {
      Tensor input = trace.input("in" + all.size(), Spec.f32(dims));
      all.add(input);
      return input;
    }

    Tensor normalized(Tensor x) {
      int channels = x.spec().shape().dim(1);
      return trace.add(new BatchNorm(1e-5), x, next(channels), next(channels)).get(0);
    }
  }

  /** The result of a net and the gradients by all its inputs, weighted at random. */
  private static Program program(BiFunction<Inputs, Tensor, Tensor> net, int... image) {
    Inputs in = new Inputs();
    Tensor y = net.apply(in, in.next(image));
    List<Tensor> by = List.copyOf(in.all);
    Tensor loss = y.mul(in.next(y.spec().shape().dims())).sum();
    in.trace.output("y", y);
    List<Tensor> gradients = Gradient.of(loss, by);
    for (int i = 0; i < by.size(); i++) {
      in.trace.output("d" + i, gradients.get(i));
    }
    return in.trace.build("test");
  }

  private static HostTensor[] data(Program program) {
    RandomStream random = new RandomStream(7, "data");
    return program.inputs().stream()
        .map(
            input -> {
              HostTensor out = HostTensor.zeros(input.value().spec());
              for (int i = 0; i < out.size(); i++) {
                out.set(i, random.nextGaussian());
              }
              return out;
            })
        .toArray(HostTensor[]::new);
  }

  private static List<HostTensor> run(Backend backend, Program program) {
    try (StateStore store = backend.allocate(List.<State>of());
        Executable executable = backend.compile(List.of(program), store)) {
      HostTensor[] data = data(program);
      executable.run(data);
      List<HostTensor> first = executable.read().stream().map(HostTensor::copy).toList();
      executable.run(data);
      assertEquals(first, executable.read());
      return first;
    }
  }

  /** Compares with the reference, for several numbers of threads. */
  private static void check(BiFunction<Inputs, Tensor, Tensor> net, int... image) {
    Program program = program(net, image);
    List<HostTensor> expected;
    try (Backend reference = ReferenceBackend.inDouble()) {
      expected = run(reference, program);
    }
    for (int threads = 1; threads <= 3; threads++) {
      System.setProperty("tarn.threads", String.valueOf(threads));
      try (CpuBackend backend = new CpuBackend()) {
        List<HostTensor> actual = run(backend, program);
        for (int i = 0; i < expected.size(); i++) {
          compare(expected.get(i), actual.get(i), program.outputs().get(i).name());
        }
      } finally {
        System.clearProperty("tarn.threads");
      }
    }
  }

  private static void compare(HostTensor expected, HostTensor actual, String name) {
    assertEquals(expected.shape(), actual.shape());
    double largest = 1;
    for (int i = 0; i < expected.size(); i++) {
      largest = Math.max(largest, Math.abs(expected.get(i)));
    }
    for (int i = 0; i < expected.size(); i++) {
      assertEquals(expected.get(i), actual.get(i), 1e-4 * largest, name + " at " + i);
    }
  }

  private static Tensor convolution(Inputs in, Tensor x, int filters, Window2d window) {
    return x.conv2d(in.next(filters, x.spec().shape().dim(1) / window.groups(), 3, 3), window);
  }

  @Test
  void biasReluAndPooling() {
    check(
        (in, x) -> {
          Tensor h = convolution(in, x, 32, SAME).add(in.next(32, 1, 1)).relu().maxPool2d(2);
          return convolution(in, h, 16, SAME).relu().reshape(3, 16 * 4 * 5);
        },
        3,
        1,
        9,
        11);
  }

  @Test
  void overlappingAndPaddedPooling() {
    PoolWindow window = PoolWindow.of(3).stride(2).padding(1);
    check((in, x) -> convolution(in, x, 32, SAME).maxPool2d(window), 3, 16, 9, 14);
    check((in, x) -> convolution(in, x, 16, SAME).averagePool2d(window, false), 3, 16, 9, 14);
    check(
        (in, x) -> convolution(in, x, 16, SAME).maxPool2d(PoolWindow.of(2).stride(3).ceilMode()),
        2,
        3,
        7,
        8);
  }

  @Test
  void batchNormAndResidual() {
    check(
        (in, x) -> {
          Tensor h = in.normalized(convolution(in, x, 48, SAME)).relu();
          Tensor g = in.normalized(convolution(in, h, 48, SAME)).add(h).relu();
          return convolution(in, g, 16, SAME.stride(2, 2)).globalAveragePool2d();
        },
        5,
        3,
        12,
        10);
  }

  /** What the ReLU would have been absorbed into is read by something else, or is a result. */
  @Test
  void normalizationsReadTwice() {
    check(
        (in, x) -> {
          Tensor h = in.normalized(convolution(in, x, 32, SAME));
          Tensor g = in.normalized(convolution(in, h.relu(), 32, SAME));
          in.trace.output("g", g);
          return g.relu().add(h.tanh()).add(h.add(in.next(32, 1, 1)).relu());
        },
        3,
        16,
        6,
        5);
  }

  /** No tape is left: neither of a ReLU nor of an addition before it. */
  @Test
  void reluIsAbsorbed() {
    Inputs in = new Inputs();
    Tensor h = in.normalized(convolution(in, in.next(2, 16, 8, 8), 32, SAME)).relu();
    Tensor shortcut = in.normalized(convolution(in, h, 32, SAME));
    Tensor y = in.normalized(convolution(in, h, 32, SAME)).add(shortcut).relu();
    in.trace.output("y", y);
    List<Step> tapes = new ArrayList<>();
    Program program = in.trace.build("test");
    try (Dnnl dnnl = new Dnnl();
        Team team = new Team(2, dnnl::limitThisThread);
        CpuStateStore store = new CpuStateStore(List.<State>of());
        CpuPlan plan = new CpuPlan(List.of(program), store, dnnl, team, Precision.FP32, false)) {
      plan.schedule().entries().stream()
          .map(Schedule.Entry::step)
          .filter(TapeStep.class::isInstance)
          .forEach(tapes::add);
    }
    assertTrue(Dnnl.channelsInRegister() == 0 || tapes.isEmpty(), () -> tapes.size() + " tapes");
  }

  /** The pixels in the middle, by which the mean is guessed, are far from it. */
  @Test
  void batchNormOfSpikes() {
    HostTensor spikes = HostTensor.zeros(Spec.f32(1, 1, 24, 24));
    for (int i = 0; i < spikes.size(); i++) {
      spikes.set(i, Math.abs(i - 288) < 16 ? 300 : 1);
    }
    check(
        (in, x) -> {
          Tensor spiky = convolution(in, x.abs().mul(in.trace.constant(spikes)), 16, SAME);
          return in.normalized(spiky.add(in.trace.constant(-2000)));
        },
        3,
        1,
        24,
        24);
  }

  @Test
  void groupsSlicesAndFactorsOfEveryKind() {
    check(
        (in, x) -> {
          Tensor h = convolution(in, x, 32, SAME.groups(2)).mul(in.next(6, 1));
          Tensor d = convolution(in, h, 32, SAME.groups(32)).mul(in.next(2, 32, 1, 1));
          Tensor positions = in.next(1, 32, 6, 7);
          return d.add(positions)
              .mul(in.next(2, 1, 6, 7))
              .slice(new int[] {0, 3, 0, 0}, new int[] {2, 20, 6, 7})
              .add(in.next(7));
        },
        2,
        32,
        6,
        7);
  }

  @Test
  void sumsOfEveryKind() {
    check((in, x) -> convolution(in, x, 32, SAME).relu().sum(0, 2, 3), 3, 16, 5, 7);
    check((in, x) -> convolution(in, x, 32, SAME).relu().sum(1), 3, 16, 5, 7);
  }

  /** Nothing stands between the layers of a net that work on images with their channels last. */
  @ParameterizedTest
  @ValueSource(ints = {16, 64})
  void reordersOnlyAtTheBorders(int filters) {
    Program program =
        program(
            (in, x) -> {
              Tensor h = in.normalized(convolution(in, x, filters, SAME)).relu().maxPool2d(2);
              return in.normalized(convolution(in, h, filters, SAME)).add(h).relu();
            },
            4,
            3,
            16,
            16);
    List<String> reorders = new ArrayList<>();
    try (Dnnl dnnl = new Dnnl();
        Team team = new Team(2, dnnl::limitThisThread);
        CpuStateStore store = new CpuStateStore(List.<State>of());
        CpuPlan plan = new CpuPlan(List.of(program), store, dnnl, team, Precision.FP32, false)) {
      for (Schedule.Entry<Step> entry : plan.schedule().entries()) {
        if (entry.step() instanceof ReorderStep) {
          reorders.add(entry.node().op().name());
        }
      }
    }
    // The result on its way out and its gradient on its way in; dx has three channels, so is plain.
    assertTrue(Dnnl.channelsInRegister() == 0 || reorders.size() == 2, reorders.toString());
  }
}
