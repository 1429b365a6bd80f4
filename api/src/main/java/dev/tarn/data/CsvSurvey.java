package dev.tarn.data;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import de.siegmar.fastcsv.reader.FieldMismatchStrategy;
import dev.tarn.TarnException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * What a CSV file seems to hold, for a first {@link CsvFormat}: its separator and decimal mark, and
 * for each column whether it has numbers or texts, what stands for missing values, and how many
 * values differ.
 *
 * @param separator what stands between fields
 * @param decimal what stands before the fraction of a number
 * @param header whether the first line has names
 * @param rows the number of rows, without the header
 * @param columns what each column holds
 */
public record CsvSurvey(
    char separator, char decimal, boolean header, int rows, List<Column> columns) {
  /** Values that differ are counted up to this many. */
  public static final int MOST_VALUES = 10_000;

  private static final char[] SEPARATORS = {';', '\t', '|'};
  private static final int FIRST_LINES = 50;

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
   * @param date whether it has dates
   * @param decorated a text of it, if most of its texts are numbers with signs that a CSV file of
   *     numbers does not have, such as {@code $1,234.50} or {@code 12%}; else empty
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
      boolean date,
      String decorated,
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
    CsvSurvey survey = of(file, separator, '.');
    return survey.decimal == '.' ? survey : of(file, separator, ',');
  }

  /** Counts with a decimal mark; the result has the mark that the numbers seem to have. */
  private static CsvSurvey of(Path file, char separator, char decimal) {
    List<Counter> counters = new ArrayList<>();
    List<String> first = new ArrayList<>();
    int[] rows = {0};
    explaining(
        file,
        separator,
        (line, fields) -> {
          if (first.isEmpty()) {
            first.addAll(fields);
            fields.forEach(field -> counters.add(new Counter(decimal)));
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
    boolean header = isHeader(first, counters, decimal);
    if (header && rows[0] == 0) {
      throw new TarnException(file + ": no rows of data below the line of names");
    }
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
    int points = counters.stream().mapToInt(counter -> counter.shown('.')).sum();
    int commas = counters.stream().mapToInt(counter -> counter.shown(',')).sum();
    return new CsvSurvey(separator, commas > points ? ',' : '.', header, rows[0], columns);
  }

  /** Names: no field is a number, or one is a text over a column of numbers. */
  private static boolean isHeader(List<String> first, List<Counter> below, char decimal) {
    boolean anyNumber = false;
    for (int i = 0; i < first.size(); i++) {
      boolean number = NumberTexts.isNumber(first.get(i), decimal);
      boolean text = !number && !NumberTexts.MISSING.contains(first.get(i));
      if (text && below.get(i).column("", i).numeric()) {
        return true;
      }
      anyNumber |= number;
    }
    return !anyNumber;
  }

  /** The number that a field is; NaN if it is none. */
  public double number(String field) {
    return Decimal.parse(field, decimal);
  }

  /**
   * The separator that divides the first lines into the most columns, each into as many. A comma,
   * which may also be a decimal mark, does so only where no other does.
   */
  private static char separator(Path file) {
    char best = ',';
    int most = 1;
    for (char candidate : SEPARATORS) {
      List<Integer> widths = new ArrayList<>();
      try {
        read(file, candidate, FIRST_LINES, (line, fields) -> widths.add(fields.size()));
      } catch (CsvParseException e) {
        continue; // quotes that are none with this separator
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

  private static void explaining(Path file, char separator, Rows rows) {
    try {
      read(file, separator, Integer.MAX_VALUE, rows);
    } catch (CsvParseException e) {
      throw CsvTable.explained(file.toString(), e);
    }
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
                      .allowUnclosedQuote(false)
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
          } catch (UncheckedIOException e) {
            throw e.getCause();
          }
        });
  }

  /** Counts the values of a column. */
  private static final class Counter {
    private final Map<String, Integer> texts = new LinkedHashMap<>();
    private final Map<String, Integer> numbers = new LinkedHashMap<>();
    private final char decimal;
    private int textCount;
    private int numberCount;
    private boolean whole = true;
    private boolean ascending = true;
    private double last = Double.NaN;

    Counter(char decimal) {
      this.decimal = decimal;
    }

    void add(String field) {
      float value = Decimal.parse(field, decimal);
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
      texts.keySet().stream().filter(NumberTexts.MISSING::contains).forEach(missing::add);
      int missed = missing.stream().mapToInt(texts::get).sum();
      int others = texts.size() - missing.size();
      boolean numeric =
          numberCount > 0
              && others <= STRAY_TEXTS
              && textCount - missed <= STRAY * (textCount + numberCount);
      if (numeric) {
        missing.addAll(texts.keySet());
        Map<String, Integer> counts = Map.copyOf(numbers);
        return new Column(
            name, index, true, whole, ascending, false, "", missing, textCount, counts);
      }
      Map<String, Integer> values = new LinkedHashMap<>(texts);
      missing.forEach(values::remove);
      numbers.forEach(values::put);
      double most = (1 - STRAY) * count(values, text -> true);
      boolean date =
          numberCount == 0 && !values.isEmpty() && count(values, NumberTexts::isDate) >= most;
      return new Column(
          name,
          index,
          false,
          false,
          false,
          date,
          date ? "" : decorated(most),
          missing,
          missed,
          values);
    }

    /** A number with other signs, if so many fields are numbers with or without them. */
    private String decorated(double most) {
      Predicate<String> signs = text -> NumberTexts.isDecorated(text, decimal);
      return numberCount + count(texts, signs) >= most
          ? texts.keySet().stream().filter(signs).findFirst().orElse("")
          : "";
    }

    /** In how many fields a mark can only be a decimal mark. */
    int shown(char mark) {
      Predicate<String> shows = text -> NumberTexts.showsMark(text, mark);
      return count(texts, shows) + count(numbers, shows);
    }

    private static int count(Map<String, Integer> counts, Predicate<String> which) {
      return counts.entrySet().stream()
          .filter(entry -> which.test(entry.getKey()))
          .mapToInt(Map.Entry::getValue)
          .sum();
    }
  }
}
