package dev.tarn.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonObject;
import dev.tarn.HostTensor;
import dev.tarn.Mode;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Executable;
import dev.tarn.backend.StateStore;
import dev.tarn.data.ArrayDataset;
import dev.tarn.data.Batches;
import dev.tarn.data.Batches.Batch;
import dev.tarn.loss.Loss;
import dev.tarn.loss.Losses;
import dev.tarn.nn.Dense;
import dev.tarn.nn.Module;
import dev.tarn.optim.AdaGrad;
import dev.tarn.optim.Adadelta;
import dev.tarn.optim.Adam;
import dev.tarn.optim.RmsProp;
import dev.tarn.optim.Schedules;
import dev.tarn.optim.Sgd;
import dev.tarn.optim.Updates;
import dev.tarn.train.TrainStep;
import dev.tarn.train.Trainer;
import dev.tarn.transform.Gradient;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Every loss with its gradient, and ten updates of every optimizer, against the numbers of PyTorch.
 */
public abstract class TrainingNumbers {
  private static final PyTorchNumbers NUMBERS = PyTorchNumbers.read("training_numbers");

  /** Starts the backend under test. */
  protected abstract Backend open();

  /** Whether the backend computes in double. */
  protected boolean inDouble() {
    return false;
  }

  /** Whether to run a case; a backend to which each kernel is dear may leave some out. */
  protected boolean runs(String name) {
    return true;
  }

  private String type() {
    return inDouble() ? "float64" : "float32";
  }

  private Stream<DynamicTest> tests(
      Iterable<String> names, java.util.function.Consumer<String> test) {
    return java.util.stream.StreamSupport.stream(names.spliterator(), false)
        .filter(this::runs)
        .map(name -> DynamicTest.dynamicTest(name, () -> test.accept(name)));
  }

  // ---- Losses --------------------------------------------------------------------------------

  private static Map<String, Loss> losses() {
    double[] weights = {0.5, 2, 1, 0.25};
    Map<String, Loss> losses = new LinkedHashMap<>();
    losses.put("cross_entropy_smoothing", Losses.crossEntropy().labelSmoothing(0.125));
    losses.put("cross_entropy_weights", Losses.crossEntropy().classWeights(weights));
    losses.put("cross_entropy_ignore", Losses.crossEntropy().ignoreIndex(-7));
    losses.put("cross_entropy_ignore_class", Losses.crossEntropy().ignoreIndex(1));
    losses.put(
        "cross_entropy_all",
        Losses.crossEntropy().labelSmoothing(0.125).classWeights(weights).ignoreIndex(-7));
    losses.put("cross_entropy_probabilities", Losses.crossEntropy().ofProbabilities());
    losses.put(
        "cross_entropy_probabilities_all",
        Losses.crossEntropy().ofProbabilities().labelSmoothing(0.125).classWeights(weights));
    losses.put("mse", Losses.mse());
    losses.put("half_squared_error", Losses.halfSquaredError());
    losses.put("l1", Losses.l1());
    losses.put("huber", Losses.huber(1.5));
    losses.put("binary_cross_entropy", Losses.binaryCrossEntropy());
    losses.put("binary_cross_entropy_with_logits", Losses.binaryCrossEntropyWithLogits());
    losses.put("hinge", Losses.hinge());
    losses.put("perceptron", Losses.perceptron());
    losses.put("kl_divergence", Losses.klDivergence());
    return losses;
  }

  @TestFactory
  Stream<DynamicTest> lossesEqualPyTorch() {
    Map<String, Loss> losses = losses();
    assertEquals(NUMBERS.object("losses").keySet(), losses.keySet());
    return tests(losses.keySet(), name -> lossEqualsPyTorch(name, losses.get(name)));
  }

  private void lossEqualsPyTorch(String name, Loss loss) {
    JsonObject given = NUMBERS.object("losses", name);
    Shape shape = Shape.of(6, 4);
    HostTensor output =
        PyTorchNumbers.tensor(PyTorchNumbers.numbers(given, "output"), shape, inDouble());
    double[] wanted = PyTorchNumbers.numbers(given, "target");
    boolean labels = given.get("labels").getAsBoolean();
    HostTensor target =
        labels
            ? HostTensor.of(Arrays.stream(wanted).mapToInt(v -> (int) v).toArray(), 6)
            : PyTorchNumbers.tensor(wanted, shape, inDouble());
    Trace trace = new Trace();
    Tensor x = trace.input("output", Spec.f32(shape));
    Tensor t = trace.input("target", loss.target(x.spec()));
    Tensor mean = loss.mean(x, t);
    trace.output("loss", mean);
    trace.output("gradient", Gradient.of(mean, List.of(x)).get(0));
    try (Backend backend = open();
        StateStore store = backend.allocate(List.of());
        Executable executable = backend.compile(List.of(trace.build("loss")), store)) {
      executable.run(output, target);
      List<HostTensor> results = executable.read();
      JsonObject expected = given.getAsJsonObject(type());
      double value = expected.get("loss").getAsDouble();
      assertEquals(value, results.get(0).item(), tolerance() * Math.max(1, value), "loss");
      assertClose(PyTorchNumbers.numbers(expected, "gradient"), results.get(1), "gradient");
    }
  }

  // ---- Optimizers ----------------------------------------------------------------------------

