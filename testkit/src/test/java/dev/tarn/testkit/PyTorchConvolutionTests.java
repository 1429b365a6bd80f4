package dev.tarn.testkit;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.Window2d;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Executable;
import dev.tarn.backend.StateStore;
import dev.tarn.reference.ReferenceBackend;
import dev.tarn.transform.Gradient;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Convolutions and their gradients on the reference against the numbers of PyTorch. */
class PyTorchConvolutionTests {
  private static final JsonObject NUMBERS = read();

  private static JsonObject read() {
    try (Reader reader =
        new InputStreamReader(
            Objects.requireNonNull(
                PyTorchNumbers.class.getResourceAsStream("pytorch/convolution_numbers.json")),
            StandardCharsets.UTF_8)) {
      return JsonParser.parseReader(reader).getAsJsonObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @TestFactory
  Stream<DynamicTest> equalPyTorch() {
    return NUMBERS.getAsJsonObject("cases").keySet().stream()
        .flatMap(
            name ->
                Stream.of(true, false)
                    .map(
                        inDouble ->
                            DynamicTest.dynamicTest(
                                name + (inDouble ? " float64" : " float32"),
                                () -> equalsPyTorch(name, inDouble))));
  }

  private static void equalsPyTorch(String name, boolean inDouble) {
    JsonObject given = NUMBERS.getAsJsonObject("cases").getAsJsonObject(name);
    int[] pads = ints(given, "padding");
    int[] stride = ints(given, "stride");
    int[] dilation = ints(given, "dilation");
    int[] extra = ints(given, "output_padding");
    Window2d window =
        Window2d.UNIT
            .stride(stride[0], stride[1])
            .dilation(dilation[0], dilation[1])
            .padding(pads[0], pads[1], pads[2], pads[3])
            .groups(given.get("groups").getAsInt());
    Trace trace = new Trace();
    Tensor x = trace.input("x", Spec.f32(ints(given, "x_shape")));
    Tensor w = trace.input("w", Spec.f32(ints(given, "w_shape")));
    Tensor y =
        given.get("transposed").getAsBoolean()
            ? x.convTranspose2d(w, window, extra[0], extra[1])
            : x.conv2d(w, window);
    trace.output("y", y);
    List<Tensor> gradients = Gradient.of(y.mul(y).sum(), List.of(x, w));
    trace.output("dx", gradients.get(0));
    trace.output("dw", gradients.get(1));
    JsonObject expected =
        NUMBERS.getAsJsonObject(inDouble ? "float64" : "float32").getAsJsonObject(name);
    Shape shape = Shape.of(ints(expected, "y_shape"));
    try (Backend backend = inDouble ? ReferenceBackend.inDouble() : new ReferenceBackend();
        StateStore store = backend.allocate(List.of());
        Executable executable = backend.compile(List.of(trace.build("test")), store)) {
      executable.run(
          PyTorchNumbers.tensor(PyTorchNumbers.numbers(given, "x"), x.shape(), inDouble),
          PyTorchNumbers.tensor(PyTorchNumbers.numbers(given, "w"), w.shape(), inDouble));
      List<HostTensor> results = executable.read();
      double tolerance = inDouble ? 1e-12 : 1e-5;
      String[] keys = {"y", "x_gradient", "w_gradient"};
      Shape[] shapes = {shape, x.shape(), w.shape()};
      for (int i = 0; i < keys.length; i++) {
        double[] want = PyTorchNumbers.numbers(expected, keys[i]);
        Compare.assertClose(HostTensor.of(want, shapes[i]), results.get(i), tolerance, keys[i]);
      }
    }
  }

  private static int[] ints(JsonObject object, String key) {
    return Arrays.stream(PyTorchNumbers.numbers(object, key)).mapToInt(v -> (int) v).toArray();
  }
}
