package dev.tarn.config;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A value of a run file or an override: a scalar, a list or a mapping, with its place.
 *
 * <p>Scalars are texts until they are asked for as something else (YAML 1.2, core schema).
 */
final class YamlValue {
  private static final Pattern INTEGER = Pattern.compile("[-+]?[0-9]+");

  /** What reads as another thing without its quotes. */
  private static final Pattern QUOTED = Pattern.compile("[-+.]?[0-9].*|(?i:true|false)");

  private static final Pattern NUMBER =
      Pattern.compile("[-+]?(\\.[0-9]+|[0-9]+(\\.[0-9]*)?)([eE][-+]?[0-9]+)?");

  /**
   * Where a value was written.
   *
   * @param text for messages: {@code digits.yaml:7:3} or {@code override 'train.epochs=5'}
   * @param source the file's name, empty for an override
   * @param line its line from 1, or 0
   * @param base what relative paths start from
   */
  record Place(String text, String source, int line, Path base) {
    boolean isOverride() {
      return line == 0;
    }
  }

  /** A scalar's text, and whether it was written without quotes. */
  record Scalar(String text, boolean plain) {}

  /** A key's place and its value. */
  record Entry(Place keyPlace, YamlValue value) {}

  private final Place place;
  private final String path;
  private final Object content;

  private YamlValue(Place place, String path, Object content) {
    this.place = place;
    this.path = path;
    this.content = content;
  }

  static YamlValue scalar(Place place, String path, Scalar scalar) {
    return new YamlValue(place, path, scalar);
  }

  static YamlValue list(Place place, String path, List<YamlValue> values) {
    return new YamlValue(place, path, values);
  }

  static YamlValue mapping(Place place, String path, Map<String, Entry> entries) {
    return new YamlValue(place, path, entries);
  }

  Place place() {
    return place;
  }

  /** The keys from the root, joined by dots, such as {@code train.epochs}. */
  String path() {
    return path;
  }

  boolean isScalar() {
    return content instanceof Scalar;
  }

  boolean isList() {
    return content instanceof List;
  }

  boolean isMapping() {
    return content instanceof Map;
  }

  /** Whether it is written as nothing, {@code ~} or {@code null}. */
  boolean isNothing() {
    return content instanceof Scalar scalar && scalar.plain() && isNull(scalar.text());
  }

  /** The entries of a mapping, in order. */
  @SuppressWarnings("unchecked") // the factories take nothing else
  Map<String, Entry> entries() {
    if (!isMapping()) {
      throw expected("keys with values");
    }
    return (Map<String, Entry>) content;
  }

  /** The values of a list. */
  @SuppressWarnings("unchecked") // the factories take nothing else
  List<YamlValue> values() {
    if (!isList()) {
      throw expected("a list");
    }
    return (List<YamlValue>) content;
  }

  String text() {
    if (content instanceof Scalar scalar && !(scalar.plain() && isNull(scalar.text()))) {
      return scalar.text();
    }
    throw expected("a text");
  }

  long integer(long min, long max) {
    String what = "an integer " + range(min, max);
    if (content instanceof Scalar scalar
        && scalar.plain()
        && INTEGER.matcher(scalar.text()).matches()) {
      try {
        long value = Long.parseLong(scalar.text());
        if (value >= min && value <= max) {
          return value;
        }
      } catch (NumberFormatException e) {
        // out of range: told below
      }
    }
    throw expected(what);
  }

  /** A number for which a check holds; {@code what} says which numbers are meant. */
  double number(String what, java.util.function.DoublePredicate check) {
    if (content instanceof Scalar scalar
        && scalar.plain()
        && NUMBER.matcher(scalar.text()).matches()) {
      double value = Double.parseDouble(scalar.text());
      if (Double.isFinite(value) && check.test(value)) {
        return value;
      }
    }
    throw expected("a number " + what);
  }

  /** The value in one line of YAML. */
  String flow() {
    if (isMapping()) {
      return entries().entrySet().stream()
          .map(entry -> entry.getKey() + ": " + entry.getValue().value().flow())
          .collect(Collectors.joining(", ", "{", "}"));
    }
    if (isList()) {
      return values().stream().map(YamlValue::flow).collect(Collectors.joining(", ", "[", "]"));
    }
    Scalar scalar = (Scalar) content;
    return scalar.plain() ? scalar.text() : '"' + scalar.text().replace("\"", "\\\"") + '"';
  }

  boolean bool() {
    if (content instanceof Scalar scalar && scalar.plain()) {
      switch (scalar.text()) {
        case "true", "True", "TRUE":
          return true;
        case "false", "False", "FALSE":
          return false;
        default:
          break;
      }
    }
    throw expected("true or false");
  }

  /** The same value under another name, for a value that an override puts somewhere. */
  ConfigException expected(String what) {
    return error("expected " + what + ", found " + found());
  }

  ConfigException error(String message) {
    return new ConfigException(place.text() + ": " + (path.isEmpty() ? "" : path + ": ") + message);
  }

  /** A scalar as what it is written like: a Long, a Double, a Boolean or a String. */
  Object simple() {
    String text = text();
    if (!((Scalar) content).plain()) {
      return text;
    }
    if (text.matches("(?i:true|false)")) {
      return bool();
    }
    if (INTEGER.matcher(text).matches()) {
      return integer(Long.MIN_VALUE, Long.MAX_VALUE);
    }
    return NUMBER.matcher(text).matches() ? (Object) number("that is finite", v -> true) : text;
  }

  private String found() {
    if (isMapping()) {
      return entries().isEmpty() ? "an empty mapping" : "keys " + entries().keySet();
    }
    if (isList()) {
      return values().isEmpty() ? "an empty list" : "a list of " + values().size();
    }
    Scalar scalar = (Scalar) content;
    if (scalar.plain() && isNull(scalar.text())) {
      return "nothing";
    }
    String text = scalar.text().replaceAll("\\s+", " ");
    boolean quoted = !scalar.plain() && QUOTED.matcher(text).matches();
    return (quoted ? "the quoted text '" : "'")
        + (text.length() > 40 ? text.substring(0, 40) + "..." : text)
        + "'";
  }

  private static boolean isNull(String text) {
    return text.isEmpty() || text.equals("~") || text.equalsIgnoreCase("null");
  }

  private static String range(long min, long max) {
    if (min == Long.MIN_VALUE) {
      return "of 64 bits";
    }
    return max == Integer.MAX_VALUE ? "of at least " + min : "from " + min + " to " + max;
  }
}