  private static Map<String, Updates> updates() {
    Map<String, Updates> all = new LinkedHashMap<>();
    Sgd stepped = Sgd.lr(Schedules.step(0.5, 3, 0.5));
    all.put("sgd_classical_step", Updates.of(stepped.classicalMomentum(0.9)));
    all.put("sgd_classical_nesterov", Updates.of(stepped.nesterov(0.9).classicalMomentum(0.9)));
    all.put("sgd_l1", Updates.of(Sgd.lr(0.5).l1(0.0625)));
    all.put("sgd_clip_norm", Updates.of(Sgd.lr(1).momentum(0.5)).clipNorm(0.25));
    all.put("sgd_clip_value", Updates.of(Sgd.lr(1)).clipValue(0.03125));
    all.put(
        "sgd_clip_both_weight_decay",
        Updates.of(Sgd.lr(1).weightDecay(0.25)).clipValue(0.0625).clipNorm(0.125));
    Sgd slow = Sgd.lr(0.1).momentum(0.9).weightDecay(0.5);
    all.put(
        "sgd_groups",
        Updates.of(Sgd.lr(0.5).momentum(0.9)).freeze("fc1.bias").group("out.*", slow));
    all.put("adam_amsgrad", Updates.of(Adam.lr(0.1).withAmsgrad()));
    all.put(
        "adamw_amsgrad_cosine",
        Updates.of(Adam.lr(Schedules.cosine(0.1, 10, 0)).decoupledWeightDecay(0.25).withAmsgrad()));
    all.put("adagrad", Updates.of(AdaGrad.lr(0.1)));
    all.put("adagrad_weight_decay", Updates.of(AdaGrad.lr(0.1).weightDecay(0.25)));
    all.put("adadelta", Updates.of(Adadelta.lr(1)));
    all.put("adadelta_weight_decay", Updates.of(Adadelta.lr(2).weightDecay(0.25)));
    all.put("rmsprop", Updates.of(RmsProp.lr(0.01)));
    all.put(
        "rmsprop_momentum_weight_decay",
        Updates.of(RmsProp.lr(0.01).momentum(0.9).weightDecay(0.25)));
    all.put("rmsprop_centered", Updates.of(RmsProp.lr(0.01).momentum(0.5).asCentered()));
    return all;
  }

  @TestFactory
  Stream<DynamicTest> tenUpdatesEqualPyTorch() {
    Map<String, Updates> all = updates();
    return tests(all.keySet(), name -> tenUpdates(name, all.get(name)));
  }

  private void tenUpdates(String name, Updates updates) {
    JsonObject expected = NUMBERS.object(type(), name);
    Batch batch = new Batch(features(), labels());
    try (Backend backend = open();
        TrainStep step =
            new TrainStep(
                backend, new Net(), Losses.crossEntropy(), updates, List.of(), Shape.of(5), 0)) {
      begin(step);
      double[] losses = PyTorchNumbers.numbers(expected, "losses");
      for (int i = 0; i < losses.length; i++) {
        step.train(i + 1, batch);
        assertEquals(losses[i], step.takeSums()[0] / 8, tolerance() * losses[i], "loss " + i);
      }
      assertParameters(expected, step);
    }
  }

  /** Batches of 3, 3 and 2 examples, two an update: the epoch's last update has the third alone. */
  @Test
  void severalBatchesAreAsOne() {
    accumulate("accumulate", Losses.crossEntropy());
  }

  /** The same where examples count differently, so that batches weigh what their examples do. */
  @Test
  void severalWeightedBatchesAreAsOne() {
    accumulate(
        "accumulate_weighted", Losses.crossEntropy().classWeights(0.5, 2, 1, 0.25).ignoreIndex(3));
  }

  private void accumulate(String name, Loss loss) {
    HostTensor x = HostTensor.zeros(Spec.f32(8, 5));
    x.copyFrom(features());
    Batches batches = new Batches(new ArrayDataset(x, labels(), 4), 3, false);
    try (Backend backend = open();
        Trainer trainer =
            Trainer.of(new Net(), backend)
                .loss(loss)
                .updates(Updates.of(Adam.lr(0.05)).accumulate(2))
                .build()) {
      TrainStep step = trainer.prepare(batches);
      begin(step);
      trainer.fit(batches, null, 10);
      assertParameters(NUMBERS.object(type(), name), step);
    }
  }

  // ---- Helpers -------------------------------------------------------------------------------

  private static final class Net extends Module {
    private final Dense fc1 = child("fc1", Dense.units(6));
    private final Dense out = child("out", Dense.units(4));

    @Override
    public Tensor forward(Tensor x, Mode mode) {
      return out.forward(fc1.forward(x, mode).tanh(), mode);
    }
  }

  private HostTensor features() {
    double[] x = PyTorchNumbers.numbers(NUMBERS.object("model"), "x");
    return PyTorchNumbers.tensor(x, Shape.of(8, 5), inDouble());
  }

  private static HostTensor labels() {
    double[] labels = PyTorchNumbers.numbers(NUMBERS.object("model"), "labels");
    return HostTensor.of(Arrays.stream(labels).mapToInt(v -> (int) v).toArray(), 8);
  }

  private void begin(TrainStep step) {
    for (State parameter : step.parameterStates()) {
      double[] values =
          PyTorchNumbers.numbers(NUMBERS.object("model", "parameters"), parameter.name());
      step.write(parameter, PyTorchNumbers.tensor(values, parameter.spec().shape(), inDouble()));
    }
  }

  private void assertParameters(JsonObject run, TrainStep step) {
    for (State parameter : step.parameterStates()) {
      assertClose(
          PyTorchNumbers.numbers(run.getAsJsonObject("parameters"), parameter.name()),
          step.read(parameter),
          parameter.name());
    }
  }

  private double tolerance() {
    return inDouble() ? 1e-10 : 1e-5;
  }

  private void assertClose(double[] expected, HostTensor actual, String what) {
    Compare.assertClose(HostTensor.of(expected, actual.shape()), actual, tolerance(), what);
  }
}
