package dev.tarn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.google.gson.Gson;
import com.networknt.schema.InputFormat;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaId;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SpecVersion.VersionFlag;
import com.networknt.schema.ValidationMessage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** The schema that {@code tarn config --schema} prints, by an independent validator. */
final class SchemaTests {
  private static final JsonSchemaFactory FACTORY =
      JsonSchemaFactory.getInstance(VersionFlag.V202012);
  private static final String SCHEMA = Tarn.run("config", "--schema").out();

  @TempDir private Path directory;

  private static Set<ValidationMessage> problems(String yaml) {
    JsonSchema schema = FACTORY.getSchema(SCHEMA);
    Object value = new Load(LoadSettings.builder().build()).loadFromString(yaml);
    return schema.validate(new Gson().toJson(value), InputFormat.JSON);
  }

  @Test
  void isValidItself() {
    JsonSchema meta = FACTORY.getSchema(SchemaLocation.of(SchemaId.V202012));
    assertEquals(Set.of(), meta.validate(SCHEMA, InputFormat.JSON));
  }

  static List<Path> examples() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("../examples"))) {
      return files.filter(file -> file.toString().endsWith(".yaml")).sorted().toList();
    }
  }

  @ParameterizedTest
  @MethodSource("examples")
  void acceptsTheExamplesAsTheyAreAndResolved(Path file) throws IOException {
    assertEquals(Set.of(), problems(Files.readString(file)));
    assertEquals(Set.of(), problems(Tarn.run("config", file.toString()).out()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "train.epochs=0",
        "train.epoch=3",
        "train.optimizer={adamm: {lr: 0.1}}",
        "train.optimizer={adam: {lr: 0}}",
        "train.optimizer={sgd: {momentum: 0.9}}",
        "train.schedule={cosine: {}}",
        "train.loss={huber: {delta: -1}}",
        "data.normalize=maximum",
        "data.set=flowers",
        "data={normalize: standard}",
        "data.split=[0.5, 0.5]",
        "model=[]",
        "model=[dense]",
        "model=[{dense: {units: 3, unit: 4}}]",
        "model=[{dense: 3, relu: 4}]",
        "model=[{residual: [swosh]}]",
        "model={args: {width: 3}}",
        "model=[{conv2d: {filters: 4}}]",
        "precision=fp64",
        "device=gpu",
        "report=3"
      })
  void refusesWhatTarnRefuses(String override) throws IOException {
    Path file = Tarn.runFile(directory, 2, "auto");
    Tarn.Result refused = Tarn.run("config", file.toString(), override);
    assertEquals(2, refused.code(), refused.out());
    assertFalse(problems(with(Files.readString(file), override)).isEmpty(), override);
  }

  /** The run file with one value replaced, without Tarn's own reader. */
  @SuppressWarnings("unchecked") // mappings all the way to the key
  private static String with(String yaml, String override) {
    Load load = new Load(LoadSettings.builder().build());
    var root = (java.util.Map<String, Object>) load.loadFromString(yaml);
    String[] path = override.substring(0, override.indexOf('=')).split("\\.");
    var at = root;
    for (int i = 0; i < path.length - 1; i++) {
      at = (java.util.Map<String, Object>) at.get(path[i]);
    }
    at.put(
        path[path.length - 1], load.loadFromString(override.substring(override.indexOf('=') + 1)));
    // JSON is YAML, too
    return new Gson().toJson(root);
  }
}
