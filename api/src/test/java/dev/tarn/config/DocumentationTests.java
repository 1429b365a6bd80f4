package dev.tarn.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The pages name every kind and key that a run file may have, their defaults, and no others. */
final class DocumentationTests {
  private static final Path DOCS = Path.of("..", "docs");
  private static final Pattern KEY = Pattern.compile("\\| `(\\w+)` \\| ([^|]*) \\|.*");

  /** Key and default of each row of the table under each {@code ###} heading of a section. */
  private static Map<String, Map<String, String>> documented(String page, String section)
      throws IOException {
    Map<String, Map<String, String>> kinds = new LinkedHashMap<>();
    boolean inside = section.isEmpty();
    Map<String, String> keys = new LinkedHashMap<>();
    for (String line : Files.readAllLines(DOCS.resolve(page))) {
      if (line.startsWith("## ")) {
        inside = line.equals("## " + section);
      } else if (inside && line.startsWith("### `")) {
        keys = new LinkedHashMap<>();
        kinds.put(line.substring(5, line.length() - 1), keys);
      } else if (inside) {
        Matcher matcher = KEY.matcher(line);
        if (matcher.matches()) {
          keys.put(matcher.group(1), matcher.group(2));
        }
      }
    }
    return kinds;
  }

  private static void assertDocumented(Catalog catalog, String page, String section)
      throws IOException {
    Map<String, Map<String, String>> documented = documented(page, section);
    assertEquals(new TreeSet<>(catalog.keys().keySet()), new TreeSet<>(documented.keySet()));
    for (Map.Entry<String, List<String>> kind : catalog.keys().entrySet()) {
      Map<String, String> keys = documented.getOrDefault(kind.getKey(), Map.of());
      assertEquals(kind.getValue(), List.copyOf(keys.keySet()), kind.getKey());
      Choice plain = catalog.plain(kind.getKey());
      for (String key : kind.getValue()) {
        String written = keys.getOrDefault(key, "");
        if (!plain.has(key)) {
          boolean none = Stream.of("must be given", "none", "ones").anyMatch(written::equals);
          assertTrue(none, kind.getKey() + "." + key + " has no default");
        } else if (plain.settings().get(key) instanceof Number number) {
          double value = written.equals("sqrt(2)") ? Math.sqrt(2) : Double.parseDouble(written);
          assertEquals(number.doubleValue(), value, kind.getKey() + "." + key);
        } else {
          assertEquals(plain.settings().get(key).toString(), written, kind.getKey() + "." + key);
        }
      }
    }
  }

  @Test
  void losses() throws IOException {
    assertDocumented(LossConfig.CATALOG, "losses.md", "");
  }

  @Test
  void optimizers() throws IOException {
    assertDocumented(OptimizerConfig.CATALOG, "optimizers.md", "Optimizers");
  }

  @Test
  void schedules() throws IOException {
    assertDocumented(ScheduleConfig.CATALOG, "optimizers.md", "Schedules");
  }

  @Test
  void initializers() throws IOException {
    assertDocumented(InitializerConfig.CATALOG, "optimizers.md", "Initial values");
  }

  @Test
  void metrics() throws IOException {
    assertDocumented(MetricConfig.CATALOG, "training.md", "Metrics");
  }

  /** Every key of {@code train} is in a table of one of the two pages, and rules in theirs. */
  @Test
  void keysOfTraining() throws IOException {
    String optimizers = Files.readString(DOCS.resolve("optimizers.md"));
    String training = Files.readString(DOCS.resolve("training.md"));
    for (String key : TrainConfig.KEYS) {
      boolean elsewhere = List.of("loss", "optimizer", "schedule").contains(key);
      String row = "| `" + key + "` |";
      assertTrue(elsewhere || optimizers.contains(row) || training.contains(row), key);
    }
    assertEquals(StopConfig.EARLY_KEYS, keys(training, "Early stopping"));
    assertEquals(StopConfig.KEYS, keys(training, "Stop rules"));
  }

  private static List<String> keys(String page, String section) {
    String from = page.substring(page.indexOf("## " + section));
    String part = from.substring(0, from.indexOf("\n## "));
    return part.lines()
        .map(KEY::matcher)
        .filter(Matcher::matches)
        .map(row -> row.group(1))
        .toList();
  }

  @Test
  void keysOfTrainingAndGroups() throws IOException {
    String page = Files.readString(DOCS.resolve("optimizers.md"));
    for (String key : List.of("accumulate", "clip_value", "clip_norm", "groups")) {
      assertTrue(TrainConfig.KEYS.contains(key) && page.contains("| `" + key + "` |"), key);
    }
    for (String key : GroupConfig.KEYS) {
      assertTrue(page.contains("`" + key), key);
    }
  }
}
