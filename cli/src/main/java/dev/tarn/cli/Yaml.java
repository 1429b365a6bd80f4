package dev.tarn.cli;

import java.util.Collection;
import java.util.stream.Collectors;

/** Texts as YAML has them. */
final class Yaml {
  private Yaml() {}

  /** A text, in quotes where it would otherwise be read as something else. */
  static String text(String text) {
    boolean plain =
        text.matches("[A-Za-z_./~][A-Za-z0-9_./ ()%+-]*")
            && !text.endsWith(" ")
            && !text.matches("(?i)true|false|null|yes|no|on|off|~");
    return plain
        ? text
        : '"' + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\t", "\\t") + '"';
  }

  /** A list in one line. */
  static String list(Collection<String> texts) {
    return texts.stream().map(Yaml::text).collect(Collectors.joining(", ", "[", "]"));
  }
}
