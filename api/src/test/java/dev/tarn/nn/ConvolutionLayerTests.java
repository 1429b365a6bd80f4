package dev.tarn.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.HostTensor;
import dev.tarn.Mode;
import dev.tarn.Parameter;
import dev.tarn.Shape;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.Trace;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Executable;
import dev.tarn.backend.StateStore;
import dev.tarn.reference.ReferenceBackend;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Shapes, parameters and results of the convolutional layers. */
class ConvolutionLayerTests {
  private static Shape output(Module module, int... input) {
    return module.forward(new Trace().input("x", Spec.f32(input)), Mode.TRAIN).shape();
  }

  private static Shape shape(Module module, String name) {
    return module.parameters().stream()
        .filter(p -> p.name().equals(name))
        .findFirst()
        .orElseThrow()
        .spec()
        .shape();
  }

  /** The output for an input, with parameters set to given values, in their order. */
  private static float[] run(Module module, HostTensor x, float[]... values) {
    Trace trace = new Trace();
    trace.output("y", module.forward(trace.input("x", x.spec()), Mode.TRAIN));
    List<State> states = List.<State>copyOf(module.parameters());
    try (Backend backend = new ReferenceBackend();
        StateStore store = backend.allocate(states);
        Executable executable = backend.compile(List.of(trace.build("test")), store)) {
      for (int i = 0; i < values.length; i++) {
        store.write(states.get(i), HostTensor.of(values[i], states.get(i).spec().shape()));
      }
      executable.run(x);
      return executable.read().get(0).floats().clone();
    }
  }

  @Test
  void shapesOfResults() {
    assertEquals(Shape.of(2, 8, 5, 6), output(Conv2d.filters(8), 2, 3, 5, 6));
    assertEquals(Shape.of(2, 8, 3, 4), output(Conv2d.filters(8).kernel(3), 2, 3, 5, 6));
    assertEquals(Shape.of(2, 8, 5, 6), output(Conv2d.filters(8).kernel(3).same(), 2, 3, 5, 6));
    assertEquals(Shape.of(2, 8, 5, 6), output(Conv2d.filters(8).kernel(4).same(), 2, 3, 5, 6));
    assertEquals(
        Shape.of(2, 8, 3, 2), output(Conv2d.filters(8).kernel(3).stride(2, 3).same(), 2, 3, 5, 6));
    assertEquals(
        Shape.of(2, 8, 5, 6), output(Conv2d.filters(8).kernel(3).dilation(2).same(), 2, 3, 5, 6));
    assertEquals(
        Shape.of(2, 8, 9, 6), output(Conv2d.filters(8).kernel(3, 5).padding(3, 2), 2, 3, 5, 6));
    assertEquals(
        Shape.of(2, 8, 3, 4), output(Conv2d.filters(8).kernel(3).same().valid(), 2, 3, 5, 6));
    assertEquals(Shape.of(2, 4, 8), output(Conv1d.filters(4).kernel(3), 2, 3, 10));
    assertEquals(Shape.of(2, 4, 5), output(Conv1d.filters(4).kernel(3).stride(2).same(), 2, 3, 10));
    assertEquals(
        Shape.of(2, 4, 9, 11), output(ConvTranspose2d.filters(4).kernel(3).stride(2), 2, 3, 4, 5));
    assertEquals(
        Shape.of(2, 4, 8, 10),
        output(
            ConvTranspose2d.filters(4).kernel(3).stride(2).padding(1).outputPadding(1, 1),
            2,
            3,
            4,
            5));
  }

  @Test
  void parameters() {
    Conv2d conv = Conv2d.filters(8).kernel(3, 5).groups(2);
    output(conv, 2, 4, 5, 6);
    assertEquals(Shape.of(8, 2, 3, 5), shape(conv, "weight"));
    assertEquals(Shape.of(8), shape(conv, "bias"));
    Conv1d conv1d = Conv1d.filters(6).kernel(3).withoutBias();
    output(conv1d, 2, 4, 5);
    assertEquals(Shape.of(6, 4, 3), shape(conv1d, "weight"));
    assertEquals(1, conv1d.parameters().size());
    ConvTranspose2d transposed = ConvTranspose2d.filters(6).kernel(3, 2).groups(2);
    output(transposed, 2, 4, 5, 5);
    assertEquals(Shape.of(4, 3, 3, 2), shape(transposed, "weight"));
    assertEquals(Shape.of(6), shape(transposed, "bias"));
  }

