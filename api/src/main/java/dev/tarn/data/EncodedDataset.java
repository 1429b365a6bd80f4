package dev.tarn.data;

import dev.tarn.DType;
import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.TarnException;
import dev.tarn.data.Batches.Batch;
import dev.tarn.data.Preprocessing.Column;
import dev.tarn.data.Preprocessing.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Rows of a table whose columns become numbers and indices of categories when asked for. */
final class EncodedDataset implements Dataset {
  private static final Logger LOG = LoggerFactory.getLogger(EncodedDataset.class);

  /** How many categories are named that training did not see, and of those it saw. */
  private static final int NAMED = 3;

  private static final int MANY = 8;

  private final Dataset raw;
  private final List<Column> columns;
  private final Normalization normalization;

  /** For each column which one of the table it is. */
  private final int[] sources;

  /** For each column the index of each of the table's codes; empty for a number. */
  private final int[][] indices;

  private final List<Spec> features;
  private final int width;
  private final int indexed;

  EncodedDataset(
      Dataset raw,
      List<Column> columns,
      List<CsvTable.Column> table,
      Normalization normalization,
      @Nullable Shape shape) {
    this.raw = raw;
    this.columns = columns;
    this.normalization = normalization;
    this.sources = new int[columns.size()];
    this.indices = new int[columns.size()][];
    boolean named =
        columns.stream().noneMatch(c -> c.name().isEmpty())
            && table.stream().noneMatch(c -> c.name().isEmpty());
    if (!named && columns.size() != table.size()) {
      throw new TarnException(
          "data: " + table.size() + " columns; the model was trained on " + columns.size());
    }
    for (int i = 0; i < sources.length; i++) {
      sources[i] = named ? find(table, columns.get(i).name()) : i;
      indices[i] = indices(columns.get(i), table.get(sources[i]));
    }
    width = columns.stream().mapToInt(Column::width).sum();
    indexed = (int) columns.stream().filter(c -> c.kind() == Kind.INDEX).count();
    features = new ArrayList<>();
    if (width > 0) {
      features.add(Spec.f32(shape == null ? Shape.of(width) : shape));
      NormalizedDataset.checkFills(features.get(0).shape(), width);
    }
    if (indexed > 0) {
      features.add(Spec.i32(indexed));
    }
  }

  private static int find(List<CsvTable.Column> table, String name) {
    for (int i = 0; i < table.size(); i++) {
      if (table.get(i).name().equals(name)) {
        return i;
      }
    }
    throw new TarnException(
        "data: there is no column " + DataFile.quote(name) + ", which the model was trained on");
  }

  private static int[] indices(Column column, CsvTable.Column from) {
    if ((column.kind() != Kind.NUMBER) != from.categorical()) {
      throw new TarnException(
          "data: column "
              + DataFile.quote(from.name())
              + (from.categorical()
                  ? " has categories; the model was trained on numbers"
                  : " has numbers; the model was trained on categories"));
    }
    Map<String, Integer> known = new HashMap<>();
    for (int i = 0; i < column.categories().size(); i++) {
      known.put(column.categories().get(i), i + 1);
    }
    return from.categories().stream().mapToInt(text -> known.getOrDefault(text, 0)).toArray();
  }

  /** Warns of categories that training did not see: a model says nothing about them. */
  void warnOfUnseen(CsvTable table) {
    for (int i = 0; i < sources.length; i++) {
      CsvTable.Column column = table.columns().get(sources[i]);
      List<String> unseen = new ArrayList<>();
      for (int code = 0; code < column.categories().size(); code++) {
        if (indices[i][code] == 0) {
          unseen.add(DataFile.quote(column.categories().get(code)));
        }
      }
      if (!unseen.isEmpty()) {
        String more = unseen.size() > NAMED ? " and " + (unseen.size() - NAMED) + " more" : "";
        LOG.warn(
            "{}: column {}: training did not see {}{}, and takes them for missing; it saw {}",
            table.name(),
            column.name().isEmpty() ? sources[i] : DataFile.quote(column.name()),
            String.join(", ", unseen.subList(0, Math.min(NAMED, unseen.size()))),
            more,
            seen(columns.get(i).categories()));
      }
    }
  }

  private static String seen(List<String> categories) {
    int count = Math.min(MANY, categories.size());
    return String.join(", ", categories.subList(0, count).stream().map(DataFile::quote).toList())
        + (categories.size() > count ? ", ..." : "");
  }

  @Override
  public int size() {
    return raw.size();
  }

  @Override
  public List<Spec> features() {
    return List.copyOf(features);
  }

  @Override
  public List<Spec> targets() {
    return raw.targets();
  }

  @Override
  public int classes() {
    return raw.classes();
  }

  @Override
  public void gather(int[] chosen, int from, Batch batch) {
    int n = batch.size();
    HostTensor rows = HostTensor.zeros(Spec.f32(raw.featureShape().prepend(n)));
    raw.gather(chosen, from, new Batch(List.of(rows), batch.targets()));
    float[] values = rows.floats();
    int stride = values.length / n;
    float[] numbers = new float[0];
    int[] codes = new int[0];
    for (HostTensor tensor : batch.features()) {
      if (tensor.spec().dtype() == DType.I32) {
        codes = tensor.ints();
      } else {
        numbers = tensor.floats();
      }
    }
    Arrays.fill(numbers, 0);
    for (int row = 0; row < n; row++) {
      int at = row * width;
      int code = row * indexed;
      for (int i = 0; i < sources.length; i++) {
        Column column = columns.get(i);
        float value = values[row * stride + sources[i]];
        boolean missing = value != value;
        switch (column.kind()) {
          case NUMBER -> {
            numbers[at] = normalization.apply(missing ? column.fill() : value, i);
            if (column.indicator()) {
              numbers[at + 1] = missing ? 1 : 0;
            }
          }
          case ONE_HOT -> numbers[at + (missing ? 0 : indices[i][(int) value])] = 1;
          case INDEX -> codes[code++] = missing ? 0 : indices[i][(int) value];
        }
        at += column.width();
      }
    }
  }
}
