package dev.tarn.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.tarn.HostTensor;
import dev.tarn.Mode;
import dev.tarn.Parameter;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Executable;
import dev.tarn.backend.StateStore;
import dev.tarn.nn.Activations;
import dev.tarn.nn.PRelu;
import dev.tarn.reference.ReferenceBackend;
import dev.tarn.transform.Gradient;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Functions and activations with their gradients on the reference against those of PyTorch. */
class PyTorchActivationTests {
  private static final PyTorchNumbers NUMBERS = PyTorchNumbers.read("activation_numbers");
  private static final Map<String, Function<List<Tensor>, Tensor>> FUNCTIONS = new HashMap<>();

  static {
    one("erf", Tensor::erf);
    one("expm1", Tensor::expm1);
    one("log1p", Tensor::log1p);
    one("rsqrt", Tensor::rsqrt);
    one("sign", Tensor::sign);
    one("square", Tensor::square);
    one("reciprocal", Tensor::reciprocal);
    one("clip", x -> x.clip(-1, 3));
    for (String exponent : List.of("-2.5", "-1", "-0.5", "0.5", "1", "2", "3", "4")) {
      one("pow_" + exponent, x -> x.pow(Double.parseDouble(exponent)));
    }
    FUNCTIONS.put("pow", in -> in.get(0).pow(in.get(1)));
    one("leaky_relu_0.1", x -> Activations.leakyRelu(x, 0.1));
    one("elu_1", x -> Activations.elu(x, 1));
    one("elu_0.5", x -> Activations.elu(x, 0.5));
    one("celu_2", x -> Activations.celu(x, 2));
    one("selu", Activations::selu);
    one("relu6", Activations::relu6);
    one("hard_tanh", Activations::hardTanh);
    one("hard_sigmoid", Activations::hardSigmoid);
    one("hard_swish", Activations::hardSwish);
    one("gelu", Activations::gelu);
    one("gelu_tanh", Activations::geluTanh);
    one("silu", Activations::silu);
    one("mish", Activations::mish);
    one("softplus", Activations::softplus);
    one("softsign", Activations::softsign);
    one("log_sigmoid", Activations::logSigmoid);
    one("step", Activations::step);
    one("log_softmax", Tensor::logSoftmax);
    one("maxout_3", x -> Activations.maxout(x, 3));
    one("min_1", x -> x.min(1));
    one("min", Tensor::min);
  }

  /** Functions that must overflow in f32. */
  private static final Set<String> OVERFLOWING = Set.of("expm1", "log_softmax");

  private static void one(String name, UnaryOperator<Tensor> function) {
    FUNCTIONS.put(name, in -> function.apply(in.get(0)));
  }

  private static Backend backend(boolean inDouble) {
    return inDouble ? ReferenceBackend.inDouble() : new ReferenceBackend();
  }

  private static HostTensor tensor(JsonObject section, String key, int i, boolean inDouble) {
    JsonArray dims = section.getAsJsonArray("shapes").get(i).getAsJsonArray();
    int[] shape = new int[dims.size()];
    for (int axis = 0; axis < shape.length; axis++) {
      shape[axis] = dims.get(axis).getAsInt();
    }
    return PyTorchNumbers.tensor(
        PyTorchNumbers.numbers(section.getAsJsonArray(key).get(i).getAsJsonArray()),
        Shape.of(shape),
        inDouble);
  }

