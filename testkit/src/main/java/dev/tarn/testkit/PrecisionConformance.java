package dev.tarn.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.DType;
import dev.tarn.HostTensor;
import dev.tarn.Precision;
import dev.tarn.Spec;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.Window2d;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Executable;
import dev.tarn.backend.StateStore;
import dev.tarn.data.Batches.Batch;
import dev.tarn.internal.RandomStream;
import dev.tarn.ir.Conv2dGradInput;
import dev.tarn.ir.Conv2dGradWeight;
import dev.tarn.loss.Losses;
import dev.tarn.nn.Activation;
import dev.tarn.nn.BatchNorm;
import dev.tarn.nn.Conv2d;
import dev.tarn.nn.Dense;
import dev.tarn.nn.Dropout;
import dev.tarn.nn.LayerNorm;
import dev.tarn.nn.Module;
import dev.tarn.nn.Pooling;
import dev.tarn.nn.Sequential;
import dev.tarn.optim.Adam;
import dev.tarn.optim.Updates;
import dev.tarn.reference.ReferenceBackend;
import dev.tarn.train.Term;
import dev.tarn.train.TrainStep;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** What every backend must do in tf32 and bf16. */
public abstract class PrecisionConformance {
  private static final int BATCH = 8;

  /** Starts the backend under test. */
  protected abstract Backend open();

  /** The precisions in which this backend rounds operands of products, as the reference does. */
  protected Set<Precision> rounds() {
    return EnumSet.of(Precision.TF32, Precision.BF16);
  }

  /** How far the product of two numbers may be off, relative to it: two roundings of operands. */
  private static double error(Precision precision) {
    return switch (precision) {
      case FP32 -> 0;
      case TF32 -> 2.01 / (1 << 11);
      case BF16 -> 2.01 / (1 << 8);
    };
  }

  @TestFactory
  Stream<DynamicTest> productsAreWithinTheRoundingOfTheirOperands() {
    return Stream.of(Precision.values())
        .flatMap(
            precision ->
                products()
                    .map(
                        c ->
                            DynamicTest.dynamicTest(
                                c.name() + " in " + precision, () -> check(c, precision))));
  }

  private void check(OpCase c, Precision precision) {
    List<HostTensor> exact;
    List<HostTensor> sums;
    List<HostTensor> rounded;
    List<HostTensor> got;
    try (Backend reference = ReferenceBackend.inDouble()) {
      exact = run(reference, c, precision, x -> x);
      // What the sum of the magnitudes of all products is: rounding errors are relative to it.
      sums = run(reference, c, precision, Math::abs);
    }
    try (Backend reference = new ReferenceBackend()) {
      rounded = run(reference, c, precision, x -> x);
    }
    try (Backend backend = open()) {
      got = run(backend, c, precision, x -> x);
    }
    boolean same = rounds().contains(precision);
    for (int output = 0; output < got.size(); output++) {
      for (int i = 0; i < got.get(output).size(); i++) {
        double sum = sums.get(output).get(i);
        double value = got.get(output).get(i);
        assertEquals(exact.get(output).get(i), value, (error(precision) + 2e-6) * sum);
        if (same) {
          assertEquals(rounded.get(output).get(i), value, 2e-6 * sum);
        }
      }
    }
  }

  private static List<HostTensor> run(
      Backend backend, OpCase c, Precision precision, DoubleUnaryOperator change) {
    try (StateStore store = backend.allocate(List.of());
        Executable executable = backend.compile(c.programs(), store, precision)) {
      Map<String, HostTensor> data = c.data(1);
      for (HostTensor tensor : data.values()) {
        for (int i = 0; tensor.spec().dtype().isFloat() && i < tensor.size(); i++) {
          tensor.set(i, change.applyAsDouble(tensor.get(i)));
        }
      }
      executable.run(CaseRun.arguments(executable, data));
      return executable.read().stream().map(HostTensor::copy).toList();
    }
  }

  private static Stream<OpCase> products() {
    Window2d strided = new Window2d(2, 1, 1, 1, 1, 1, 1, 1, 1);
    return Stream.of(
        OpCase.named("matmul with transpositions")
            .input("a", Spec.f32(33, 65), Fill.normal(1))
            .input("b", Spec.f32(65, 17), Fill.normal(1))
            .input("at", Spec.f32(65, 33), Fill.normal(1))
            .input("bt", Spec.f32(17, 65), Fill.normal(1))
            .program(
                (trace, in) ->
                    List.of(
                        in[0].matmul(in[1]),
                        in[2].matmul(in[1], true, false),
                        in[0].matmul(in[3], false, true),
                        in[2].matmul(in[3], true, true))),
        OpCase.named("matmul of real size with a bias")
            .input("a", Spec.f32(64, 257), Fill.normal(1))
            .input("b", Spec.f32(128, 257), Fill.normal(1))
            .input("bias", Spec.f32(128), Fill.normal(1))
            .program((trace, in) -> List.of(in[0].matmul(in[1], false, true).add(in[2]))),
        OpCase.named("batched matmul, shared and not")
            .input("a", Spec.f32(5, 9, 17), Fill.normal(1))
            .input("b", Spec.f32(5, 17, 3), Fill.normal(1))
            .input("c", Spec.f32(1, 17, 33), Fill.normal(1))
            .program((trace, in) -> List.of(in[0].matmul(in[1]), in[0].matmul(in[2]))),
        OpCase.named("convolution and its gradients")
            .input("x", Spec.f32(3, 6, 9, 8), Fill.normal(1))
            .input("w", Spec.f32(4, 6, 3, 3), Fill.normal(1))
            .input("dy", Spec.f32(3, 4, 5, 8), Fill.normal(1))
            .program((trace, in) -> convolutions(trace, in, strided)));
  }