  /** Bounds 1 / sqrt(fan-in), as PyTorch's kaiming_uniform_ with a = sqrt(5) gives. */
  @Test
  void initialValuesFillTheirBounds() {
    Conv2d conv = Conv2d.filters(64).kernel(3, 5).groups(2);
    output(conv, 1, 8, 5, 6);
    for (Parameter parameter : conv.parameters()) {
      double bound = 1 / Math.sqrt(4 * 3 * 5);
      double largest = 0;
      for (float value : parameter.initial(7).floats()) {
        largest = Math.max(largest, Math.abs(value));
      }
      assertTrue(largest <= bound && largest > 0.9 * bound, parameter + ": " + largest);
    }
  }

  @Test
  void worksOutByHand() {
    HostTensor image = HostTensor.of(new float[] {1, 2, 3, 4, 5, 6, 7, 8, 9}, 1, 1, 3, 3);
    Conv2d conv = Conv2d.filters(1).kernel(2);
    output(conv, 1, 1, 3, 3);
    float[] kernel = {1, 10, 100, 1000};
    assertArrayEquals(
        new float[] {5422, 6533, 8755, 9866}, run(conv, image, kernel, new float[] {1}));
    HostTensor row = HostTensor.of(new float[] {1, 2, 3, 4}, 1, 2, 2);
    Conv1d conv1d = Conv1d.filters(1).kernel(2).padding(1);
    output(conv1d, 1, 2, 2);
    float[] kernel1d = {1, 10, 100, 1000};
    assertArrayEquals(
        new float[] {3010.5f, 4321.5f, 402.5f}, run(conv1d, row, kernel1d, new float[] {0.5f}));
    HostTensor small = HostTensor.of(new float[] {1, 2}, 1, 1, 1, 2);
    ConvTranspose2d transposed = ConvTranspose2d.filters(1).kernel(1, 3).stride(2);
    output(transposed, 1, 1, 1, 2);
    assertArrayEquals(
        new float[] {2, 11, 103, 21, 201},
        run(transposed, small, new float[] {1, 10, 100}, new float[] {1}));
  }

  @Test
  void refusesWhatDoesNotFit() {
    assertFails(
        "conv2d : needs [N, C, H, W], was given [2,3]", () -> output(Conv2d.filters(1), 2, 3));
    assertFails(
        "conv2d : needs [N, C, H, W] with C a multiple of 2, was given [2,3,4,4]",
        () -> output(Conv2d.filters(2).groups(2), 2, 3, 4, 4));
    assertFails(
        "conv2d: [2,3,4,4] by [1,3,5,5]: the kernel is larger than the padded image",
        () -> output(Conv2d.filters(1).kernel(5), 2, 3, 4, 4));
    assertFails(
        "conv2d: [2,4,4,4] by [3,2,1,1]: the channels are no multiples of 2 groups",
        () -> output(Conv2d.filters(3).groups(2), 2, 4, 4, 4));
    assertFails("conv1d : needs [N, C, L]", () -> output(Conv1d.filters(1), 2, 3));
    assertFails(
        "conv_transpose2d : needs [N, C, H, W]", () -> output(ConvTranspose2d.filters(1), 2, 3));
    assertFails(
        "conv2d_grad_input: [1,1,1,1] by [1,1,1,1]: no image of -1 x -1",
        () -> output(ConvTranspose2d.filters(1).padding(1), 1, 1, 1, 1));
    assertFails(
        "conv2d_grad_input: [1,1,2,2] by [1,1,2,2] to [1,1,4,4]: the result would be [1,1,3,3]",
        () -> output(ConvTranspose2d.filters(1).kernel(2).outputPadding(1, 1), 1, 1, 2, 2));
    assertFails("conv2d: filters must be positive", () -> Conv2d.filters(0));
    assertFails("conv2d: the kernel must be positive", () -> Conv2d.filters(1).kernel(0));
    assertFails("window: stride, dilation and groups", () -> Conv2d.filters(1).stride(0));
    assertFails("convolution: padding must not be negative", () -> Conv2d.filters(1).padding(-1));
  }

  private static void assertFails(String start, Runnable action) {
    ShapeException e = assertThrows(ShapeException.class, action::run);
    assertTrue(e.getMessage().startsWith(start), e.getMessage());
  }
}
