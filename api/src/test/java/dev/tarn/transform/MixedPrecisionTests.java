package dev.tarn.transform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.DType;
import dev.tarn.Mode;
import dev.tarn.Precision;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.ir.Arithmetic;
import dev.tarn.ir.BatchNorm;
import dev.tarn.ir.BatchNormGrad;
import dev.tarn.ir.Cast;
import dev.tarn.ir.FirstNonFinite;
import dev.tarn.ir.Node;
import dev.tarn.ir.Product;
import dev.tarn.ir.Program;
import dev.tarn.ir.Reduce;
import dev.tarn.ir.SoftmaxCrossEntropy;
import dev.tarn.ir.SoftmaxCrossEntropyGrad;
import dev.tarn.ir.Value;
import dev.tarn.loss.Losses;
import dev.tarn.nn.Activation;
import dev.tarn.nn.Conv2d;
import dev.tarn.nn.Dense;
import dev.tarn.nn.Dropout;
import dev.tarn.nn.LayerNorm;
import dev.tarn.nn.Module;
import dev.tarn.nn.Pooling;
import dev.tarn.nn.Sequential;
import dev.tarn.optim.Adam;
import dev.tarn.optim.Updates;
import dev.tarn.reference.ReferenceBackend;
import dev.tarn.train.Metrics;
import dev.tarn.train.TrainStep;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What mixed precision makes of the steps of small networks. */
class MixedPrecisionTests {
  private static final Set<Class<?>> IN_F32 =
      Set.of(SoftmaxCrossEntropy.class, SoftmaxCrossEntropyGrad.class, FirstNonFinite.class);

  private static Module cnn() {
    return Sequential.of(
        Conv2d.filters(4).kernel(3).same(),
        dev.tarn.nn.BatchNorm.create(),
        Activation.relu(),
        Pooling.max(2),
        Dropout.rate(0.5),
        Conv2d.filters(6).kernel(3),
        Activation.flatten(),
        Dense.units(3));
  }

  /** Gradients and update of a step as they come to the pass. */
  private static List<Program> step(Module model, Updates updates) {
    try (ReferenceBackend backend = new ReferenceBackend();
        TrainStep step =
            new TrainStep(
                backend,
                model,
                Losses.crossEntropy(),
                updates,
                List.of(Metrics.accuracy()),
                Shape.of(1, 8, 8),
                1)) {
      return step.programs(Spec.f32(2, 1, 8, 8)).stream().map(Simplify::apply).toList();
    }
  }

  private static List<Program> steps() {
    Module mlp =
        Sequential.of(
            Activation.flatten(),
            Dense.units(8),
            LayerNorm.create(),
            Activation.gelu(),
            Dense.units(8),
            Activation.softmax(),
            Dense.units(3));
    return Stream.of(
            step(cnn(), Updates.of(Adam.lr(0.01))),
            step(cnn(), Updates.of(Adam.lr(0.01)).accumulate(4).clipNorm(1)),
            step(mlp, Updates.of(Adam.lr(0.01))))
        .flatMap(List::stream)
        .toList();
  }

  private static List<Program> mixed() {
    return steps().stream().map(program -> MixedPrecision.apply(program, Precision.BF16)).toList();
  }

  private static boolean isShort(Value value) {
    return value.spec().dtype() == DType.BF16;
  }

  @Test
  void convolutionalNetwork() throws IOException {
    Module model = cnn();
    Trace trace = new Trace();
    Tensor y = model.forward(trace.input("x", Spec.f32(2, 1, 8, 8)), Mode.TRAIN);
    Tensor loss = y.softmaxCrossEntropy(trace.input("labels", Spec.i32(2))).mean();
    List<Tensor> weights = model.parameters().stream().map(trace::state).toList();
    List<Tensor> gradients = Gradient.of(loss, weights);
    for (int i = 0; i < gradients.size(); i++) {
      trace.update(model.parameters().get(i), weights.get(i).sub(gradients.get(i)));
    }
    Program program = MixedPrecision.apply(Simplify.apply(trace.build("train")), Precision.BF16);
    String actual = program.toString().replaceAll(" *// .*", "") + "\n";
    try (InputStream in = MixedPrecisionTests.class.getResourceAsStream("mixed.txt")) {
      assertNotNull(in, () -> "no mixed.txt; the program is\n" + actual);
      assertEquals(new String(in.readAllBytes(), StandardCharsets.UTF_8), actual);
    }
  }

