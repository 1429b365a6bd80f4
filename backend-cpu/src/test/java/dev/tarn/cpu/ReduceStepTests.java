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
import dev.tarn.ir.Reduce;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Reductions long enough for tiles, blocks and threads, against sums in double. */
final class ReduceStepTests {
  @ParameterizedTest
  @CsvSource({
    "300000, 0",
    "1000000, 0",
    "700x500, 0",
    "700x500, 1",
    "9001x96, 0",
    "600000x2, 0",
    "5x1024, 0",
    "40000x7, 0",
    "40000x7, 1",
    "3x5000x63, 1",
    "2x300x64, 1",
    "2x129x2050, 1",
    "5x2x3000, 2",
    "40x30x50, 0+2",
    "7x6x5x4x9, 0+2+4",
    "1x900x1x33, 0+1+2",
    "12x1, 1"
  })
  void equalsTheSumInDouble(String dims, String axes) {
    Shape shape = Shape.of(Stream.of(dims.split("x")).mapToInt(Integer::parseInt).toArray());
    List<Integer> reduced =
        Stream.of(axes.split("\\+")).map(Integer::parseInt).collect(Collectors.toList());
    Random random = new Random(dims.hashCode());
    float[] values = new float[shape.intSize()];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextFloat();
    }
    Trace trace = new Trace();
    Tensor x = trace.input("x", Spec.f32(shape));
    Tensor sum = trace.add(new Reduce(Reduce.Kind.SUM, reduced), x).get(0);
    Tensor max = trace.add(new Reduce(Reduce.Kind.MAX, reduced), x).get(0);
    trace.output("sum", sum);
    trace.output("max", max);
    double[] sums = new double[sum.shape().intSize()];
    float[] maxima = new float[sums.length];
    Arrays.fill(maxima, Float.NEGATIVE_INFINITY);
    int[] strides = sum.shape().broadcastStrides(shape);
    for (int i = 0; i < values.length; i++) {
      int to = 0;
      for (int axis = shape.rank() - 1, flat = i; axis >= 0; axis--) {
        to += flat % shape.dim(axis) * strides[axis];
        flat /= shape.dim(axis);
      }
      sums[to] += values[i];
      maxima[to] = Math.max(maxima[to], values[i]);
    }
    try (CpuBackend backend = new CpuBackend();
        StateStore store = backend.allocate(List.<State>of());
        Executable executable = backend.compile(List.of(trace.build("test")), store)) {
      executable.run(HostTensor.of(values, shape));
      HostTensor actual = executable.read().get(0);
      for (int i = 0; i < sums.length; i++) {
        assertEquals(sums[i], actual.floats()[i], 2e-6 * sums[i]);
      }
      assertEquals(HostTensor.of(maxima, max.shape()), executable.read().get(1));
    }
  }
}
