package dev.tarn.data;

import de.siegmar.fastcsv.reader.AbstractBaseCsvCallbackHandler;
import de.siegmar.fastcsv.reader.RecordType;
import dev.tarn.HostTensor;
import dev.tarn.TarnException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Takes the fields of a CSV file as they are parsed and puts numbers into a store. */
final class CsvRows extends AbstractBaseCsvCallbackHandler<Boolean> {
  private static final int MAX_CATEGORIES = 100_000;

  private final String file;
  private final CsvFormat format;
  private final @Nullable Preprocessing trained;
  private final long memoryBytes;
  private final List<Map<String, Integer>> categories = new ArrayList<>();
  private final CsvLabels labels;
  private @Nullable List<String> first = new ArrayList<>();
  private @Nullable CsvColumns columns;
  private @Nullable RowStore store;
  private float[] row = new float[0];
  private float[] targets = new float[0];
  private int targetCount;

  /**
   * Rows to come.
   *
   * @param trained what the model was trained on, if the rows are to be predicted from; else null
   */
  CsvRows(String file, CsvFormat format, @Nullable Preprocessing trained, long memoryBytes) {
    this.trained = trained;
    this.file = file;
    this.format = format;
    this.memoryBytes = memoryBytes;
    this.labels = new CsvLabels(file, format.decimal());
  }

  @Override
  protected void handleField(int index, char[] text, int offset, int length, boolean quoted) {
    int from = offset;
    int to = offset + length;
    while (from < to && text[from] <= ' ') {
      from++;
    }
    while (to > from && text[to - 1] <= ' ') {
      to--;
    }
    CsvColumns known = columns;
    if (first != null) {
      first.add(new String(text, from, to - from));
    } else if (known != null && index < known.count()) {
      field(known, index, text, from, to);
    }
  }

  private void field(CsvColumns known, int index, char[] text, int from, int to) {
    int role = known.roles[index];
    if (role >= 0) {
      row[role] =
          known.categorical[index]
              ? category(known, index, new String(text, from, to - from))
              : number(known, index, text, from, to, true);
    } else if (role == CsvColumns.LABEL) {
      labels.add(new String(text, from, to - from), index, known, getStartingLineNumber());
    } else if (role != CsvColumns.IGNORED) {
      int at = store().rows() * targetCount + CsvColumns.TARGET - role;
      if (at >= targets.length) {
        targets = Arrays.copyOf(targets, grown(at));
      }
      targets[at] = number(known, index, text, from, to, false);
    }
  }

  private int grown(int at) {
    if (at < 0 || at > Integer.MAX_VALUE / 2) {
      throw new TarnException(file + ": too many targets for a Java array; split the file");
    }
    return Math.max(1024, at * 2);
  }

  private float number(
      CsvColumns known, int index, char[] text, int from, int to, boolean feature) {
    float value = Decimal.parse(text, from, to, format.decimal());
    if (value == value) {
      return value;
    }
    String field = new String(text, from, to - from);
    if (feature && format.missing().contains(field)) {
      return Float.NaN;
    }
    String place = file + ":" + getStartingLineNumber() + ": column " + known.describe(index);
    if (field.isEmpty()) {
      throw new TarnException(
          place + " is empty" + (feature ? "; name '' under 'missing' if it may be" : ""));
    }
    throw new TarnException(
        place
            + " is "
            + DataFile.quote(field)
            + ", not a finite number"
            + (feature && trained == null ? NumberTexts.remedy(field, format.decimal()) : ""));
  }

  private float category(CsvColumns known, int index, String text) {
    if (format.missing().contains(text)) {
      return Float.NaN;
    }
    Map<String, Integer> codes = categories.get(known.roles[index]);
    Integer code = codes.get(text);
    if (code == null) {
      if (codes.size() == MAX_CATEGORIES) {
        throw new TarnException(
            file
                + ": column "
                + known.describe(index)
                + " has more than "
                + MAX_CATEGORIES
                + " categories; name it under 'ignore'");
      }
      code = codes.size();
      codes.put(text, code);
    }
    return code;
  }

  @Override
  protected Boolean buildRecord() {
    if (getRecordType() == RecordType.EMPTY) {
      return Boolean.TRUE;
    }
    if (first != null) {
      begin(first);
    } else {
      CsvColumns known = columns();
      if (getFieldCount() != known.count()) {
        throw new TarnException(
            file
                + ":"
                + getStartingLineNumber()
                + ": "
                + getFieldCount()
                + " fields where the first line has "
                + known.count());
      }
      store().append(row);
    }
    return Boolean.TRUE;
  }

  private void begin(List<String> fields) {
    Boolean given = format.header();
    boolean named = given != null ? given : fields.stream().noneMatch(this::isData);
    List<String> names = List.copyOf(fields);
    CsvColumns known =
        trained == null
            ? new CsvColumns(file, names, named, format)
            : new CsvColumns(file, names, named, trained);
    columns = known;
    row = new float[known.features.size()];
    targetCount = format.targets().size();
    known.features.forEach(column -> categories.add(new HashMap<>()));
    store = new RowStore(file, row.length * 4, memoryBytes);
    first = null;
    if (!named) {
      for (int i = 0; i < fields.size(); i++) {
        char[] text = fields.get(i).toCharArray();
        field(known, i, text, 0, text.length);
      }
      store.append(row);
    }
  }

  private boolean isData(String field) {
    return NumberTexts.isNumber(field, format.decimal()) || format.missing().contains(field);
  }

  private CsvColumns columns() {
    if (columns == null) {
      throw new TarnException(file + ": no rows of data");
    }
    return columns;
  }

  private RowStore store() {
    if (store == null) {
      throw new TarnException(file + ": no rows of data");
    }
    return store;
  }

  /** Deletes what was stored, after a failure. */
  void discard() {
    if (store != null) {
      store.close();
    }
  }

  /** The table, after the last row. */
  CsvTable finish() {
    CsvColumns known = columns();
    RowStore rows = store().finish();
    if (rows.rows() == 0) {
      throw new TarnException(file + ": no rows of data");
    }
    List<CsvTable.Column> described = new ArrayList<>();
    for (int i = 0; i < known.features.size(); i++) {
      int column = known.features.get(i);
      String[] names = new String[categories.get(i).size()];
      categories.get(i).forEach((name, code) -> names[code] = name);
      described.add(
          new CsvTable.Column(
              known.name(column),
              known.categorical[column],
              known.embedding[column],
              List.of(names)));
    }
    HostTensor wanted = null;
    if (format.label() != null) {
      wanted = labels.finish();
    } else if (targetCount > 0) {
      float[] exact = Arrays.copyOf(targets, rows.rows() * targetCount);
      wanted = HostTensor.of(exact, rows.rows(), targetCount);
    }
    return new CsvTable(file, rows, described, wanted, labels.classes(), labels.names());
  }
}