  /** What the outputs' elements are weighted with before they are summed. */
  private static Tensor weights(Trace trace, Shape shape) {
    float[] weights = new float[shape.intSize()];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = i % 5 - 1.5f;
    }
    return trace.constant(HostTensor.of(weights, shape));
  }

  @TestFactory
  Stream<DynamicTest> functions() {
    Set<String> names = NUMBERS.object().keySet();
    return names.stream()
        .filter(name -> !name.equals("torch_version") && !name.startsWith("prelu"))
        .flatMap(
            name ->
                Stream.of(true, false)
                    .map(
                        d ->
                            DynamicTest.dynamicTest(
                                name + (d ? " float64" : " float32"), () -> function(name, d))));
  }

  private static void function(String name, boolean inDouble) {
    JsonObject section = NUMBERS.object(name);
    Trace trace = new Trace();
    List<Tensor> in = new ArrayList<>();
    List<HostTensor> data = new ArrayList<>();
    for (int i = 0; i < section.getAsJsonArray("inputs").size(); i++) {
      data.add(tensor(section, "inputs", i, inDouble));
      in.add(trace.input("x" + i, Spec.f32(data.get(i).shape())));
    }
    Tensor y = FUNCTIONS.get(name).apply(in);
    trace.output("y", y);
    Gradient.of(y.mul(weights(trace, y.shape())).sum(), in)
        .forEach(gradient -> trace.output("g" + gradient, gradient));
    try (Backend backend = backend(inDouble);
        StateStore store = backend.allocate(List.of());
        Executable executable = backend.compile(List.of(trace.build("test")), store)) {
      executable.run(data.toArray(new HostTensor[0]));
      check(section, inDouble, executable.read());
    }
  }

  private static void check(JsonObject section, boolean inDouble, List<HostTensor> results) {
    JsonObject expected = section.getAsJsonObject(inDouble ? "float64" : "float32");
    JsonArray gradients = expected.getAsJsonArray("derivatives");
    assertEquals(1 + gradients.size(), results.size());
    for (int i = 0; i < results.size(); i++) {
      HostTensor actual = results.get(i);
      double[] want =
          PyTorchNumbers.numbers(
              i == 0 ? expected.getAsJsonArray("values") : gradients.get(i - 1).getAsJsonArray());
      String what = i == 0 ? "values" : "derivatives by input " + (i - 1);
      Compare.assertClose(
          HostTensor.of(want, actual.shape()), actual, inDouble ? 1e-10 : 1e-5, what);
    }
  }

  /** Values and gradients at large arguments in f32 are what they are in double. */
  @Test
  void nothingOverflows() {
    float[] x = {-3e38f, -1e30f, -1e20f, -1e10f, -89, 89, 1e10f, 1e20f, 1e30f, 3e38f};
    FUNCTIONS.forEach(
        (name, function) -> {
          boolean grows = name.startsWith("pow") || OVERFLOWING.contains(name);
          if (!grows && NUMBERS.object(name).toString().contains("10000.0")) {
            List<HostTensor> single = atLargeArguments(function, x, false);
            List<HostTensor> wide = atLargeArguments(function, x, true);
            for (int i = 0; i < single.size(); i++) {
              Compare.assertClose(wide.get(i), single.get(i), 1e-5, name + ", output " + i);
            }
          }
        });
  }

  private static List<HostTensor> atLargeArguments(
      Function<List<Tensor>, Tensor> function, float[] x, boolean inDouble) {
    Trace trace = new Trace();
    Tensor in = trace.input("x", Spec.f32(1, x.length));
    Tensor y = function.apply(List.of(in));
    trace.output("y", y);
    trace.output("dx", Gradient.of(y.sum(), List.of(in)).get(0));
    try (Backend backend = backend(inDouble);
        StateStore store = backend.allocate(List.of());
        Executable executable = backend.compile(List.of(trace.build("test")), store)) {
      executable.run(HostTensor.of(x, 1, x.length));
      return executable.read();
    }
  }

  @Test
  void learnedSlopes() {
    for (boolean inDouble : new boolean[] {true, false}) {
      learnedSlope("prelu", PRelu.shared(), inDouble);
      learnedSlope("prelu_channel", PRelu.perChannel(), inDouble);
    }
  }

  private static void learnedSlope(String name, PRelu module, boolean inDouble) {
    JsonObject section = NUMBERS.object(name);
    HostTensor data = tensor(section, "inputs", 0, inDouble);
    Trace trace = new Trace();
    Tensor x = trace.input("x", Spec.f32(data.shape()));
    Tensor y = module.forward(x, Mode.TRAIN);
    Parameter slope = module.parameters().get(0);
    trace.output("y", y);
    Tensor loss = y.mul(weights(trace, y.shape())).sum();
    List<Tensor> gradients = Gradient.of(loss, List.of(x, trace.state(slope)));
    trace.output("dx", gradients.get(0));
    trace.output("dw", gradients.get(1));
    try (Backend backend = backend(inDouble);
        StateStore store = backend.allocate(List.<State>of(slope));
        Executable executable = backend.compile(List.of(trace.build("test")), store)) {
      store.reset(1);
      assertEquals(0.25, store.read(slope).get(0));
      store.write(slope, tensor(section, "inputs", 1, inDouble));
      executable.run(data);
      check(section, inDouble, executable.read());
    }
  }
}
