package dev.tarn.data;

import dev.tarn.DType;
import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.TarnException;
import dev.tarn.data.Preprocessing.Column;
import dev.tarn.data.Preprocessing.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Makes single raw examples into what a model takes, as {@link Preprocessing} learned it.
 *
 * <p>An example is a row: a number, a category's text, or null where a feature is missing, for each
 * column of the training table; or, where the training data was no table, one number for each
 * element of an example. Several threads may use it at once.
 */
public final class RowEncoder {
  private final Preprocessing learned;
  private final List<Spec> model;
  private final List<Column> columns;
  private final List<Map<String, Integer>> codes = new ArrayList<>();
  private final int values;

  /**
   * An encoder for a model.
   *
   * @param model one example's features as the model takes them
   * @throws TarnException if what was learned does not give such features
   */
  public RowEncoder(Preprocessing learned, List<Spec> model) {
    this.learned = learned;
    this.model = List.copyOf(model);
    this.columns = learned.columns();
    int width = 0;
    int indexed = 0;
    for (Column column : columns) {
      Map<String, Integer> known = new HashMap<>();
      for (String category : column.categories()) {
        known.put(category, known.size() + 1);
      }
      codes.add(known);
      width += column.width();
      indexed += column.kind() == Kind.INDEX ? 1 : 0;
    }
    List<Long> given = new ArrayList<>();
    if (columns.isEmpty()) {
      given.add(model.get(0).shape().size());
    } else {
      if (width > 0) {
        given.add((long) width);
      }
      if (indexed > 0) {
        given.add((long) indexed);
      }
    }
    if (!model.stream().map(spec -> spec.shape().size()).toList().equals(given)) {
      throw new TarnException(
          "preprocessing: gives features of " + given + " values, the model takes " + model);
    }
    values = columns.isEmpty() ? given.get(0).intValue() : columns.size();
  }

  /**
   * A row of numbers in the order of the training columns.
   *
   * @param row one number for each; NaN where it is missing
   * @throws RowException if there are more or fewer, one is infinite, or a column has categories
   */
  public List<HostTensor> encode(float... row) {
    checkLength(row.length);
    List<@Nullable Object> fields = new ArrayList<>();
    for (float value : row) {
      fields.add(Float.isNaN(value) ? null : (Object) value);
    }
    return encode(fields);
  }

  /**
   * A row by the names of its columns; others are not looked at.
   *
   * @param row for each column a {@link Number}, a category's text, or null where it is missing
   * @throws RowException naming the column if one is absent or not what it must be, or columns have
   *     no names
   */
  public List<HostTensor> encode(Map<String, ?> row) {
    List<@Nullable Object> fields = new ArrayList<>();
    for (Column column : columns) {
      if (column.name().isEmpty()) {
        break;
      }
      if (!row.containsKey(column.name())) {
        throw new RowException(
            "row: there is no "
                + DataFile.quote(column.name())
                + ", which the model was trained on; null stands for a missing one");
      }
      fields.add(row.get(column.name()));
    }
    if (fields.size() != values) {
      throw new RowException(
          "row: the model's features have no names; give its " + values + " values in their order");
    }
    return encode(fields);
  }

  /**
   * A row in the order of the training columns.
   *
   * @param row for each column a {@link Number}, a category's text, or null where it is missing
   * @throws RowException naming the column if one is not what it must be
   */
  public List<HostTensor> encode(List<? extends @Nullable Object> row) {
    checkLength(row.size());
    return columns.isEmpty() ? plain(row) : table(row);
  }

  private void checkLength(int given) {
    if (given != values) {
      throw new RowException(
          "row: has " + given + " values; the model was trained on " + values + " features");
    }
  }

  private List<HostTensor> plain(List<? extends @Nullable Object> row) {
    float[] numbers = new float[values];
    for (int i = 0; i < values; i++) {
      Object value = row.get(i);
      if (value == null) {
        throw new RowException("row: " + name(i) + " is missing, and nothing stands for it");
      }
      numbers[i] = number(value, i);
    }
    learned.normalization().apply(numbers, 1);
    return List.of(as(model.get(0), numbers));
  }

  private List<HostTensor> table(List<? extends @Nullable Object> row) {
    float[] numbers = new float[columns.stream().mapToInt(Column::width).sum()];
    int[] indices = new int[columns.size()];
    int at = 0;
    int code = 0;
    for (int i = 0; i < columns.size(); i++) {
      Column column = columns.get(i);
      Object value = row.get(i);
      switch (column.kind()) {
        case NUMBER -> {
          float number = value == null ? column.fill() : number(value, i);
          numbers[at] = learned.normalization().apply(number, i);
          if (column.indicator()) {
            numbers[at + 1] = value == null ? 1 : 0;
          }
        }
        case ONE_HOT -> numbers[at + category(value, i)] = 1;
        case INDEX -> indices[code++] = category(value, i);
      }
      at += column.width();
    }
    List<HostTensor> features = new ArrayList<>();
    if (at > 0) {
      features.add(as(model.get(0), numbers));
    }
    if (code > 0) {
      Shape shape = model.get(model.size() - 1).shape();
      features.add(HostTensor.of(Arrays.copyOf(indices, code), shape));
    }
    return features;
  }

  private static HostTensor as(Spec spec, float[] numbers) {
    if (spec.dtype() != DType.I32) {
      return HostTensor.of(numbers, spec.shape());
    }
    HostTensor batch = HostTensor.of(numbers, spec.shape().prepend(1));
    try {
      return WholeNumbers.of(batch).reshape(spec.shape().dims());
    } catch (TarnException e) {
      throw new RowException(e.getMessage());
    }
  }

  private float number(Object value, int column) {
    if (!(value instanceof Number number)) {
      throw new RowException(
          "row: "
              + name(column)
              + " must be a number, not "
              + (value instanceof String text ? DataFile.quote(text) : value));
    }
    float rounded = number.floatValue();
    if (!Float.isFinite(rounded)) {
      throw new RowException("row: " + name(column) + " is " + value + "; it must be finite");
    }
    return rounded;
  }

  private int category(@Nullable Object value, int column) {
    if (value == null) {
      return 0;
    }
    if (!(value instanceof String text)) {
      throw new RowException("row: " + name(column) + " must be a text, not " + value);
    }
    return codes.get(column).getOrDefault(text, 0);
  }

  /** A column as messages call it. */
  private String name(int column) {
    String name = columns.isEmpty() ? "" : columns.get(column).name();
    return name.isEmpty() ? "value " + (column + 1) : DataFile.quote(name);
  }
}
