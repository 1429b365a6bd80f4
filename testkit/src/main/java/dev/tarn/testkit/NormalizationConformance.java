package dev.tarn.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.tarn.HostTensor;
import dev.tarn.Mode;
import dev.tarn.Parameter;
import dev.tarn.PoolWindow;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Executable;
import dev.tarn.backend.StateStore;
import dev.tarn.data.Batches.Batch;
import dev.tarn.data.Dataset;
import dev.tarn.data.Datasets;
import dev.tarn.ir.Program;
import dev.tarn.loss.Losses;
import dev.tarn.nn.BatchNorm;
import dev.tarn.nn.Dense;
import dev.tarn.nn.GroupNorm;
import dev.tarn.nn.LayerNorm;
import dev.tarn.nn.Module;
import dev.tarn.optim.Adam;
import dev.tarn.train.EpochResult;
import dev.tarn.train.TrainStep;
import dev.tarn.train.Trainer;
import dev.tarn.train.TrainingListener;
import dev.tarn.transform.Gradient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Pooling and normalization layers against PyTorch's numbers, and in trainings that stop. */
public abstract class NormalizationConformance {
  private static final PyTorchNumbers NUMBERS = PyTorchNumbers.read("norm_numbers");

  /** Starts the backend under test. */
  protected abstract Backend open();

  /** Whether the backend computes in double. */
  protected boolean inDouble() {
    return false;
  }

  private String type() {
    return inDouble() ? "float64" : "float32";
  }

  private void check(String what, JsonArray expected, HostTensor actual) {
    HostTensor want = HostTensor.of(PyTorchNumbers.numbers(expected), actual.shape());
    Compare.assertClose(want, actual, inDouble() ? 1e-10 : 1e-5, what);
  }

  private HostTensor tensor(JsonArray numbers, Shape shape) {
    return PyTorchNumbers.tensor(PyTorchNumbers.numbers(numbers), shape, inDouble());
  }

  private static Shape shape(JsonObject object, String key) {
    double[] dims = PyTorchNumbers.numbers(object, key);
    return Shape.of(Arrays.stream(dims).mapToInt(dim -> (int) dim).toArray());
  }

  // ---- PyTorch -------------------------------------------------------------------------------

  @TestFactory
  Stream<DynamicTest> poolingEqualsPyTorch() {
    return NUMBERS.object("pooling", "cases").keySet().stream()
        .map(name -> DynamicTest.dynamicTest(name, () -> pooling(name)));
  }

  private void pooling(String name) {
    JsonObject given = NUMBERS.object("pooling", "cases", name);
    Shape shape = shape(given, "shape");
    PoolWindow window =
        PoolWindow.of(given.get("kernel").getAsInt())
            .stride(given.get("stride").getAsInt())
            .padding(given.get("padding").getAsInt());
    PoolWindow whole = given.get("ceil").getAsBoolean() ? window.ceilMode() : window;
    Trace trace = new Trace();
    Tensor x = trace.input("x", Spec.f32(shape));
    Tensor y =
        given.get("max").getAsBoolean()
            ? x.maxPool2d(whole)
            : x.averagePool2d(whole, given.get("count_include_pad").getAsBoolean());
    assertEquals(shape(given, "output_shape"), y.shape());
    Tensor loss = y.mul(trace.input("w", y.spec())).sum();
    trace.output("y", y);
    trace.output("dx", Gradient.of(loss, List.of(x)).get(0));
    try (Backend backend = open();
        StateStore store = backend.allocate(List.of());
        Executable executable = backend.compile(List.of(trace.build(name)), store)) {
      executable.run(
          tensor(given.getAsJsonArray("x"), shape), tensor(given.getAsJsonArray("w"), y.shape()));
      JsonObject expected = NUMBERS.object("pooling", type(), name);
      check("y", expected.getAsJsonArray("y"), executable.read().get(0));
      check("dx", expected.getAsJsonArray("dx"), executable.read().get(1));
    }
  }

