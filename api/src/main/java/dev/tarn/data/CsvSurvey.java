package dev.tarn.data;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import de.siegmar.fastcsv.reader.FieldMismatchStrategy;
import dev.tarn.TarnException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a CSV file seems to hold, for a first {@link CsvFormat}: its separator, and for each column
 * whether it has numbers or texts, what stands for missing values, and how many values differ.
 *
 * @param separator what stands between fields
 * @param header whether the first line has names
 * @param rows the number of rows, without the header
 * @param columns what each column holds
 */
public record CsvSurvey(char separator, boolean header, int rows, List<Column> columns) {
  /** Values that differ are counted up to this many. */
  public static final int MOST_VALUES = 10_000;

  private static final char[] SEPARATORS = {',', ';', '\t', '|'};
  private static final int FIRST_LINES = 50;
  private static final Set<String> MISSING =
      Set.of("", "NA", "N/A", "n/a", "na", "NaN", "nan", "null", "NULL", "?");

  /** A column of numbers may have this share of texts; these then stand for missing values. */
  private static final double STRAY = 0.2;

  private static final int STRAY_TEXTS = 3;

  /** Copies the list. */
  public CsvSurvey {
    columns = List.copyOf(columns);
  }

  /**
   * What a column holds.
   *
   * @param name its name in the first line, or empty
   * @param index its place, from 0
   * @param numeric whether it has numbers
   * @param whole whether these are whole numbers
   * @param ascending whether they rise by one from row to row
   * @param missing the texts that stand for missing values
   * @param missingCount how many values are missing
   * @param values how often each value is there, missing ones left out; {@link #MOST_VALUES} at
   *     most
   */
  public record Column(
      String name,
      int index,
      boolean numeric,
      boolean whole,
      boolean ascending,
      Set<String> missing,
      int missingCount,
      Map<String, Integer> values) {}

  /**
   * Looks at all rows of a file.
   *
   * @throws TarnException naming file and line if it cannot be read or is no table
   */
  public static CsvSurvey of(Path file) {
    char separator = separator(file);
    List<Counter> counters = new ArrayList<>();
    List<String> first = new ArrayList<>();
    int[] rows = {0};
    read(
        file,
        separator,
        Integer.MAX_VALUE,
        (line, fields) -> {
          if (first.isEmpty()) {
            first.addAll(fields);
            fields.forEach(field -> counters.add(new Counter()));
            return;
          }
          if (fields.size() != first.size()) {
            throw new TarnException(
                file
                    + ":"
                    + line
                    + ": "
                    + fields.size()
                    + " fields where the first line has "
                    + first.size());
          }
          rows[0]++;
          for (int i = 0; i < fields.size(); i++) {
            counters.get(i).add(fields.get(i));
          }
        });
    if (first.isEmpty()) {
      throw new TarnException(file + ": no rows of data");
    }
    boolean header = isHeader(first, counters);
    if (!header) {
      rows[0]++;
      for (int i = 0; i < first.size(); i++) {
        counters.get(i).add(first.get(i));
      }
    }
    List<Column> columns = new ArrayList<>();
    for (int i = 0; i < first.size(); i++) {
      columns.add(counters.get(i).column(header ? first.get(i) : "", i));
    }
    return new CsvSurvey(separator, header, rows[0], columns);
  }

  /** Names: no field is a number, or one is a text over a column of numbers. */
  private static boolean isHeader(List<String> first, List<Counter> below) {
    boolean anyNumber = false;
    for (int i = 0; i < first.size(); i++) {
      boolean text = !isNumber(first.get(i)) && !MISSING.contains(first.get(i));
      if (text && below.get(i).column("", i).numeric()) {
        return true;
      }
      anyNumber |= isNumber(first.get(i));
    }
    return !anyNumber;
  }

  private static boolean isNumber(String field) {
    char[] text = field.toCharArray();
    return !Float.isNaN(Decimal.parse(text, 0, text.length));
  }

  /** The separator that divides the first lines into the most columns, each into as many. */
  private static char separator(Path file) {
    char best = ',';
    int most = 1;
    for (char candidate : SEPARATORS) {
      List<Integer> widths = new ArrayList<>();
      try {
        read(file, candidate, FIRST_LINES, (line, fields) -> widths.add(fields.size()));
      } catch (TarnException e) {
        if (candidate == ',') {
          throw e;
        }
        continue;
      }
      int width = widths.isEmpty() ? 0 : widths.get(0);
      if (width > most && widths.stream().allMatch(each -> each == width)) {
        most = width;
        best = candidate;
      }
    }
    return best;
  }

  private interface Rows {
    void row(long line, List<String> fields);
  }

  private static void read(Path file, char separator, int most, Rows rows) {
    DataFile.reading(
        file,
        () -> {
          try (Reader in =
                  new InputStreamReader(DataFile.open(file), StandardCharsets.UTF_8.newDecoder());
              CsvReader<CsvRecord> csv =
                  CsvReader.builder()
                      .fieldSeparator(separator)
                      .extraFieldStrategy(FieldMismatchStrategy.IGNORE)
                      .missingFieldStrategy(FieldMismatchStrategy.IGNORE)
                      .ofCsvRecord(in)) {
            int count = 0;
            for (CsvRecord record : csv) {
              List<String> fields = record.getFields().stream().map(String::strip).toList();
              if (count == 0 && fields.get(0).startsWith("\uFEFF")) {
                fields = new ArrayList<>(fields);
                fields.set(0, fields.get(0).substring(1).strip());
              }
              rows.row(record.getStartingLineNumber(), fields);
              if (++count == most) {
                break;
              }
            }
            return true;
          } catch (CsvParseException e) {
            throw new TarnException(file + ": not a CSV file: " + e.getMessage(), e);
          } catch (java.io.UncheckedIOException e) {
            throw new IOException(e.getCause());
          }
        });
  }

  /** Counts the values of a column. */
  private static final class Counter {
    private final Map<String, Integer> texts = new LinkedHashMap<>();
    private final Map<String, Integer> numbers = new LinkedHashMap<>();
    private int textCount;
    private int numberCount;
    private boolean whole = true;
    private boolean ascending = true;
    private double last = Double.NaN;

    void add(String field) {
      char[] text = field.toCharArray();
      float value = Decimal.parse(text, 0, text.length);
      boolean number = value == value;
      Map<String, Integer> counts = number ? numbers : texts;
      if (counts.size() < MOST_VALUES || counts.containsKey(field)) {
        counts.merge(field, 1, Integer::sum);
      }
      if (number) {
        numberCount++;
        whole &= value == Math.rint(value);
        ascending &= last != last || value == last + 1;
        last = value;
      } else {
        textCount++;
        ascending = false;
      }
    }

    Column column(String name, int index) {
      Set<String> missing = new TreeSet<>();
      texts.keySet().stream().filter(MISSING::contains).forEach(missing::add);
      int missed = missing.stream().mapToInt(texts::get).sum();
      int others = texts.size() - missing.size();
      boolean numeric =
          numberCount > 0
              && others <= STRAY_TEXTS
              && textCount - missed <= STRAY * (textCount + numberCount);
      if (numeric) {
        missing.addAll(texts.keySet());
        return new Column(
            name, index, true, whole, ascending, missing, textCount, Map.copyOf(numbers));
      }
      Map<String, Integer> values = new LinkedHashMap<>(texts);
      missing.forEach(values::remove);
      numbers.forEach(values::put);
      return new Column(name, index, false, false, false, missing, missed, values);
    }
  }
}
