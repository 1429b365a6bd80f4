package dev.tarn.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.HostTensor;
import dev.tarn.Mode;
import dev.tarn.Precision;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.Tensor;
import dev.tarn.backend.Backend;
import dev.tarn.data.Batches.Batch;
import dev.tarn.internal.RandomStream;
import dev.tarn.loss.Losses;
import dev.tarn.nn.BatchNorm;
import dev.tarn.nn.Conv2d;
import dev.tarn.nn.Dense;
import dev.tarn.nn.Dropout;
import dev.tarn.nn.Module;
import dev.tarn.optim.Sgd;
import dev.tarn.optim.Updates;
import dev.tarn.reference.ReferenceBackend;
import dev.tarn.reference.ValidatingBackend;
import dev.tarn.testkit.CaseRun;
import dev.tarn.testkit.Compare;
import dev.tarn.testkit.OpCase;
import dev.tarn.testkit.OpCases;
import dev.tarn.train.Metrics;
import dev.tarn.train.Term;
import dev.tarn.train.TrainStep;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/** Programs in tf32 and bf16 against the reference, which runs the same transformed programs. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MixedPrecisionTests {
  private static final List<Precision> SHORT = List.of(Precision.TF32, Precision.BF16);

  /**
   * What rounding of sums in another order, and of what was summed before, can make of a result.
   */
  private static final double TOLERANCE = 1e-2;

  @AutoClose private final Backend backend = CudaDevice.open();
  @AutoClose private final Backend reference = new ReferenceBackend();

  private Stream<DynamicTest> tests(List<OpCase> cases, double tolerance) {
    return CaseChecks.of(
        cases,
        SHORT,
        (opCase, precision) ->
            CaseRun.assertAgrees(backend, reference, opCase, precision, tolerance));
  }

  @TestFactory
  Stream<DynamicTest> sumsOfIntegersAreExact() {
    return tests(PrecisionCases.exact(), 0);
  }

  @TestFactory
  Stream<DynamicTest> operationsBetweenProducts() {
    List<OpCase> cases = new ArrayList<>(PrecisionCases.between());
    PrecisionCases.between().forEach(opCase -> cases.add(opCase.gradient()));
    return tests(cases, 2 * TOLERANCE);
  }

  /** The testkit's products; the emulator takes too long to compile the grid of convolutions. */
  @TestFactory
  Stream<DynamicTest> casesOfTheTestkit() {
    List<OpCase> cases =
        Stream.concat(OpCases.all().stream(), OpCases.gradients().stream())
            .filter(c -> c.name().contains("matmul") || c.name().contains("conv2d"))
            .filter(c -> CudaDevice.isReal() || !c.name().contains("conv2d grid"))
            .toList();
    return tests(cases, TOLERANCE);
  }

  /** Each node of a step alone, bf16 values among its inputs and outputs. */
  @TestFactory
  Stream<DynamicTest> nodesAgreeOneByOne() {
    return PrecisionCases.between().stream()
        .map(OpCase::gradient)
        .map(
            opCase ->
                DynamicTest.dynamicTest(
                    opCase.name(),
                    () -> CaseRun.of(new ValidatingBackend(backend), opCase, Precision.BF16)));
  }

  private static final class Net extends Module {
    private final Conv2d first = child("first", Conv2d.filters(16).kernel(3).same());
    private final BatchNorm norm = child("norm", BatchNorm.create());
    private final Conv2d second =
        child("second", Conv2d.filters(24).kernel(3).stride(2).padding(1));
    private final BatchNorm last = child("last", BatchNorm.create());
    private final Conv2d projection = child("projection", Conv2d.filters(24).stride(2));
    private final Dropout dropout = child("dropout", Dropout.rate(0.2));
    private final Dense out = child("out", Dense.units(5));

    @Override
    public Tensor forward(Tensor x, Mode mode) {
      Tensor h = norm.forward(first.forward(x, mode), mode).relu().maxPool2d(2);
      Tensor shortcut = projection.forward(h, mode);
      h = last.forward(second.forward(h, mode), mode).relu().add(shortcut);
      return out.forward(dropout.forward(h, mode).flatten(), mode);
    }
  }

  private static TrainStep step(Backend backend, Precision precision) {
    return new TrainStep(
        backend,
        new Net(),
        List.of(Term.of(0, Losses.crossEntropy())),
        Updates.of(Sgd.lr(0.05).momentum(0.9)),
        List.of(Metrics.accuracy()),
        List.of(Spec.f32(3, 12, 12)),
        7,
        precision);
  }

  private static Batch batch(long number) {
    RandomStream random = new RandomStream(number, "batch");
    float[] pixels = new float[8 * 3 * 12 * 12];
    int[] labels = new int[8];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = random.nextInt(5);
      for (int j = 0; j < pixels.length / 8; j++) {
        pixels[i * pixels.length / 8 + j] = (float) (random.nextGaussian() + j % 5 * labels[i]);
      }
    }
    return new Batch(HostTensor.of(pixels, 8, 3, 12, 12), HostTensor.of(labels, 8));
  }

  /** The states after some steps, and the sums of losses on the way. */
  static List<HostTensor> train(Backend backend, Precision precision, int steps) {
    try (TrainStep step = step(backend, precision)) {
      List<HostTensor> values = new ArrayList<>();
      for (int i = 1; i <= steps; i++) {
        step.train(i, batch(i));
      }
      assertEquals(0, step.failedStep());
      double[] sums = step.takeSums();
      values.add(HostTensor.of(sums, Shape.of(sums.length)));
      for (State state : step.checkpointStates()) {
        values.add(step.read(state));
      }
      return values;
    }
  }

  /** One step with batch normalization: closer to the reference in bf16 than bf16 is to f32. */
  @Test
  void aStepIsThatOfTheReference() {
    for (Precision precision : SHORT) {
      List<HostTensor> expected = train(reference, precision, 1);
      double rounding = Compare.distance(expected, train(reference, Precision.FP32, 1));
      double actual = Compare.distance(expected, train(backend, precision, 1));
      assertTrue(rounding > 0, precision + " changes nothing");
      assertTrue(actual < 0.3 * rounding, precision + ": " + actual + " of " + rounding);
    }
  }

  @Test
  void stepsGiveTheSameBitsAgain() {
    for (Precision precision : SHORT) {
      assertEquals(train(backend, precision, 3), train(backend, precision, 3));
    }
  }
}
