package dev.tarn.transform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.ir.Program;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * The text of a small network's training program after each pass.
 *
 * <p>Where a change of the text is meant, take the new one from the failure's message.
 */
class GoldenProgramTests {
  private final List<State> parameters =
      List.of(
          State.zeros("fc1.weight", Spec.f32(16, 9)),
          State.zeros("fc1.bias", Spec.f32(16)),
          State.zeros("fc2.weight", Spec.f32(3, 16)),
          State.zeros("fc2.bias", Spec.f32(3)));

  private Program traced() {
    Trace trace = new Trace();
    Tensor h = trace.input("x", Spec.f32(8, 9));
    h = linear(trace, h, parameters.get(0), parameters.get(1)).relu();
    h = h.mul(trace.dropoutMask("drop", h.shape(), 0.5f));
    h = linear(trace, h, parameters.get(2), parameters.get(3));
    Tensor loss = h.softmaxCrossEntropy(trace.input("labels", Spec.i32(8))).mean();
    trace.output("loss", loss);
    List<Tensor> read = parameters.stream().map(trace::state).toList();
    List<Tensor> gradients = Gradient.of(loss, read);
    List<Tensor> next = new ArrayList<>();
    for (int i = 0; i < gradients.size(); i++) {
      next.add(read.get(i).sub(gradients.get(i).mul(0.1)));
    }
    for (int i = 0; i < next.size(); i++) {
      trace.update(parameters.get(i), next.get(i));
    }
    return trace.build("train");
  }

  private static Tensor linear(Trace trace, Tensor x, State weight, State bias) {
    return x.matmul(trace.state(weight), false, true).add(trace.state(bias));
  }

  @Test
  void afterTracing() throws IOException {
    check("traced", traced());
  }

  @Test
  void afterSimplify() throws IOException {
    check("simplified", Simplify.apply(traced()));
  }

  @Test
  void afterFuseElementwise() throws IOException {
    check("fused", FuseElementwise.apply(Simplify.apply(traced()), true, node -> false));
  }

  private static void check(String name, Program program) throws IOException {
    String actual = program.toString().replaceAll(" *// .*", "") + "\n";
    try (InputStream in = GoldenProgramTests.class.getResourceAsStream(name + ".txt")) {
      assertNotNull(in, () -> "no " + name + ".txt; the program is\n" + actual);
      assertEquals(new String(in.readAllBytes(), StandardCharsets.UTF_8), actual);
    }
  }
}
