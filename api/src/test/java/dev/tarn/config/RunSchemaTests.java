package dev.tarn.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The schema knows the keys that the readers know. */
final class RunSchemaTests {
  private static final String NO_KEY = "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzz";

  @Test
  void everyKeyOfDataAndTrainHasASchema() {
    List<String> keys =
        Stream.concat(DataConfig.KEYS.stream(), TrainConfig.KEYS.stream()).sorted().toList();
    assertEquals(keys, RunSchema.known());
  }

  /** What a layer says when it is given a key that no layer has: all the keys that it has. */
  @Test
  void layersHaveTheSettingsThatTheReadersKnow() {
    LayerSchemas.keys()
        .forEach(
            (kind, keys) -> {
              assertTrue(LayerConfig.KINDS.contains(kind), kind);
              if (!keys.isEmpty()) {
                String message = message(kind);
                String known = message.substring(message.indexOf("one of ") + 7);
                assertEquals(
                    new TreeSet<>(keys), new TreeSet<>(List.of(known.split(", "))), message);
              }
            });
  }

  private static String message(String kind) {
    String text =
        "data: {set: iris}\ntrain: {optimizer: adam, epochs: 1, batch: 1}\nmodel:\n  - "
            + kind
            + ": {"
            + NO_KEY
            + ": 1}\n";
    return String.valueOf(
        assertThrows(
                ConfigException.class,
                () -> RunConfig.parse(text, "f.yaml", Path.of(""), List.of()),
                kind)
            .getMessage());
  }
}
