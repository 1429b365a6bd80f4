package dev.tarn.testkit;

import dev.tarn.DType;
import dev.tarn.HostTensor;
import dev.tarn.Spec;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Executable;
import dev.tarn.backend.StateStore;
import dev.tarn.internal.RandomStream;
import dev.tarn.reference.ReferenceBackend;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Compares gradients with central finite differences {@code (f(x + h) - f(x - h)) / 2h}, in double.
 */
public final class GradientCheck {
  private static final double TOLERANCE = 1e-6;
  private static final double STEP = 1e-5;

  /** Of larger inputs only some elements are checked. */
  private static final int ALL = 40;

  private static final int SAMPLE = 8;

  private GradientCheck() {}

  /**
   * Fails unless the reference's gradients of a case's weighted sum are what finite differences
   * say, for every differentiable input.
   */
  public static void check(OpCase opCase) {
    OpCase loss = opCase.loss();
    OpCase gradient = opCase.gradient();
    List<HostTensor> gradients;
    try (Backend reference = ReferenceBackend.inDouble();
        StateStore store = reference.allocate(loss.states());
        Executable exact = reference.compile(gradient.programs(), store);
        Executable function = reference.compile(loss.programs(), store)) {
      store.reset(OpCase.SEED);
      Map<String, HostTensor> data = gradient.data(1);
      exact.run(CaseRun.arguments(exact, data));
      gradients = exact.read();
      data.replaceAll((name, tensor) -> inDouble(tensor));
      int next = 0;
      for (String input : opCase.differentiable()) {
        checkInput(input, gradients.get(next++), data, function);
      }
    }
  }

  private static void checkInput(
      String input, HostTensor gradient, Map<String, HostTensor> data, Executable function) {
    HostTensor x = data.get(input);
    if (!gradient.shape().equals(x.shape())) {
      throw new AssertionError("gradient by " + input + " is " + gradient.spec());
    }
    int[] elements = new RandomStream(OpCase.SEED, input).permutation(x.size());
    if (elements.length > ALL) {
      elements = Arrays.copyOf(elements, SAMPLE);
    }
    for (int element : elements) {
      double at = x.get(element);
      double h = STEP * Math.max(1, Math.abs(at));
      x.set(element, at + h);
      double above = value(function, data);
      x.set(element, at - h);
      double below = value(function, data);
      x.set(element, at);
      double difference = (above - below) / (2 * h);
      double exact = gradient.get(element);
      if (!(Math.abs(difference - exact) <= TOLERANCE * Math.max(1, Math.abs(difference)))) {
        throw new AssertionError(
            ("gradient by element " + element + " of " + input + " is " + exact)
                + (", finite differences say " + difference));
      }
    }
  }

  private static double value(Executable function, Map<String, HostTensor> data) {
    function.run(CaseRun.arguments(function, data));
    return function.read().get(0).item();
  }

  private static HostTensor inDouble(HostTensor tensor) {
    if (tensor.spec().dtype() != DType.F32) {
      return tensor;
    }
    HostTensor out = HostTensor.zeros(new Spec(DType.F64, tensor.shape()));
    out.copyFrom(tensor);
    return out;
  }
}
