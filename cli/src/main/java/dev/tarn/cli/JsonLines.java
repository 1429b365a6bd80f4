package dev.tarn.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.tarn.TarnException;
import dev.tarn.data.CsvFormat;
import dev.tarn.data.Preprocessing;
import dev.tarn.data.Preprocessing.Column;
import dev.tarn.data.Preprocessing.Kind;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * JSON lines to predict from, as the text of a table: one example a line, an object with the names
 * of columns or an array of numbers.
 */
final class JsonLines {
  private final Path file;
  private final CsvFormat format;
  private final List<Column> columns;
  private final StringBuilder table = new StringBuilder();
  private int number;
  private @Nullable Boolean objects;

  private JsonLines(Path file, CsvFormat format, Preprocessing trained) {
    this.file = file;
    this.format = format;
    this.columns = trained.columns();
  }

  /**
   * The lines of a file as a table that is written as a format says, but with decimal points.
   *
   * @throws TarnException naming the line that is not as it should be
   */
  static String table(Path file, CsvFormat format, Preprocessing trained) {
    JsonLines lines = new JsonLines(file, format, trained);
    try {
      for (String line : Files.readAllLines(file)) {
        lines.number++;
        if (!line.isBlank()) {
          lines.add(line);
        }
      }
    } catch (NoSuchFileException e) {
      throw new TarnException(file + ": no such file", e);
    } catch (CharacterCodingException e) {
      throw new TarnException(file + ": not UTF-8 text", e);
    } catch (IOException e) {
      throw new TarnException(file + ": cannot be read: " + e.getMessage(), e);
    }
    return lines.table.toString();
  }

  private void add(String line) {
    JsonElement value;
    try {
      value = JsonParser.parseString(line);
    } catch (JsonParseException e) {
      throw error("not JSON; expected one object or array a line");
    }
    boolean object = value.isJsonObject();
    if (!object && !value.isJsonArray()) {
      throw error("expected an object or an array, found " + value);
    }
    if (objects != null && objects != object) {
      throw error("objects and arrays in one file; use one of them");
    }
    boolean first = objects == null;
    objects = object;
    List<String> fields = new ArrayList<>();
    if (object) {
      requireNames();
      if (first) {
        columns.forEach(column -> fields.add(quoted(column.name())));
        row(fields);
        fields.clear();
      }
      object(value.getAsJsonObject(), fields);
    } else {
      array(value.getAsJsonArray(), fields);
      for (int i = 0; i < fields.size() && i < columns.size(); i++) {
        checkNumber(columns.get(i), fields.get(i));
      }
    }
    row(fields);
  }

  private void requireNames() {
    if (columns.isEmpty() || columns.stream().anyMatch(column -> column.name().isEmpty())) {
      throw error("the model's columns have no names; write an array of its features a line");
    }
  }

  /** Keys that are no columns of the model's are left out, as such columns of a table are. */
  private void object(JsonObject example, List<String> fields) {
    for (Column column : columns) {
      JsonElement value = example.get(column.name());
      if (value == null) {
        throw error(absent(column.name(), example));
      }
      String field = field(value);
      checkNumber(column, field);
      fields.add(field);
    }
  }

  private String absent(String name, JsonObject example) {
    List<String> others = new ArrayList<>(example.keySet());
    columns.forEach(column -> others.remove(column.name()));
    String missing = format.missing().isEmpty() ? "" : "; null stands for a missing one";
    String found = others.isEmpty() ? "" : "; there are also " + others;
    return "there is no '" + name + "', which the model was trained on" + missing + found;
  }

  private void array(JsonArray values, List<String> fields) {
    for (JsonElement value : values) {
      if (value.isJsonArray()) {
        array(value.getAsJsonArray(), fields);
      } else {
        fields.add(field(value));
      }
    }
  }

  private String field(JsonElement value) {
    if (value.isJsonNull()) {
      if (format.missing().isEmpty()) {
        throw error("null, but the model was trained without missing values ('missing')");
      }
      return quoted(format.missing().iterator().next());
    }
    if (!value.isJsonPrimitive()) {
      throw error("expected a number or a text, found " + value);
    }
    return quoted(value.getAsString());
  }

  /** Here rather than where the table is read, since this knows the line. */
  private void checkNumber(Column column, String field) {
    String text = field.replaceAll("^\"|\"$", "");
    if (column.kind() == Kind.NUMBER && !format.missing().contains(text)) {
      try {
        Double.parseDouble(text);
      } catch (NumberFormatException e) {
        throw error("'" + column.name() + "' must be a number, found '" + text + "'");
      }
    }
  }

  private void row(List<String> fields) {
    table.append(String.join(String.valueOf(format.separator()), fields)).append('\n');
  }

  private String quoted(String text) {
    boolean plain =
        text.chars().noneMatch(c -> c == format.separator() || c == '"' || c == '\n' || c == '\r');
    return plain && !text.isEmpty() ? text : '"' + text.replace("\"", "\"\"") + '"';
  }

  private TarnException error(String message) {
    return new TarnException(file + ":" + number + ": " + message);
  }
}