  private static List<Tensor> convolutions(Trace trace, Tensor[] in, Window2d window) {
    return List.of(
        in[0].conv2d(in[1], window),
        trace.add(new Conv2dGradInput(window, 9, 8), in[2], in[1]).get(0),
        trace.add(new Conv2dGradWeight(window, 3, 3), in[0], in[2]).get(0));
  }

  /** A step through every operation that takes bf16, as the reference and nearly as in f32. */
  @Test
  void gradientsOfNetworksAreThoseOfTheReference() {
    for (Precision precision : List.of(Precision.TF32, Precision.BF16)) {
      Map<String, HostTensor> got;
      Map<String, HostTensor> same;
      Map<String, HostTensor> full;
      try (Backend backend = open()) {
        got = gradients(backend, precision);
      }
      try (Backend reference = new ReferenceBackend()) {
        same = gradients(reference, precision);
        full = gradients(reference, Precision.FP32);
      }
      full.forEach(
          (name, gradient) -> {
            double fromFull = distance(gradient, got.get(name));
            double ofReference = distance(gradient, same.get(name));
            String text = name + " in " + precision + ": " + fromFull + ", " + ofReference;
            assertTrue(fromFull < 0.06 && fromFull < 3 * ofReference + 1e-4, text);
          });
    }
  }

  /** The norm of a difference, relative to that of the first. */
  private static double distance(HostTensor a, HostTensor b) {
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < a.size(); i++) {
      difference += Math.pow(a.get(i) - b.get(i), 2);
      norm += Math.pow(a.get(i), 2);
    }
    return Math.sqrt(difference / Math.max(norm, 1e-12));
  }

  private static Map<String, HostTensor> gradients(Backend backend, Precision precision) {
    try (TrainStep step = step(backend, precision)) {
      step.train(1, batch());
      return step.gradients();
    }
  }

  private static TrainStep step(Backend backend, Precision precision) {
    Module network =
        Sequential.of(
            Conv2d.filters(8).kernel(3).same().withoutBias(),
            BatchNorm.create(),
            Activation.relu(),
            Pooling.max(2),
            Activation.of(
                x -> Tensor.concat(1, List.of(x.narrow(1, 0, 4), x.narrow(1, 4, 4).tanh()))),
            Dropout.rate(0.25),
            Conv2d.filters(6).kernel(3).stride(2).padding(1),
            Activation.of(x -> x.mul(x.sigmoid()).transpose(0, 2, 3, 1)),
            Activation.of(x -> x.pad(new int[4], new int[] {0, 1, 0, 0}, 0.3)),
            Activation.flatten(),
            Dense.units(17),
            LayerNorm.create(),
            Activation.gelu(),
            Dense.units(5));
    return new TrainStep(
        backend,
        network,
        List.of(Term.of(0, Losses.crossEntropy())),
        Updates.of(Adam.lr(0.01)),
        List.of(),
        List.of(Spec.f32(1, 8, 8)),
        1,
        precision);
  }

  private static Batch batch() {
    RandomStream random = new RandomStream(1, "batch");
    HostTensor x = HostTensor.zeros(Spec.f32(BATCH, 1, 8, 8));
    HostTensor y = HostTensor.zeros(Spec.i32(BATCH));
    for (int i = 0; i < x.size(); i++) {
      x.set(i, random.nextGaussian());
    }
    for (int i = 0; i < BATCH; i++) {
      y.set(i, random.nextInt(5));
    }
    return new Batch(x, y);
  }

  /** The same training twice gives the same bits in every precision. */
  @Test
  void trainsToTheSameBitsTwice() {
    try (Backend backend = open()) {
      for (Precision precision : Precision.values()) {
        Map<String, HostTensor> first = trained(backend, precision);
        trained(backend, precision)
            .forEach((name, value) -> Compare.assertSameBits(first.get(name), value, name));
      }
    }
  }

  private static Map<String, HostTensor> trained(Backend backend, Precision precision) {
    try (TrainStep step = step(backend, precision)) {
      for (int i = 1; i <= 3; i++) {
        step.train(i, batch());
      }
      return step.checkpoint();
    }
  }

  /** What an explicit cast does with numbers beyond the largest bf16. */
  @Test
  void castsToInfinity() {
    float largest = Float.intBitsToFloat(0x7f7f0000);
    float[] x = {largest, -largest, Math.nextUp(largest), 3.3961775e38f, -Float.MAX_VALUE, 1e-40f};
    float infinite = Float.POSITIVE_INFINITY;
    float small = Float.intBitsToFloat(Float.floatToIntBits(1e-40f) + 0x7fff & 0xffff0000);
    float[] y = {largest, -largest, largest, infinite, -infinite, small};
    OpCase c =
        OpCase.named("casts")
            .input("x", Spec.f32(x.length), Fill.each((i, random) -> x[i]))
            .program((trace, in) -> List.of(in[0].cast(DType.BF16).cast(DType.F32)));
    try (Backend backend = open()) {
      HostTensor got = run(backend, c, Precision.FP32, v -> v).get(0);
      Compare.assertSameBits(HostTensor.of(y, y.length), got, "cast");
    }
  }
}
