package dev.tarn.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** Names by a pattern in which {@code *} stands for any characters. */
public final class NamePattern {
  private NamePattern() {}

  /** Whether the pattern describes the whole name. */
  public static boolean matches(String pattern, String name) {
    List<String> parts = new ArrayList<>();
    for (String part : pattern.split("\\*", -1)) {
      parts.add(Pattern.quote(part));
    }
    return Pattern.matches(String.join(".*", parts), name);
  }
}