  @TestFactory
  Stream<DynamicTest> normalizationEqualsPyTorch() {
    return NUMBERS.object("normalization", "cases").keySet().stream()
        .map(name -> DynamicTest.dynamicTest(name, () -> normalization(name)));
  }

  private static Module layer(String name) {
    return switch (name) {
      case "batch_norm_1d", "batch_norm_2d" -> BatchNorm.create();
      case "layer_norm" -> LayerNorm.create();
      case "layer_norm_two_axes" -> LayerNorm.overLast(2);
      case "group_norm" -> GroupNorm.groups(2);
      default -> throw new IllegalArgumentException(name);
    };
  }

  private void normalization(String name) {
    JsonObject given = NUMBERS.object("normalization", "cases", name);
    JsonObject expected = NUMBERS.object("normalization", type(), name);
    Shape shape = shape(given, "shape");
    Module layer = layer(name);
    Program training = program(layer, shape, Mode.TRAIN);
    Program evaluation = program(layer, shape, Mode.EVAL);
    List<State> states = new ArrayList<>(layer.parameters());
    states.addAll(layer.buffers());
    try (Backend backend = open();
        StateStore store = backend.allocate(states);
        Executable train = backend.compile(List.of(training), store);
        Executable evaluate = backend.compile(List.of(evaluation), store)) {
      store.reset(0);
      for (Parameter parameter : layer.parameters()) {
        JsonArray values = given.getAsJsonArray(parameter.name());
        store.write(parameter, tensor(values, parameter.spec().shape()));
      }
      JsonArray xs = given.getAsJsonArray("x");
      for (int step = 0; step < xs.size(); step++) {
        JsonArray w = given.getAsJsonArray("w").get(step).getAsJsonArray();
        train.run(tensor(xs.get(step).getAsJsonArray(), shape), tensor(w, shape));
        List<HostTensor> results = train.read();
        String[] keys = {"y", "dx", "dweight", "dbias"};
        for (int i = 0; i < keys.length; i++) {
          JsonArray all = expected.getAsJsonArray(keys[i]);
          check(keys[i] + " of step " + step, all.get(step).getAsJsonArray(), results.get(i));
        }
      }
      for (State state : layer.buffers()) {
        check(state.name(), expected.getAsJsonArray(state.name()), store.read(state));
      }
      evaluate.run(tensor(xs.get(0).getAsJsonArray(), shape), HostTensor.zeros(Spec.f32(shape)));
      check("evaluated", expected.getAsJsonArray("evaluated"), evaluate.read().get(0));
    }
  }

  /** Outputs: y and the gradients of the sum of y times weights by x and the parameters. */
  private static Program program(Module layer, Shape shape, Mode mode) {
    Trace trace = new Trace();
    Tensor x = trace.input("x", Spec.f32(shape));
    Tensor w = trace.input("w", Spec.f32(shape));
    Tensor y = layer.forward(x, mode);
    trace.output("y", y);
    List<Tensor> by = new ArrayList<>(List.of(x));
    layer.parameters().forEach(parameter -> by.add(trace.state(parameter)));
    List<Tensor> gradients = Gradient.of(y.mul(w).sum(), by);
    for (int i = 0; i < gradients.size(); i++) {
      trace.output("d" + i, gradients.get(i));
    }
    return trace.build("layer");
  }

  // ---- Trainings -----------------------------------------------------------------------------

  /** Every kind of normalization and a pooling, over the 64 pixels of a digit. */
  private static final class Net extends Module {
    private final BatchNorm images = child("images", BatchNorm.create());
    private final GroupNorm groups = child("groups", GroupNorm.groups(2));
    private final Dense hidden = child("hidden", Dense.units(16));
    private final LayerNorm rows = child("rows", LayerNorm.create());
    private final BatchNorm units = child("units", BatchNorm.create());
    private final Dense out = child("out", Dense.units(10));

    @Override
    public Tensor forward(Tensor x, Mode mode) {
      Tensor h = images.forward(x.reshape(-1, 4, 4, 4), mode).relu().maxPool2d(2);
      h = rows.forward(hidden.forward(groups.forward(h, mode).flatten(), mode), mode);
      return out.forward(units.forward(h, mode).relu(), mode);
    }
  }

