package dev.tarn.data;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.FieldMismatchStrategy;
import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.TarnException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A table from a CSV file (RFC 4180) in UTF-8, plain or in gzip: numbers, codes of categories, and
 * a class or numbers to predict.
 *
 * <p>A file is parsed once. Rows lie in memory as 32-bit numbers while they fit a quarter of the
 * Java heap, else in a temporary file, so a table may be larger than memory.
 */
public final class CsvTable implements AutoCloseable {
  /** A field without an end fills the parser's buffer, or goes on to the end of the file. */
  private static final Pattern UNCLOSED =
      Pattern.compile(
          "(?:Unclosed quoted field|The maximum buffer size).*starting at line (\\d+)\\)");

  private static final char BOM = '\uFEFF';

  /**
   * A column of features.
   *
   * @param name what the first line calls it; empty if it has no names
   * @param categorical whether values are codes of categories
   * @param embedding the width of its vectors in an embedding, {@link CsvFormat#AUTO}, or 0 if it
   *     is not embedded
   * @param categories the texts of the codes 0, 1, ..., in the order of the rows
   */
  public record Column(String name, boolean categorical, int embedding, List<String> categories) {
    /** Copies the list. */
    public Column {
      categories = List.copyOf(categories);
    }
  }

  private final String name;
  private final RowStore rows;
  private final List<Column> columns;
  private final @Nullable HostTensor targets;
  private final int classes;
  private final List<String> labels;

  CsvTable(
      String name,
      RowStore rows,
      List<Column> columns,
      @Nullable HostTensor targets,
      int classes,
      List<String> labels) {
    this.name = name;
    this.rows = rows;
    this.columns = List.copyOf(columns);
    this.targets = targets;
    this.classes = classes;
    this.labels = labels;
  }

  /**
   * Reads a file of numbers: every column is a feature.
   *
   * @throws TarnException as {@link #read(Path, CsvFormat)} does
   */
  public static CsvTable read(Path file) {
    return read(file, CsvFormat.features());
  }

  /**
   * Reads a file.
   *
   * @throws TarnException naming file, line and column if it is missing, ragged, empty or not
   *     UTF-8, a field is not what its column must have, or a column is not there
   */
  public static CsvTable read(Path file, CsvFormat format) {
    return read(file, format, null, RowStore.defaultMemory());
  }

  /**
   * Reads a file of examples to predict from: the columns that a model was trained on, found by
   * their names, or in order where the file or the training had none. Others are left out.
   *
   * @param format how the training data were written; what it says of columns is not looked at
   * @throws TarnException as {@link #read(Path, CsvFormat)} does, and if a column is not there
   */
  public static CsvTable read(Path file, CsvFormat format, Preprocessing trained) {
    return read(
        file,
        features(format),
        trained.columns().isEmpty() ? null : trained,
        RowStore.defaultMemory());
  }

  /**
   * Reads examples to predict from out of a text that is no file.
   *
   * @param name stands for it in messages
   * @throws TarnException as {@link #read(Path, CsvFormat, Preprocessing)} does
   */
  public static CsvTable read(String text, String name, CsvFormat format, Preprocessing trained) {
    try {
      InputStream in = new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
      Preprocessing columns = trained.columns().isEmpty() ? null : trained;
      return read(in, name, features(format), columns, RowStore.defaultMemory());
    } catch (IOException e) {
      throw new TarnException(name + ": cannot be read: " + e.getMessage(), e);
    }
  }

  /** The format without what it says of columns. */
  private static CsvFormat features(CsvFormat format) {
    return CsvFormat.features()
        .withHeader(format.header())
        .withSeparator(format.separator())
        .withDecimal(format.decimal())
        .withMissing(format.missing());
  }

  static CsvTable read(
      Path file, CsvFormat format, @Nullable Preprocessing trained, long memoryBytes) {
    return DataFile.reading(
        file,
        () -> {
          try (InputStream in = DataFile.open(file)) {
            return read(in, file.toString(), format, trained, memoryBytes);
          }
        });
  }

  /** Reads from a stream; {@code name} stands for it in messages. */
  static CsvTable read(
      InputStream in,
      String name,
      CsvFormat format,
      @Nullable Preprocessing trained,
      long memoryBytes)
      throws IOException {
    // a decoder, unlike a character set, refuses bytes that are not UTF-8
    Reader reader = new InputStreamReader(in, StandardCharsets.UTF_8.newDecoder());
    CsvRows rows = new CsvRows(name, format, trained, memoryBytes);
    boolean done = false;
    try (CsvReader<Boolean> csv =
        CsvReader.builder()
            .fieldSeparator(format.separator())
            .allowUnclosedQuote(false)
            .extraFieldStrategy(FieldMismatchStrategy.IGNORE)
            .missingFieldStrategy(FieldMismatchStrategy.IGNORE)
            .build(rows, new WithoutBom(reader))) {
      csv.forEach(record -> {});
      CsvTable table = rows.finish();
      done = true;
      return table;
    } catch (UncheckedIOException e) {
      throw e.getCause();
    } catch (CsvParseException e) {
      throw explained(name, e);
    } finally {
      if (!done) {
        rows.discard();
      }
    }
  }

  /** What the parser could not read, or an explanation that came through it. */
  static TarnException explained(String name, CsvParseException e) {
    if (e.getCause() instanceof TarnException explanation) {
      return explanation;
    }
    String message = String.valueOf(e.getMessage());
    Matcher unclosed = UNCLOSED.matcher(message);
    return new TarnException(
        unclosed.matches()
            ? name
                + ":"
                + unclosed.group(1)
                + ": a quote \" is opened in this row and never closed; close it, or write it twice"
                + " inside of quotes"
            : name + ": not a CSV file: " + message,
        e);
  }

  /** Leaves out the mark that some programs put before the first character of a text. */
  private static final class WithoutBom extends java.io.FilterReader {
    private boolean begun;

    WithoutBom(Reader in) {
      super(in);
    }

    @Override
    public int read(char[] to, int offset, int length) throws IOException {
      int count = super.read(to, offset, length);
      if (!begun && count > 0) {
        begun = true;
        if (to[offset] == BOM) {
          System.arraycopy(to, offset + 1, to, offset, count - 1);
          return count == 1 ? super.read(to, offset, length) : count - 1;
        }
      }
      return count;
    }
  }

  /** The file, for messages. */
  public String name() {
    return name;
  }

  /** The number of rows. */
  public int rows() {
    return rows.rows();
  }

  /** The columns of features, in the file's order. */
  public List<Column> columns() {
    return columns;
  }

  /** The number of classes; 0 if the table has none. */
  public int classes() {
    return classes;
  }

  /**
   * The names of the classes, sorted; empty if classes are the numbers 0, 1, 2, ..., or there are
   * none.
   */
  public List<String> labels() {
    return labels;
  }

  /**
   * Copies the features of a row: numbers, codes of categories, NaN where one is missing.
   *
   * @param to receives one value for each of {@link #columns}
   */
  public void row(int row, float[] to) {
    rows.floats(row, to, 0);
  }

  /**
   * The rows as examples: f32 {@code [columns]} as {@link #row} gives them, which {@link
   * Preprocessing} turns into what a model can take; and the classes or numbers to predict.
   */
  public Dataset dataset() {
    return new StoredDataset(rows, false, Shape.of(columns.size()), targets, classes);
  }

  /** Whether the rows lie in a temporary file. */
  boolean inFile() {
    return rows.inFile();
  }

  /** Deletes the temporary file, if there is one; the process's end does so, too. */
  @Override
  public void close() {
    rows.close();
  }
}
