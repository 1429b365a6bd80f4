package dev.tarn.data;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.tarn.Shape;
import dev.tarn.TarnException;
import dev.tarn.data.Preprocessing.Column;
import dev.tarn.data.Preprocessing.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The text of a {@link Preprocessing}. */
final class PreprocessingJson {
  private static final int VERSION = 1;

  private PreprocessingJson() {}

  static String write(Preprocessing value) {
    JsonObject root = new JsonObject();
    root.addProperty("version", VERSION);
    root.add("shift", numbers(value.normalization().shift()));
    root.add("factor", numbers(value.normalization().factor()));
    if (value.shape() != null) {
      JsonArray dims = new JsonArray();
      for (int dim : value.shape().dims()) {
        dims.add(dim);
      }
      root.add("shape", dims);
    }
    root.add("labels", texts(value.labels()));
    JsonArray columns = new JsonArray();
    for (Column column : value.columns()) {
      JsonObject object = new JsonObject();
      object.addProperty("name", column.name());
      object.addProperty("kind", column.kind().name().toLowerCase(Locale.ROOT));
      if (column.kind() == Kind.NUMBER) {
        object.addProperty("fill", column.fill());
        object.addProperty("indicator", column.indicator());
      } else {
        object.add("categories", texts(column.categories()));
        if (column.kind() == Kind.INDEX) {
          object.addProperty("embedding", column.embedding());
        }
      }
      columns.add(object);
    }
    root.add("columns", columns);
    return root.toString();
  }

  private static JsonArray numbers(float[] values) {
    JsonArray array = new JsonArray();
    for (float value : values) {
      array.add(value);
    }
    return array;
  }

  private static JsonArray texts(List<String> values) {
    JsonArray array = new JsonArray();
    values.forEach(array::add);
    return array;
  }

  static Preprocessing read(String text) {
    try {
      JsonObject root = JsonParser.parseString(text).getAsJsonObject();
      int version = root.get("version").getAsInt();
      if (version != VERSION) {
        throw new TarnException(
            "preprocessing: version " + version + " is of another Tarn; this one reads " + VERSION);
      }
      float[] shift = numbers(root.getAsJsonArray("shift"));
      float[] factor = numbers(root.getAsJsonArray("factor"));
      List<Column> columns = new ArrayList<>();
      for (JsonElement element : root.getAsJsonArray("columns")) {
        columns.add(column(element.getAsJsonObject()));
      }
      int expected = columns.isEmpty() ? shift.length : columns.size();
      if (shift.length == 0 || shift.length != factor.length || shift.length != expected) {
        throw new IllegalStateException("shifts, factors and columns differ in number");
      }
      Shape shape = null;
      if (root.has("shape")) {
        List<JsonElement> dims = root.getAsJsonArray("shape").asList();
        shape = Shape.of(dims.stream().mapToInt(JsonElement::getAsInt).toArray());
      }
      return new Preprocessing(
          columns, new Normalization(shift, factor), shape, texts(root.getAsJsonArray("labels")));
    } catch (TarnException e) {
      throw e;
    } catch (RuntimeException e) {
      // Gson tells a wrong type or a missing key by many kinds of exceptions
      throw new TarnException("preprocessing: the text is damaged: " + e.getMessage(), e);
    }
  }

  private static Column column(JsonObject object) {
    Kind kind = Kind.valueOf(object.get("kind").getAsString().toUpperCase(Locale.ROOT));
    String name = object.get("name").getAsString();
    if (kind == Kind.NUMBER) {
      float fill = object.get("fill").getAsFloat();
      return Column.number(name, fill, object.get("indicator").getAsBoolean());
    }
    JsonElement width = object.get("embedding");
    return Column.categories(
        name,
        kind,
        texts(object.getAsJsonArray("categories")),
        width == null ? CsvFormat.AUTO : width.getAsInt());
  }

  private static float[] numbers(JsonArray array) {
    float[] values = new float[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).getAsFloat();
      if (!Float.isFinite(values[i])) {
        throw new IllegalStateException("a number is not finite");
      }
    }
    return values;
  }

  private static List<String> texts(JsonArray array) {
    return array.asList().stream().map(JsonElement::getAsString).toList();
  }
}
