package dev.tarn.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.Mode;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.nn.Activation;
import java.io.IOException;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Activations in run files and in the documentation. */
final class ActivationConfigTests {
  private static final Path DOCUMENTATION = Path.of("..", "docs", "layers.md");

  private static LayerConfig read(String layer) {
    String start =
        "data: {set: digits}\ntrain: {optimizer: adam, epochs: 1, batch: 8}\nmodel:\n  - ";
    RunConfig config = RunConfig.parse(start + layer + "\n", "test.yaml", Path.of(""), List.of());
    RunConfig again = RunConfig.parse(config.toYaml(), "again.yaml", Path.of(""), List.of());
    assertEquals(config.layers().get(0).settings(), again.layers().get(0).settings());
    return config.layers().get(0);
  }

  private static String refused(String yaml) {
    try {
      read(yaml);
    } catch (ConfigException e) {
      return e.getMessage();
    }
    throw new AssertionError("'" + yaml + "' was read");
  }

  @Test
  void everyActivationIsReadAndApplied() {
    for (String kind : ActivationConfig.KINDS) {
      LayerConfig layer = read(kind.equals("maxout") ? "maxout: 2" : kind);
      assertEquals(kind, layer.settings().kind());
      Tensor x = new Trace().input("x", Spec.f32(3, 4));
      Shape shape = layer.settings().module().forward(x, Mode.TRAIN).shape();
      assertEquals(kind.equals("maxout") ? Shape.of(3, 2) : Shape.of(3, 4), shape, kind);
    }
  }

  @Test
  void numbersAreReadNamedOrNot() {
    for (String yaml : List.of("leaky_relu: 0.3", "leaky_relu: {slope: 0.3}")) {
      assertEquals(new ActivationConfig("leaky_relu", 0.3), read(yaml).settings());
    }
    assertEquals(new ActivationConfig("leaky_relu", 0.01), read("leaky_relu").settings());
    assertEquals(new ActivationConfig("elu", 1.0), read("elu").settings());
    assertEquals(new ActivationConfig("maxout", 3.0), read("maxout: {group: 3}").settings());
  }

  @Test
  void refusesWhatDoesNotFit() {
    assertTrue(refused("maxout").contains("write '- maxout: 2'"));
    assertTrue(refused("gelu: 3").contains("write '- gelu'"));
    assertTrue(refused("celu: 0").contains("above 0"));
    assertTrue(refused("maxout: 1.5").contains("integer"));
    assertTrue(refused("leaky_relu: {alpha: 1}").contains("slope"));
    assertTrue(refused("gelv").contains("'gelu'"));
  }

  @Test
  void everyActivationIsDocumented() throws IOException {
    List<String> rows =
        Files.readAllLines(DOCUMENTATION).stream().filter(line -> line.startsWith("| `")).toList();
    for (String kind : ActivationConfig.KINDS) {
      assertTrue(rows.stream().anyMatch(row -> row.matches("\\| `" + kind + "[`:].*")), kind);
    }
    Set<String> others = Set.of("of", "flatten");
    Arrays.stream(Activation.class.getDeclaredMethods())
        .filter(method -> Modifier.isPublic(method.getModifiers()))
        .filter(method -> Modifier.isStatic(method.getModifiers()))
        .filter(method -> !others.contains(method.getName()))
        .forEach(
            method ->
                assertTrue(
                    rows.stream().anyMatch(row -> row.contains("| `" + method.getName() + "(")),
                    method.getName()));
  }
}
