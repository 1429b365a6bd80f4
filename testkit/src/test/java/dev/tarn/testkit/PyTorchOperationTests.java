package dev.tarn.testkit;

import com.google.gson.JsonObject;
import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Executable;
import dev.tarn.backend.StateStore;
import dev.tarn.ir.Elementwise;
import dev.tarn.reference.ReferenceBackend;
import dev.tarn.transform.Gradient;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Values and derivatives of single operations on the reference against those of PyTorch. */
class PyTorchOperationTests {
  private static final PyTorchNumbers NUMBERS = PyTorchNumbers.read();

  private static Backend backend(boolean inDouble) {
    return inDouble ? ReferenceBackend.inDouble() : new ReferenceBackend();
  }

  private static String type(boolean inDouble) {
    return inDouble ? "float64" : "float32";
  }

  private static List<HostTensor> run(boolean inDouble, Trace trace, HostTensor... inputs) {
    try (Backend backend = backend(inDouble);
        StateStore store = backend.allocate(List.of());
        Executable executable = backend.compile(List.of(trace.build("test")), store)) {
      executable.run(inputs);
      return executable.read();
    }
  }

  private static void check(boolean inDouble, JsonObject expected, String key, HostTensor actual) {
    HostTensor want = HostTensor.of(PyTorchNumbers.numbers(expected, key), actual.shape());
    Compare.assertClose(want, actual, inDouble ? 1e-10 : 1e-5, key);
  }

  private static Stream<DynamicTest> inBoth(String name, Consumer<Boolean> test) {
    return Stream.of(true, false)
        .map(d -> DynamicTest.dynamicTest(name + " " + type(d), () -> test.accept(d)));
  }

  @TestFactory
  Stream<DynamicTest> elementwise() {
    return NUMBERS.object("elementwise", "x").keySet().stream()
        .flatMap(name -> inBoth(name, inDouble -> elementwise(name, inDouble)));
  }

  private static void elementwise(String name, boolean inDouble) {
    double[] x = PyTorchNumbers.numbers(NUMBERS.object("elementwise", "x"), name);
    Shape shape = Shape.of(x.length);
    Trace trace = new Trace();
    Tensor in = trace.input("x", Spec.f32(shape));
    Elementwise.Kind kind = Elementwise.Kind.valueOf(name.toUpperCase(Locale.ROOT));
    Tensor out = trace.add(new Elementwise(kind), in).get(0);
    trace.output("values", out);
    trace.output("derivatives", Gradient.of(out.sum(), List.of(in)).get(0));
    List<HostTensor> results = run(inDouble, trace, PyTorchNumbers.tensor(x, shape, inDouble));
    JsonObject expected = NUMBERS.object("elementwise", type(inDouble), name);
    check(inDouble, expected, "values", results.get(0));
    check(inDouble, expected, "derivatives", results.get(1));
  }

  @TestFactory
  Stream<DynamicTest> matmul() {
    return NUMBERS.object("matmul", "cases").keySet().stream()
        .flatMap(name -> inBoth(name, inDouble -> matmul(name, inDouble)));
  }

  private static void matmul(String name, boolean inDouble) {
    JsonObject given = NUMBERS.object("matmul", "cases", name);
    Shape shapeA = shape(given, "a_shape");
    Shape shapeB = shape(given, "b_shape");
    Trace trace = new Trace();
    Tensor a = trace.input("a", Spec.f32(shapeA));
    Tensor b = trace.input("b", Spec.f32(shapeB));
    Tensor c =
        a.matmul(
            b, given.get("transpose_a").getAsBoolean(), given.get("transpose_b").getAsBoolean());
    Tensor loss = c.mul(c).sum();
    trace.output("c", c);
    trace.output("loss", loss);
    List<Tensor> gradients = Gradient.of(loss, List.of(a, b));
    trace.output("da", gradients.get(0));
    trace.output("db", gradients.get(1));
    List<HostTensor> results =
        run(
            inDouble,
            trace,
            PyTorchNumbers.tensor(PyTorchNumbers.numbers(given, "a"), shapeA, inDouble),
            PyTorchNumbers.tensor(PyTorchNumbers.numbers(given, "b"), shapeB, inDouble));
    JsonObject expected = NUMBERS.object("matmul", type(inDouble), name);
    check(inDouble, expected, "c", results.get(0));
    checkLoss(inDouble, expected, results.get(1));
    check(inDouble, expected, "a_gradient", results.get(2));
    check(inDouble, expected, "b_gradient", results.get(3));
  }

  private static void checkLoss(boolean inDouble, JsonObject expected, HostTensor actual) {
    double[] loss = {expected.get("loss").getAsDouble()};
    Compare.assertClose(HostTensor.of(loss, Shape.SCALAR), actual, inDouble ? 1e-10 : 1e-5, "loss");
  }

  @TestFactory
  Stream<DynamicTest> crossEntropy() {
    return NUMBERS.object("cross_entropy", "labels").keySet().stream()
        .flatMap(name -> inBoth(name, inDouble -> crossEntropy(name, inDouble)));
  }

  private static void crossEntropy(String name, boolean inDouble) {
    JsonObject section = NUMBERS.object("cross_entropy");
    Shape shape = shape(section, "shape");
    double[] numbers = PyTorchNumbers.numbers(section.getAsJsonObject("labels"), name);
    HostTensor labels = HostTensor.zeros(Spec.i32(numbers.length));
    for (int i = 0; i < numbers.length; i++) {
      labels.set(i, numbers[i]);
    }
    Trace trace = new Trace();
    Tensor logits = trace.input("logits", Spec.f32(shape));
    Tensor losses = logits.softmaxCrossEntropy(trace.input("labels", labels.spec()));
    Tensor loss = losses.mean();
    trace.output("sample_losses", losses);
    trace.output("loss", loss);
    trace.output("gradient", Gradient.of(loss, List.of(logits)).get(0));
    double[] x = PyTorchNumbers.numbers(section, "logits");
    List<HostTensor> results =
        run(inDouble, trace, PyTorchNumbers.tensor(x, shape, inDouble), labels);
    JsonObject expected = NUMBERS.object("cross_entropy", type(inDouble), name);
    check(inDouble, expected, "sample_losses", results.get(0));
    checkLoss(inDouble, expected, results.get(1));
    check(inDouble, expected, "gradient", results.get(2));
  }

  private static Shape shape(JsonObject object, String key) {
    double[] dims = PyTorchNumbers.numbers(object, key);
    int[] out = new int[dims.length];
    for (int i = 0; i < dims.length; i++) {
      out[i] = (int) dims[i];
    }
    return Shape.of(out);
  }
}