  /** Master weights, moments, sums, running statistics, what losses read. */
  @Test
  void whatStaysInF32() {
    int checked = 0;
    for (Program program : mixed()) {
      assertTrue(program.states().values().stream().noneMatch(MixedPrecisionTests::isShort));
      assertTrue(program.updates().values().stream().noneMatch(MixedPrecisionTests::isShort));
      assertTrue(program.outputs().stream().noneMatch(output -> isShort(output.value())));
      for (Node node : program.body()) {
        if (IN_F32.contains(node.op().getClass())) {
          checked++;
          assertTrue(
              node.inputs().stream().noneMatch(MixedPrecisionTests::isShort), node::toString);
        } else if (node.op() instanceof Reduce) {
          checked++;
          assertFalse(isShort(node.output()));
        } else if (node.op() instanceof BatchNorm || node.op() instanceof BatchNormGrad) {
          checked++;
          assertTrue(isShort(node.inputs().get(0)) && isShort(node.outputs().get(0)));
          assertTrue(node.inputs().subList(1, 3).stream().noneMatch(MixedPrecisionTests::isShort));
          assertTrue(node.outputs().subList(1, 3).stream().noneMatch(MixedPrecisionTests::isShort));
        }
      }
    }
    assertTrue(checked > 20, "checked " + checked);
  }

  @Test
  void theUpdateIsTheSame() {
    Program apply = steps().get(1);
    assertEquals("apply", apply.name());
    assertEquals(apply.toString(), MixedPrecision.apply(apply, Precision.BF16).toString());
  }

  /** Every product is in bf16; parameters are cast once; their gradients were never bf16. */
  @Test
  void products() {
    for (Program program : mixed()) {
      for (Node node : program.body()) {
        if (node.op() instanceof Product) {
          assertTrue(node.inputs().stream().allMatch(MixedPrecisionTests::isShort), node::toString);
        }
        if (node.op() instanceof Cast cast && cast.to() == DType.F32) {
          assertFalse(program.updates().containsValue(node.output()), node::toString);
        }
      }
      for (Value parameter : program.states().values()) {
        long casts =
            program.body().stream()
                .filter(node -> node.op() instanceof Cast && node.inputs().contains(parameter))
                .count();
        assertTrue(casts <= 1, () -> parameter + " is cast " + casts + " times: " + program);
      }
    }
  }

  @Test
  void tf32ChangesProductsOnly() {
    for (Program program : steps()) {
      Program tf32 = MixedPrecision.apply(program, Precision.TF32);
      for (int i = 0; i < program.body().size(); i++) {
        Node before = program.body().get(i);
        Node after = tf32.body().get(i);
        if (before.op() instanceof Product) {
          assertEquals(Arithmetic.TF32, ((Product) after.op()).arithmetic());
          assertTrue(after.op().attributes().endsWith("tf32"));
        } else {
          assertEquals(before.op(), after.op());
        }
        assertEquals(before.outputs(), after.outputs());
      }
    }
  }

  @Test
  void fp32ChangesNothing() {
    Program program = steps().get(0);
    assertSame(program, MixedPrecision.apply(program, Precision.FP32));
  }

  /** A value that the model rounds itself stays rounded; an f32 that it asks for is one. */
  @Test
  void castsOfTheModel() {
    Trace trace = new Trace();
    Tensor x = trace.input("x", Spec.f32(4, 4));
    Tensor w = trace.state(State.zeros("w", Spec.f32(4, 4)));
    Tensor y = x.cast(DType.BF16).cast(DType.F32).matmul(w).cast(DType.BF16).relu();
    trace.output("y", y.cast(DType.F32).softmax());
    Program program = MixedPrecision.apply(trace.build("casts"), Precision.BF16);
    String text = program.toString().replaceAll(" *// .*", "");
    assertEquals(
        """
        program casts {
          input   %x: f32[4,4]
          state   %w: f32[4,4]
          %2: bf16[4,4] = cast %x
          %3: f32[4,4] = cast %2
          %8: bf16[4,4] = cast %w
          %4: f32[4,4] = matmul %2, %8 bf16_to_f32
          %5: bf16[4,4] = cast %4
          %6: f32[4,4] = relu %5
          %7: f32[4,4] = softmax %6
          output  y = %7
        }""",
        text);
  }

  /** Where bf16 is kept in f32, tapes still round. */
  @Test
  void bf16AsF32() {
    for (Program program : mixed()) {
      Program wide = Bf16AsF32.apply(FuseElementwise.apply(program, true, node -> false));
      assertTrue(
          wide.body().stream()
              .flatMap(node -> node.outputs().stream())
              .noneMatch(MixedPrecisionTests::isShort));
    }
  }
}