  private static Trainer trainer(Backend backend, int stopAt) {
    return Trainer.of(new Net(), backend)
        .loss(Losses.crossEntropy())
        .optimizer(Adam.lr(1e-2).decoupledWeightDecay(0.01))
        .seed(5)
        .listener(
            new TrainingListener() {
              @Override
              public void onStep(Trainer trainer, Progress progress) {
                if (progress.step() == stopAt) {
                  trainer.stop();
                }
              }
            })
        .build();
  }

  private static Dataset.Split data() {
    return Datasets.digits().split(0.1, 0.1, 0.8, 3);
  }

  /** Running statistics are part of a checkpoint: a stopped training ends with the same bits. */
  @Test
  void resumedEqualsNeverStopped(@TempDir Path directory) throws IOException {
    assumeFalse(inDouble(), "models are resumed and loaded in f32");
    Path whole = directory.resolve("whole.safetensors");
    List<EpochResult> expected = train(whole, 0, null);
    for (int stopAt : new int[] {2, 7}) {
      Path part = directory.resolve("part" + stopAt + ".safetensors");
      List<EpochResult> results = train(part, stopAt, null);
      results.addAll(train(part, 0, part));
      assertEquals(-1, Files.mismatch(whole, part), "stopped at " + stopAt);
      for (int i = 0; i < expected.size(); i++) {
        assertEquals(expected.get(i).validation(), results.get(i).validation());
      }
    }
  }

  private List<EpochResult> train(Path file, int stopAt, @Nullable Path from) {
    try (Backend backend = open();
        Trainer trainer = trainer(backend, stopAt)) {
      if (from != null) {
        trainer.resume(from);
      }
      var results = new ArrayList<>(trainer.fit(data().train().batch(30), data().validation(), 2));
      trainer.save(file);
      return results;
    }
  }

  /** A model file has the running statistics: what was loaded predicts as what was saved. */
  @Test
  void loadedPredictsAsSaved(@TempDir Path directory) {
    assumeFalse(inDouble(), "models are resumed and loaded in f32");
    Path file = directory.resolve("model.safetensors");
    HostTensor x = HostTensor.zeros(Spec.f32(3, 64));
    for (int i = 0; i < x.size(); i++) {
      x.set(i, i * 7 % 17);
    }
    HostTensor expected;
    try (Backend backend = open();
        Trainer trainer = trainer(backend, 0)) {
      trainer.fit(data().train().batch(30), null, 1);
      expected = trainer.predict(x).copy();
      trainer.save(file);
    }
    try (Backend backend = open();
        Trainer trainer = trainer(backend, 0)) {
      trainer.load(file);
      Compare.assertSameBits(expected, trainer.predict(x), "prediction");
    }
  }

  /** A batch with a NaN raises the flag and leaves parameters and running statistics alone. */
  @Test
  void aNonFiniteBatchChangesNoState() {
    HostTensor x = HostTensor.zeros(Spec.f32(5, 64));
    for (int i = 0; i < x.size(); i++) {
      x.set(i, i * 7 % 17);
    }
    HostTensor labels = HostTensor.of(new int[] {0, 1, 2, 3, 4}, 5);
    try (Backend backend = open();
        TrainStep step =
            new TrainStep(
                backend,
                new Net(),
                Losses.crossEntropy(),
                Adam.lr(0.01),
                List.of(),
                Shape.of(64),
                1)) {
      Map<String, HostTensor> start = step.checkpoint();
      step.train(1, new Batch(x, labels));
      Map<String, HostTensor> before = step.checkpoint();
      assertNotEquals(start.get("images.running_var"), before.get("images.running_var"));
      assertTrue(before.keySet().containsAll(List.of("units.running_mean", "units.running_var")));
      x.set(17, Double.NaN);
      step.train(2, new Batch(x, labels));
      assertEquals(2, step.failedStep());
      step.checkpoint()
          .forEach((name, value) -> Compare.assertSameBits(before.get(name), value, name));
    }
  }
}
