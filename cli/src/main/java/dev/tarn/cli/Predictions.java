package dev.tarn.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.tarn.HostTensor;
import dev.tarn.config.RunConfig;
import dev.tarn.config.SourceConfig;
import java.util.ArrayList;
import java.util.List;

/** What a model predicts, as a table or as JSON lines. */
final class Predictions {
  private final boolean classes;
  private final boolean json;
  private final List<String> labels;
  private final List<String> targets;
  private final List<String> files;
  private final StringBuilder text = new StringBuilder();
  private int row;

  /**
   * Nothing yet.
   *
   * @param labels the names of classes; may be empty
   * @param files the names of the images, or empty
   */
  Predictions(RunConfig config, boolean json, List<String> labels, List<String> files) {
    this.classes = config.classifies();
    this.json = json;
    this.labels = labels;
    this.files = files;
    this.targets =
        config.data().source() instanceof SourceConfig.Csv csv ? csv.format().targets() : List.of();
  }

  /** Adds a batch: probabilities or numbers {@code [N, C]}. */
  void add(HostTensor predictions) {
    int columns = predictions.size() / predictions.shape().dim(0);
    float[] p = predictions.floats();
    if (!json && row == 0) {
      header(columns);
    }
    for (int at = 0; at < p.length; at += columns) {
      int best = 0;
      for (int c = 1; c < columns; c++) {
        best = p[at + c] > p[at + best] ? c : best;
      }
      if (json) {
        object(p, at, columns, best);
      } else {
        fields(p, at, columns, best);
      }
      row++;
    }
  }

  private String label(int number) {
    return labels.isEmpty() ? String.valueOf(number) : labels.get(number);
  }

  /** The name of a column of numbers, where the training's table names its targets. */
  private String target(int number, int columns) {
    boolean named =
        targets.size() == columns && targets.stream().noneMatch(name -> name.matches("-?[0-9]+"));
    return named ? targets.get(number) : "y" + number;
  }

  private void header(int columns) {
    List<String> names = new ArrayList<>();
    if (!files.isEmpty()) {
      names.add("file");
    }
    if (classes) {
      names.add("class");
    }
    for (int c = 0; c < columns; c++) {
      String each = classes ? (labels.isEmpty() ? "p" + c : "p_" + label(c)) : target(c, columns);
      names.add(quoted(each));
    }
    text.append(String.join(",", names)).append('\n');
  }

  private void fields(float[] p, int at, int columns, int best) {
    List<String> fields = new ArrayList<>();
    if (!files.isEmpty()) {
      fields.add(quoted(files.get(row)));
    }
    if (classes) {
      fields.add(quoted(label(best)));
    }
    for (int c = 0; c < columns; c++) {
      fields.add(String.valueOf(p[at + c]));
    }
    text.append(String.join(",", fields)).append('\n');
  }

  private void object(float[] p, int at, int columns, int best) {
    JsonObject object = new JsonObject();
    if (!files.isEmpty()) {
      object.addProperty("file", files.get(row));
    }
    if (classes) {
      object.addProperty("class", label(best));
      JsonObject each = new JsonObject();
      for (int c = 0; c < columns; c++) {
        each.addProperty(label(c), p[at + c]);
      }
      object.add("probabilities", each);
    } else {
      JsonArray values = new JsonArray();
      for (int c = 0; c < columns; c++) {
        values.add(p[at + c]);
      }
      object.add("values", values);
    }
    text.append(object).append('\n');
  }

  @Override
  public String toString() {
    return text.toString();
  }

  /** A text as a field of a CSV file. */
  private static String quoted(String text) {
    boolean plain = text.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
    return plain ? text : '"' + text.replace("\"", "\"\"") + '"';
  }
}
