package dev.tarn.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.Mode;
import dev.tarn.Spec;
import dev.tarn.Trace;
import java.io.IOException;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What docs/layers.md says of layers is read and run; no kind and no class is missing. */
final class LayersPageTests {
  private static final Path PAGE = Path.of("..", "docs", "layers.md");
  private static final Path CLASSES = Path.of("src", "main", "java", "dev", "tarn", "nn");

  /** Run file, Java, from, to; shapes such as {@code [2, 64]} or {@code i32[2, 5]}. */
  private static final Pattern ROW =
      Pattern.compile("\\| `(.+?)` \\| `(\\w+)\\..*?` \\| `(i32)?\\[(.+?)]` \\| `\\[(.+?)]` \\|.*");

  /** A layer's line in the first column of another table. */
  private static final Pattern SNIPPET = Pattern.compile("`(?:- )?(\\w+(?:: .+?)?)`");

  private static RunConfig parse(String layers) {
    String data = layers.contains("data:") ? "" : "data: {set: digits}\n";
    String train = "train: {optimizer: adam, epochs: 1, batch: 8}\n";
    RunConfig config = RunConfig.parse(data + layers + train, "layers.md", Path.of(""), List.of());
    RunConfig again = RunConfig.parse(config.toYaml(), "again.yaml", Path.of(""), List.of());
    assertEquals(config.toYaml(), again.toYaml());
    return config;
  }

  private static void addKinds(List<LayerConfig> layers, Set<String> kinds) {
    for (LayerConfig layer : layers) {
      kinds.add(layer.settings().kind());
      addKinds(layer.settings().inner(), kinds);
    }
  }

  private static int[] dims(String text) {
    return Arrays.stream(text.split(", ")).mapToInt(Integer::parseInt).toArray();
  }

  @Test
  void everyKindHasALineThatRuns() throws IOException, ReflectiveOperationException {
    Set<String> kinds = new TreeSet<>(ActivationConfig.KINDS);
    for (String line : Files.readAllLines(PAGE)) {
      Matcher row = ROW.matcher(line);
      if (row.matches()) {
        RunConfig config = parse("model:\n  - " + row.group(1) + "\n");
        addKinds(config.layers(), kinds);
        Class<?> type = Class.forName("dev.tarn.nn." + row.group(2));
        assertTrue(Modifier.isPublic(type.getModifiers()), line);
        int[] from = dims(row.group(4));
        Trace trace = new Trace();
        Spec input = row.group(3) == null ? Spec.f32(from) : Spec.i32(from);
        assertEquals(
            Arrays.toString(dims(row.group(5))),
            Arrays.toString(
                config.model().forward(trace.input("x", input), Mode.TRAIN).shape().dims()),
            line);
      }
    }
    assertEquals(new TreeSet<>(LayerConfig.KINDS), kinds);
  }

  /** Every line of a layer in the first columns, among them each activation's, is understood. */
  @Test
  void linesInTablesAreRead() throws IOException {
    Set<String> kinds = new LinkedHashSet<>();
    for (String line : Files.readAllLines(PAGE)) {
      String first = line.startsWith("| `") ? line.split(" \\| ", 2)[0] : "";
      Matcher snippet = SNIPPET.matcher(first);
      while (snippet.find()) {
        String yaml = snippet.group(1);
        if (LayerConfig.KINDS.contains(yaml.replaceFirst(":.*", ""))) {
          addKinds(parse("model:\n  - " + yaml + "\n").layers(), kinds);
        }
      }
    }
    assertTrue(kinds.containsAll(ActivationConfig.KINDS), kinds::toString);
  }

  @Test
  void modelsOnThePageFitTheirData() throws IOException {
    Matcher blocks =
        Pattern.compile("```yaml\\n(.*?)```", Pattern.DOTALL).matcher(Files.readString(PAGE));
    List<String> models = new ArrayList<>();
    while (blocks.find()) {
      RunConfig config = parse(blocks.group(1));
      config.modelFor(config.load().split().train());
      models.add(blocks.group(1));
    }
    assertTrue(models.size() >= 4, models::toString);
  }

  @Test
  void everyPublicClassIsNamed() throws IOException {
    String page = Files.readString(PAGE);
    try (Stream<Path> files = Files.list(CLASSES)) {
      for (Path file : files.sorted().toList()) {
        String name = file.getFileName().toString().replace(".java", "");
        boolean isPublic =
            Pattern.compile("(?m)^public .*\\b(class|interface|record) " + name + "\\b")
                .matcher(Files.readString(file))
                .find();
        assertTrue(
            !isPublic || Pattern.compile("[`(]" + name + "\\b").matcher(page).find(),
            () -> name + " is not on the page");
      }
    }
  }
}
