package dev.tarn.testkit;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Executable;
import dev.tarn.backend.StateStore;
import dev.tarn.reference.ReferenceBackend;
import dev.tarn.transform.Gradient;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Softmax, embeddings, batched products, running sums and moved data on the reference against
 * PyTorch.
 */
class PyTorchMovementTests {
  private static final PyTorchNumbers NUMBERS = PyTorchNumbers.read("movement_numbers");

  @TestFactory
  Stream<DynamicTest> cases() {
    return NUMBERS.object("cases").keySet().stream()
        .flatMap(
            name ->
                Stream.of(true, false)
                    .map(
                        inDouble ->
                            DynamicTest.dynamicTest(
                                name + (inDouble ? " float64" : " float32"),
                                () -> check(name, inDouble))));
  }

  private static Tensor record(String name, Trace trace, List<Tensor> in) {
    Tensor a = in.get(0);
    return switch (name) {
      case "softmax" -> a.mul(4).softmax();
      case "log_softmax" -> a.mul(4).logSoftmax();
      case "embedding" -> a.gather(trace.constant(indices()));
      case "batched_matmul_transposed" -> a.matmul(in.get(1), true, true);
      case "cumulative_sum" -> a.cumulativeSum(1);
      case "chain" -> chain(a, in.get(1));
      case "batched_matmul",
          "batched_matmul_shared_left",
          "batched_matmul_shared_right",
          "batched_matmul_one_left" ->
          a.matmul(in.get(1));
      default -> throw new AssertionError("record() has no line for the case " + name);
    };
  }

  private static Tensor chain(Tensor a, Tensor b) {
    List<Tensor> rows = List.of(a.narrow(1, 1, 2), b.t(), a.narrow(1, 0, 1));
    Tensor padded = Tensor.concat(1, rows).pad(new int[] {0, 0, 2}, new int[] {0, 1, 1}, 0.5);
    List<Tensor> parts = padded.transpose(2, 0, 1).split(0, new int[] {3, 4, 1});
    Tensor second = parts.get(1);
    return Tensor.concat(
        0,
        List.of(
            second.exp(),
            parts.get(0).narrow(2, 1, 1).expand(3, 2, 6),
            parts.get(2).mul(second.narrow(0, 0, 1))));
  }

  private static HostTensor indices() {
    JsonArray rows = NUMBERS.object().getAsJsonArray("indices");
    int[] values =
        StreamSupport.stream(rows.spliterator(), false)
            .flatMap(row -> StreamSupport.stream(row.getAsJsonArray().spliterator(), false))
            .mapToInt(value -> value.getAsInt())
            .toArray();
    return HostTensor.of(values, rows.size(), values.length / rows.size());
  }

  private static void check(String name, boolean inDouble) {
    JsonObject given = NUMBERS.object("cases", name);
    Trace trace = new Trace();
    List<Tensor> in = new ArrayList<>();
    List<HostTensor> data = new ArrayList<>();
    for (int i = 0; i < given.getAsJsonArray("shapes").size(); i++) {
      Shape shape = shape(given.getAsJsonArray("shapes").get(i).getAsJsonArray());
      in.add(trace.input("in" + i, Spec.f32(shape)));
      data.add(tensor(given.getAsJsonArray("inputs").get(i).getAsJsonArray(), shape, inDouble));
    }
    Shape shape = shape(given.getAsJsonArray("output_shape"));
    Tensor weights = trace.input("weights", Spec.f32(shape));
    data.add(tensor(given.getAsJsonArray("weights"), shape, inDouble));
    Tensor output = record(name, trace, in);
    trace.output("output", output);
    List<Tensor> gradients = Gradient.of(output.mul(weights).sum(), in);
    for (int i = 0; i < gradients.size(); i++) {
      trace.output("gradient " + i, gradients.get(i));
    }
    try (Backend backend = inDouble ? ReferenceBackend.inDouble() : new ReferenceBackend();
        StateStore store = backend.allocate(List.of());
        Executable executable = backend.compile(List.of(trace.build("test")), store)) {
      executable.run(data.toArray(HostTensor[]::new));
      List<HostTensor> results = executable.read();
      JsonObject expected = given.getAsJsonObject(inDouble ? "float64" : "float32");
      double tolerance = inDouble ? 1e-10 : 1e-5;
      HostTensor want = tensor(expected.getAsJsonArray("output"), shape, true);
      Compare.assertClose(want, results.get(0), tolerance, "output");
      for (int i = 0; i < in.size(); i++) {
        JsonArray gradient = expected.getAsJsonArray("gradients").get(i).getAsJsonArray();
        want = tensor(gradient, in.get(i).shape(), true);
        Compare.assertClose(want, results.get(i + 1), tolerance, "gradient " + i);
      }
    }
  }

  private static Shape shape(JsonArray array) {
    int[] dims = new int[array.size()];
    for (int i = 0; i < dims.length; i++) {
      dims[i] = array.get(i).getAsInt();
    }
    return Shape.of(dims);
  }

  private static HostTensor tensor(JsonArray array, Shape shape, boolean inDouble) {
    double[] values = new double[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).getAsDouble();
    }
    return PyTorchNumbers.tensor(values, shape, inDouble);
  }
}
