package dev.tarn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import dev.tarn.Parameter;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.Trace;
import dev.tarn.backend.Backends;
import dev.tarn.backend.StepTime;
import dev.tarn.config.RunConfig;
import dev.tarn.data.Batches;
import dev.tarn.data.Dataset;
import dev.tarn.data.SyntheticData;
import dev.tarn.ir.Node;
import dev.tarn.ir.Program;
import dev.tarn.nn.Sequential;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class BenchTests {
  /** By hand; for resnet20 as PyTorch counts the same layers. */
  @ParameterizedTest
  @CsvSource({
    "mlp-64, 535818, 64, 784",
    "mlp-64-adam, 535818, 64, 784",
    "mlp-512, 535818, 512, 784",
    "mlp-512-adam, 535818, 512, 784",
    "lenet-64, 1663370, 64, 784",
    "lenet-256, 1663370, 256, 784",
    "vgg-64, 1187274, 64, 3072",
    "resnet20-128, 272474, 128, 3072"
  })
  void workloads(String name, long parameters, int batch, int features) {
    RunConfig config = Workload.read(name, List.of("data.examples=1")).config();
    Dataset data = config.load().split().train();
    Sequential model = config.modelFor(data);
    assertEquals(name, config.name());
    assertEquals(batch, config.train().batch());
    assertEquals(features, data.featureShape().size());
    try (var backend = Backends.named("reference");
        var trainer = Training.trainer(config, model, backend).build()) {
      trainer.prepare(data.batch(1));
      long count = 0;
      for (Parameter parameter : model.parameters()) {
        count += parameter.spec().shape().size();
      }
      assertEquals(parameters, count);
    }
  }

  @Test
  void everyWorkloadIsNamed() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("..", "benchmarks", "workloads"))) {
      assertEquals(
          new TreeSet<>(Workload.NAMES),
          files
              .map(file -> file.getFileName().toString().replace(".yaml", ""))
              .collect(Collectors.toCollection(TreeSet::new)));
    }
  }

  @Test
  void syntheticDataAreTheSameEachTimeAndNormal() {
    Dataset once = SyntheticData.classes(Shape.of(50, 4), 100, 3).data();
    Dataset again = SyntheticData.classes(Shape.of(50, 4), 100, 3).data();
    var batch = new Batches(once, 100, false);
    var other = new Batches(again, 100, false);
    batch.startEpoch(0, 0);
    other.startEpoch(0, 0);
    assertEquals(batch.load(0), other.load(0));
    double[] values = batch.load(0).feature().toDoubles();
    double squares = 0;
    double sum = 0;
    for (double value : values) {
      sum += value;
      squares += value * value;
    }
    assertEquals(0, sum / values.length, 5 / Math.sqrt(values.length));
    assertEquals(1, squares / values.length, 5 * Math.sqrt(2.0 / values.length));
    assertEquals(3, once.classes());
  }

  /** Forward, gradient of weights, and gradient of inputs but for the first layer's. */
  @Test
  void flopsOfAPerceptron() {
    long forward = 2L * 64 * (784 * 512 + 512 * 256 + 256 * 10);
    long inputs = 2L * 64 * (512 * 256 + 256 * 10);
    assertEquals(2 * forward + inputs, flops("mlp-64"));
  }

  /** 28 x 28 and 14 x 14 positions, 5 x 5 taps. */
  @Test
  void flopsOfConvolutions() {
    long first = 2L * 784 * 25 * 32;
    long second = 2L * 196 * 25 * 32 * 64;
    long dense = 2L * (3136 * 512 + 512 * 10);
    assertEquals(64 * (2 * first + 3 * second + 3 * dense), flops("lenet-64"));
  }

  private static long flops(String name) {
    RunConfig config = Workload.read(name, List.of("data.examples=64")).config();
    Dataset data = config.load().split().train();
    try (var backend = Backends.named("reference");
        var trainer = Training.trainer(config, config.modelFor(data), backend).build()) {
      Spec features = data.features().get(0).prepend(64);
      return Flops.of(trainer.prepare(data.batch(64)).programs(features));
    }
  }

  @Test
  void flopsOfTransposedOperandsAndBatches() {
    Trace trace = new Trace();
    var a = trace.input("a", Spec.f32(3, 7, 5));
    var b = trace.input("b", Spec.f32(11, 7));
    trace.output("c", a.matmul(b, true, true));
    Program program = trace.build("p");
    assertEquals(2L * 3 * 5 * 7 * 11, Flops.of(List.of(program)));
  }

  @Test
  void quantiles() {
    double[] sorted = {1, 2, 4, 8, 16};
    assertEquals(4, Timing.quantile(sorted, 0.5));
    assertEquals(1.4, Timing.quantile(sorted, 0.1), 1e-12);
    assertEquals(12.8, Timing.quantile(sorted, 0.9), 1e-12);
    assertEquals(3, Timing.quantile(new double[] {3}, 0.9));
  }

  @Test
  void familiesAreMediansOfSums() {
    Trace trace = new Trace();
    var a = trace.input("a", Spec.f32(2, 2));
    trace.output("c", a.matmul(a, false, false));
    Node product = trace.build("p").body().get(0);
    List<List<StepTime>> runs =
        Stream.of(1e3, 9e3, 2e3)
            .map(
                nanos ->
                    List.of(
                        new StepTime("gradients", product, nanos),
                        new StepTime("gradients", product, nanos),
                        new StepTime("apply", product, 10e3),
                        new StepTime("", null, 1e3)))
            .toList();
    Map<String, Double> families = OpFamilies.median(runs);
    assertEquals(
        List.of("optimizer", "matmul", "inputs and copies"), List.copyOf(families.keySet()));
    assertEquals(4e-6, families.getOrDefault("matmul", 0.0), 1e-15);
  }

  @Test
  void aRunFileIsMeasured(@TempDir Path directory) throws IOException {
    Path file = Tarn.runFile(directory, 1, "auto");
    Tarn.Result result =
        Tarn.ok(
            "bench", file.toString(), "train.batch=16", "--device=cpu", "--seconds=0.02", "--json");
    JsonObject json = result.json();
    JsonObject small = json.getAsJsonArray("workloads").get(0).getAsJsonObject();
    assertEquals("small", small.get("workload").getAsString());
    assertEquals(16, small.get("batch").getAsInt());
    JsonObject step = small.getAsJsonObject("step");
    double median = step.get("median_us").getAsDouble();
    assertTrue(step.get("p10_us").getAsDouble() <= median);
    assertTrue(step.get("p90_us").getAsDouble() >= median);
    assertEquals(16 / (median / 1e6), step.get("samples_per_second").getAsDouble(), 1e-6);
    assertTrue(small.getAsJsonObject("us_by_operation").has("matmul"), result.out());
    assertTrue(small.getAsJsonObject("us_by_operation").has("optimizer"), result.out());
    assertTrue(small.getAsJsonObject("ceiling").get("matmul_gflops").getAsDouble() > 0);
    assertTrue(result.err().contains("small, fp32, batch 16"), result.err());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "lenet|no workload or run file 'lenet'; there are mlp-64, mlp-64-adam",
        "--seconds=0|--seconds: above 0 and at most 3600",
        "--precision=fp8|expected fp32, tf32 or bf16, found 'fp8'"
      })
  void wrongArguments(String argument, String message) {
    Tarn.Result result = Tarn.run("bench", argument);
    assertTrue(result.code() != 0);
    assertTrue(result.err().contains(message), result.err());
  }
}
