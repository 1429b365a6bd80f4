package dev.tarn.testkit;

import com.google.gson.JsonObject;
import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.Window2d;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Executable;
import dev.tarn.backend.StateStore;
import dev.tarn.transform.Gradient;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Convolutions and their gradients against the numbers of PyTorch. */
public abstract class ConvolutionConformance {
  private static final PyTorchNumbers NUMBERS = PyTorchNumbers.read("convolution_numbers");

  /** Starts the backend under test. */
  protected abstract Backend open();

  /** Whether the backend computes in double. */
  protected boolean inDouble() {
    return false;
  }

  @TestFactory
  Stream<DynamicTest> convolutionsEqualPyTorch() {
    return NUMBERS.object("cases").keySet().stream()
        .map(name -> DynamicTest.dynamicTest(name, () -> equalsPyTorch(name)));
  }

  private void equalsPyTorch(String name) {
    JsonObject given = NUMBERS.object("cases", name);
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
    JsonObject expected = NUMBERS.object("float64", name);
    try (Backend backend = open();
        StateStore store = backend.allocate(List.of());
        Executable executable = backend.compile(List.of(trace.build("test")), store)) {
      executable.run(
          PyTorchNumbers.tensor(PyTorchNumbers.numbers(given, "x"), x.shape(), inDouble()),
          PyTorchNumbers.tensor(PyTorchNumbers.numbers(given, "w"), w.shape(), inDouble()));
      List<HostTensor> results = executable.read();
      String[] keys = {"y", "x_gradient", "w_gradient"};
      Shape[] shapes = {Shape.of(ints(expected, "y_shape")), x.shape(), w.shape()};
      for (int i = 0; i < keys.length; i++) {
        HostTensor want = HostTensor.of(PyTorchNumbers.numbers(expected, keys[i]), shapes[i]);
        Compare.assertClose(want, results.get(i), inDouble() ? 1e-12 : 1e-5, keys[i]);
      }
    }
  }

  private static int[] ints(JsonObject object, String key) {
    return Arrays.stream(PyTorchNumbers.numbers(object, key)).mapToInt(v -> (int) v).toArray();
  }
}
