package dev.tarn.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.data.Dataset;
import dev.tarn.nn.Module;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

final class EmbeddingConfigTests {
  private static RunConfig parse(String first) {
    String text =
        """
        data: {set: digits}
        model:
          - %s
          - flatten
          - dense: 10
        train: {optimizer: adam, epochs: 1, batch: 8}
        """;
    return RunConfig.parse(String.format(text, first), "f.yaml", Path.of("/base"), List.of());
  }

  private static String error(String first) {
    return assertThrows(ConfigException.class, () -> parse(first)).getMessage();
  }

  @Test
  void aModelThatBeginsWithAnEmbeddingReadsWholeNumbers() {
    RunConfig config =
        parse("embedding: {vocabulary: 17, width: 3, init: {normal: {deviation: 2}}}");
    Dataset data = config.load().split().train();
    assertEquals(List.of(Spec.i32(64)), data.features());
    Module model = config.modelFor(data);
    model.forward(new dev.tarn.Trace().input("x", Spec.i32(2, 64)), dev.tarn.Mode.EVAL);
    assertEquals(Shape.of(17, 3), model.parameters().get(0).spec().shape());
    assertEquals("embedding1.weight", model.parameters().get(0).name());
    assertEquals(List.of(Spec.f32(64)), parse("relu").load().split().train().features());
    RunConfig again = RunConfig.parse(config.toYaml(), "c.yaml", Path.of("/"), List.of());
    assertEquals(config.layers().get(0).settings(), again.layers().get(0).settings());
  }

  @Test
  void anEmbeddingMayBeginABlock() {
    String words = "{embedding: {vocabulary: 17, width: 3}}";
    RunConfig config = parse("parallel: {branches: [[" + words + "], [" + words + "]], join: sum}");
    Dataset data = config.load().split().train();
    assertEquals(List.of(Spec.i32(64)), data.features());
    config.modelFor(data);
  }

  @Test
  void mistakes() {
    String two = "embedding needs two numbers; write '- embedding: {vocabulary: 1000, width: 32}'";
    assertEquals("f.yaml:3:5: model[1]: " + two, error("embedding"));
    assertEquals("f.yaml:3:16: model[1].embedding: " + two, error("embedding: 5"));
    assertEquals(
        "f.yaml:3:16: model[1].embedding: missing key 'width'",
        error("embedding: {vocabulary: 5}"));
    assertEquals(
        "f.yaml:3:29: model[1].embedding.vocabulary: expected an integer of at least 1, found '0'",
        error("embedding: {vocabulary: 0, width: 2}"));
    RunConfig late = parse("relu\n  - embedding: {vocabulary: 17, width: 3}");
    assertEquals(
        "embedding embedding1: needs numbers, i32, was given f32[1,64] (f.yaml:4)",
        assertThrows(ConfigException.class, () -> late.modelFor(late.load().split().train()))
            .getMessage());
  }
}
