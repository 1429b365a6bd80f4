package dev.tarn.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.CudaKernel;
import dev.tarn.CustomOp;
import dev.tarn.HostTensor;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import dev.tarn.TarnException;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.transform.Gradient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Recording operations that users write, and the page about them. */
final class CustomOpTests {
  private static final Path MAIN = Path.of("src", "main");

  /** Its methods do what they are made with. */
  private record Made(
      UnaryOperator<List<Spec>> shapes, @Nullable UnaryOperator<List<Tensor>> gradients)
      implements CustomOp {
    @Override
    public String name() {
      return "made";
    }

    @Override
    public List<Spec> infer(List<Spec> inputs) {
      return shapes.apply(inputs);
    }

    @Override
    public void run(List<HostTensor> inputs, List<HostTensor> outputs) {}

    @Override
    public List<@Nullable Tensor> gradient(
        List<Tensor> inputs, List<Tensor> outputs, List<Tensor> given) {
      return gradients == null
          ? CustomOp.super.gradient(inputs, outputs, given)
          : gradients.apply(given);
    }
  }

  private final Trace trace = new Trace();
  private final Tensor x = trace.input("x", Spec.f32(2, 3));

  private static void fails(String pattern, Executable action) {
    String message = assertThrows(TarnException.class, action).getMessage();
    assertTrue(message.matches(pattern + " \\(CustomOpTests.java:\\d+\\)"), message);
  }

  private static Tensor loss(Tensor x, @Nullable UnaryOperator<List<Tensor>> gradients) {
    return x.custom(new Made(in -> in, gradients)).sum();
  }

  @Test
  void programsShowTheName() {
    trace.output("y", Swish.of(x, 2));
    String text = trace.build("test").toString();
    assertTrue(text.contains("%1: f32[2,3] = custom swish %x"), text);
    assertTrue(text.contains("// Swish.java:"), text);
  }

  @Test
  void equalNodesAreOne() {
    assertEquals(new Swish(2), new Swish(2));
  }

  @Test
  void shapesThatDoNotFit() {
    Tensor labels = trace.input("labels", Spec.i32(2));
    String message = assertThrows(ShapeException.class, () -> Swish.of(labels, 1)).getMessage();
    String expected = "custom swish: infer: needs one f32 tensor, was given [i32[2]] (Swish.java:";
    assertTrue(message.startsWith(expected), message);
    fails(
        "custom made: infer must give f32 or i32 outputs, gave \\[\\]",
        () -> x.custom(new Made(in -> List.of(), null)));
    fails("custom made: infer gave null", () -> x.custom(new Made(in -> null, null)));
    fails(
        "custom made: infer must give f32 or i32 outputs, gave \\[null\\]",
        () -> x.custom(new Made(in -> Collections.singletonList(null), null)));
    fails(
        "custom made: infer failed: java.lang.\\w+Exception: .* at CustomOpTests.java:\\d+",
        () -> x.custom(new Made(in -> List.of(in.get(1)), null)));
  }

  @Test
  void gradientsThatDoNotFit() {
    fails(
        "custom made: gradient: it has none; override gradient, or use stopGradient\\(\\) .*",
        () -> Gradient.of(loss(x, null), List.of(x)));
    fails(
        "custom made: gradient gave \\[%\\d+: f32\\[3,2\\]\\] for inputs \\[%0: f32\\[2,3\\]\\]",
        () -> Gradient.of(loss(x, g -> List.of(g.get(0).t())), List.of(x)));
    fails(
        "custom made: gradient gave \\[\\] for inputs .*",
        () -> Gradient.of(loss(x, g -> List.of()), List.of(x)));
    fails("custom made: gradient gave null", () -> Gradient.of(loss(x, g -> null), List.of(x)));
    fails(
        "custom made: gradient failed: java.lang.IllegalStateException: no at .*",
        () ->
            Gradient.of(
                loss(
                    x,
                    g -> {
                      throw new IllegalStateException("no");
                    }),
                List.of(x)));
  }

  @Test
  void kernelsThatAreNotThere() {
    String message =
        assertThrows(
                TarnException.class, () -> CudaKernel.resource(Swish.class, "none.cu", "swish"))
            .getMessage();
    assertEquals("no none.cu beside dev.tarn.testkit.Swish on the class path", message);
    CudaKernel kernel = CudaKernel.of("k.cu", "", "k");
    assertEquals(kernel.grid(2, 1).block(256, 1), kernel.threads(257));
    assertThrows(IllegalArgumentException.class, () -> kernel.block(1024, 2));
    assertThrows(IllegalArgumentException.class, () -> kernel.grid(0, 1));
  }

  @Test
  void thePageShowsTheCodeThatIsTested() throws IOException {
    String page = Files.readString(Path.of("..", "docs", "custom-ops.md"));
    String java = Files.readString(MAIN.resolve("java/dev/tarn/testkit/Swish.java"));
    String cuda = Files.readString(MAIN.resolve("resources/dev/tarn/testkit/swish.cu"));
    assertTrue(
        page.contains("```java\n" + java.substring(java.indexOf("import ")) + "```"), "java");
    assertTrue(page.contains("```c++\n" + cuda + "```"), "cuda");
  }
}
