package dev.tarn.data;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import de.siegmar.fastcsv.reader.FieldMismatchStrategy;
import dev.tarn.TarnException;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** A table of numbers from a CSV file (RFC 4180) with a line of names or without. */
public final class CsvTable {
  private final float[] values;
  private final int[] lines;
  private final int rows;
  private final int columns;

  private CsvTable(float[] values, int[] lines, int rows, int columns) {
    this.values = values;
    this.lines = lines;
    this.rows = rows;
    this.columns = columns;
  }

  /**
   * Reads a file in UTF-8. A first line that is not all numbers is taken for names.
   *
   * @throws TarnException naming file, line and column if it is missing, ragged, not numeric, empty
   *     or not UTF-8
   */
  public static CsvTable read(Path file) {
    try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
      return read(reader, file.toString());
    } catch (NoSuchFileException e) {
      throw new TarnException(file + ": no such file", e);
    } catch (CharacterCodingException e) {
      throw new TarnException(file + ": not UTF-8 text; save it as UTF-8", e);
    } catch (IOException e) {
      throw new TarnException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  /** Reads from a reader; {@code name} stands for it in messages. */
  static CsvTable read(Reader reader, String name) throws IOException {
    float[] values = new float[1024];
    int[] lines = new int[256];
    int count = 0;
    int rows = 0;
    int columns = -1;
    try (CsvReader<CsvRecord> csv =
        CsvReader.builder()
            .extraFieldStrategy(FieldMismatchStrategy.IGNORE)
            .missingFieldStrategy(FieldMismatchStrategy.IGNORE)
            .ofCsvRecord(reader)) {
      for (CsvRecord record : csv) {
        List<String> fields = record.getFields();
        if (columns < 0) {
          columns = fields.size();
          if (!numeric(fields)) {
            continue;
          }
        }
        if (fields.size() != columns) {
          throw new TarnException(
              name
                  + ":"
                  + record.getStartingLineNumber()
                  + ": "
                  + fields.size()
                  + " fields where the first line has "
                  + columns);
        }
        if (count + columns > values.length) {
          values = Arrays.copyOf(values, Math.max(count + columns, values.length * 2));
        }
        for (int column = 0; column < columns; column++) {
          values[count++] = parse(fields.get(column), name, record, column);
        }
        if (rows == lines.length) {
          lines = Arrays.copyOf(lines, rows * 2);
        }
        lines[rows++] = (int) record.getStartingLineNumber();
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    } catch (CsvParseException e) {
      throw new TarnException(name + ": not a CSV file: " + e.getMessage(), e);
    }
    if (rows == 0) {
      throw new TarnException(name + ": no rows of data");
    }
    return new CsvTable(values, lines, rows, columns);
  }

  /** The number of rows. */
  public int rows() {
    return rows;
  }

  /** The number of columns. */
  public int columns() {
    return columns;
  }

  /** The value at a row and a column, from 0. */
  public float get(int row, int column) {
    return values[row * columns + column];
  }

  /** The line of the file that a row begins at, from 1. */
  public int line(int row) {
    return lines[row];
  }

  private static boolean numeric(List<String> fields) {
    return fields.stream().allMatch(field -> field.strip().matches("[-+]?[0-9.].*"));
  }

  private static float parse(String field, String name, CsvRecord record, int column) {
    try {
      float value = Float.parseFloat(field.strip());
      if (Float.isFinite(value)) {
        return value;
      }
    } catch (NumberFormatException e) {
      // told below, with the place
    }
    throw new TarnException(
        name
            + ":"
            + record.getStartingLineNumber()
            + ": column "
            + (column + 1)
            + " is '"
            + (field.length() > 40 ? field.substring(0, 40) + "..." : field)
            + "', not a finite number");
  }
}
