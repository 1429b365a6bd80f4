package dev.tarn.config;

import dev.tarn.config.YamlValue.Entry;
import dev.tarn.config.YamlValue.Place;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** Puts values such as {@code train.epochs=5} into a run file's values. */
final class Overrides {
  private static final Pattern ENTRY = Pattern.compile("\\[([0-9]+)]");

  private Overrides() {}

  /**
   * Sets each override's value.
   *
   * @param root a mapping, changed
   * @param overrides texts {@code path=value}, the value in YAML; a path names an entry of a list
   *     by its number from 1, {@code model.3} or as messages do {@code model[3]}
   * @throws ConfigException naming the override if it has no value or its path leads nowhere
   */
  static void apply(YamlValue root, List<String> overrides) {
    for (String override : overrides) {
      int equals = override.indexOf('=');
      String label = "override '" + override + "'";
      if (equals <= 0) {
        throw new ConfigException(label + ": expected KEY=VALUE, for example train.epochs=5");
      }
      String path = ENTRY.matcher(override.substring(0, equals)).replaceAll(".$1");
      Place place = new Place(label, "", 0, Path.of(""));
      put(root, path, YamlReader.read(value(override, equals), label, path, mark -> place));
    }
  }

  private static String value(String override, int equals) {
    String value = override.substring(equals + 1);
    return value.isBlank() ? "''" : value;
  }

  private static void put(YamlValue root, String path, YamlValue value) {
    String[] keys = path.split("\\.", -1);
    YamlValue current = root;
    for (int i = 0; i < keys.length; i++) {
      boolean last = i == keys.length - 1;
      if (current.isList()) {
        List<YamlValue> values = current.values();
        int index = index(keys[i], values.size(), value);
        if (last) {
          values.set(index, value);
        }
        current = values.get(index);
      } else if (current.isMapping()) {
        Map<String, Entry> entries = current.entries();
        Entry entry = entries.get(keys[i]);
        if (last || entry == null) {
          YamlValue added = value;
          for (int k = keys.length - 1; k > i; k--) {
            Map<String, Entry> single = new java.util.LinkedHashMap<>();
            single.put(keys[k], new Entry(value.place(), added));
            String parent = String.join(".", List.of(keys).subList(0, k));
            added = YamlValue.mapping(value.place(), parent, single);
          }
          entries.put(keys[i], new Entry(entry == null ? value.place() : entry.keyPlace(), added));
          return;
        }
        current = entry.value();
      } else {
        throw new ConfigException(
            value.place().text()
                + ": "
                + current.path()
                + " at "
                + current.place().text()
                + " is a single value and has no key '"
                + keys[i]
                + "'");
      }
    }
  }

  private static int index(String key, int size, YamlValue value) {
    if (key.matches("[0-9]{1,6}")) {
      int index = Integer.parseInt(key);
      if (index >= 1 && index <= size) {
        return index - 1;
      }
    }
    throw new ConfigException(
        value.place().text()
            + ": '"
            + key
            + "' is not the number of one of the "
            + size
            + " entries, from 1");
  }
}
