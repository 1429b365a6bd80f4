package dev.tarn.cuda;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** What a part of the check found: rows under columns, notes, and whether it passed. */
final class CheckTable {
  private final String title;
  private final List<String> columns;
  private final List<List<Object>> rows = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();
  private boolean passed = true;

  CheckTable(String title, String... columns) {
    this.title = title;
    this.columns = List.of(columns);
  }

  /** Adds a row: texts and numbers, one for each column. */
  CheckTable row(Object... values) {
    if (values.length != columns.size()) {
      throw new IllegalArgumentException(title + ": " + values.length + " values in a row");
    }
    rows.add(List.of(values));
    return this;
  }

  CheckTable note(String note) {
    notes.add(note);
    return this;
  }

  /** A line that says what is wrong. */
  CheckTable failure(String what) {
    passed = false;
    return note("FAILED: " + what);
  }

  /** Fails unless something holds. */
  CheckTable expect(boolean good, String what) {
    return good ? this : failure(what);
  }

  boolean passed() {
    return passed;
  }

  JsonObject toJson() {
    JsonObject json = new JsonObject();
    json.addProperty("title", title);
    json.addProperty("passed", passed);
    JsonArray all = new JsonArray();
    for (List<Object> row : rows) {
      JsonObject one = new JsonObject();
      for (int i = 0; i < row.size(); i++) {
        Object value = row.get(i);
        one.add(
            columns.get(i),
            value instanceof Number number
                ? new JsonPrimitive(number)
                : new JsonPrimitive(value.toString()));
      }
      all.add(one);
    }
    json.add("rows", all);
    JsonArray texts = new JsonArray();
    notes.forEach(texts::add);
    json.add("notes", texts);
    return json;
  }

  /** A part's JSON as Markdown. */
  static String markdown(JsonObject json) {
    StringBuilder out = new StringBuilder();
    out.append("## ").append(json.get("title").getAsString()).append("\n\n");
    JsonArray rows = json.getAsJsonArray("rows");
    if (rows.size() > 0) {
      Set<String> columns = new LinkedHashSet<>();
      rows.forEach(row -> columns.addAll(row.getAsJsonObject().keySet()));
      line(out, List.copyOf(columns));
      line(out, columns.stream().map(column -> "---").toList());
      rows.forEach(
          row ->
              line(
                  out,
                  columns.stream()
                      .map(
                          column ->
                              row.getAsJsonObject().has(column)
                                  ? cell(row.getAsJsonObject().getAsJsonPrimitive(column))
                                  : "")
                      .toList()));
      out.append('\n');
    }
    for (var note : json.getAsJsonArray("notes")) {
      out.append("- ").append(note.getAsString().replace("\n", " ")).append('\n');
    }
    return out.append('\n').toString();
  }

  private static String cell(JsonPrimitive value) {
    if (!value.isNumber()) {
      return value.getAsString().replace("|", "\\|").replace("\n", " ");
    }
    double number = value.getAsDouble();
    if (number == Math.rint(number) || Math.abs(number) >= 1000) {
      return String.format(Locale.ROOT, "%.0f", number);
    }
    return Math.abs(number) < 0.1
        ? String.format(Locale.ROOT, "%.2g", number)
        : String.format(Locale.ROOT, "%.2f", number);
  }

  private static void line(StringBuilder out, List<String> cells) {
    out.append("| ").append(String.join(" | ", cells)).append(" |\n");
  }
}
