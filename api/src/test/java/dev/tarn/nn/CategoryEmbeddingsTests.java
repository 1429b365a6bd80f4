package dev.tarn.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.Mode;
import dev.tarn.Shape;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Shapes of vectors for columns of categories, and chains of modules that begin with them. */
final class CategoryEmbeddingsTests {
  private final Trace trace = new Trace();
  private final Tensor numbers = trace.input("numbers", Spec.f32(6, 5));
  private final Tensor indices = trace.input("indices", Spec.i32(6, 2));

  private static CategoryEmbeddings two() {
    return new CategoryEmbeddings().add("town", Embedding.of(7, 3)).add("kind", Embedding.of(4, 1));
  }

  @Test
  void numbersAndVectorsSideBySide() {
    List<Tensor> joined = two().forward(List.of(numbers, indices), Mode.EVAL);
    assertEquals(Shape.of(6, 9), joined.get(0).shape());
    assertEquals(Shape.of(6, 4), two().forward(indices, Mode.EVAL).shape());
  }

  @Test
  void aChainThatBeginsWithThem() {
    Sequential chain = new Sequential().add("embed", two()).add("out", Dense.units(2));
    assertEquals(
        Shape.of(6, 2), chain.forward(List.of(numbers, indices), Mode.EVAL).get(0).shape());
    assertEquals(
        List.of("embed.town.weight", "embed.kind.weight", "out.weight", "out.bias"),
        chain.parameters().stream().map(parameter -> parameter.name()).toList());
  }

  private static void refused(String message, Module module, Tensor... inputs) {
    ShapeException e =
        assertThrows(ShapeException.class, () -> module.forward(List.of(inputs), Mode.EVAL));
    assertTrue(e.getMessage().startsWith(message), e.getMessage());
  }

  @Test
  void otherInputs() {
    Tensor three = trace.input("three", Spec.i32(6, 3));
    String needs = "CategoryEmbeddings: needs numbers f32 [N, W] and indices i32 [N, 2]";
    refused(needs, two(), numbers, three);
    refused(needs, two(), indices, numbers);
    refused(needs, two(), numbers, numbers, indices);
    refused(
        "Sequential: takes one input, was given 2",
        new Sequential().add("out", Dense.units(2)),
        numbers,
        indices);
    // A residual block adds its input, and so can have only one.
    refused(
        "Residual: takes one input, was given 2",
        new Residual().add("embed", two()),
        numbers,
        indices);
  }
}
