package dev.tarn.train;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.tarn.TarnException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The table of a run: {@code metrics.csv} and the same as JSON lines in {@code metrics.jsonl}, one
 * row per epoch, appended when it ends.
 *
 * <p>A process that is killed while it appends leaves a last row that is cut off; nobody reads it,
 * and no checkpoint has it yet.
 *
 * <p>Numbers are written so that they read back as the same bits. The seconds come last: all before
 * them depends on the training only.
 */
final class RunDirectoryMetrics {
  private static final String JSON_LINES = "metrics.jsonl";
  private static final String EPOCH = "epoch";
  private static final String STEP = "step";
  private static final String LEARNING_RATE = "learning_rate";
  private static final String SECONDS = "seconds";

  private final Path csv;
  private final Path jsonLines;
  private final List<JsonObject> rows;

  /** The bytes of whole rows in each file. */
  private long csvSize;

  private long jsonSize;

  private RunDirectoryMetrics(Path directory, List<JsonObject> rows) {
    this.csv = directory.resolve("metrics.csv");
    this.jsonLines = directory.resolve(JSON_LINES);
    this.rows = rows;
  }

  /** An empty table; nothing is written yet. */
  static RunDirectoryMetrics empty(Path directory) {
    return new RunDirectoryMetrics(directory, new ArrayList<>());
  }

  /**
   * The rows up to a step; those after it are removed from the files.
   *
   * @throws TarnException naming file and line if a row cannot be read
   */
  static RunDirectoryMetrics upTo(long step, Path directory) {
    RunDirectoryMetrics metrics = empty(directory);
    int line = 0;
    for (String text : lines(directory)) {
      line++;
      try {
        JsonObject row = JsonParser.parseString(text).getAsJsonObject();
        if (row.get(STEP).getAsLong() <= step) {
          metrics.rows.add(row);
        }
      } catch (JsonParseException
          | IllegalStateException
          | NullPointerException
          | NumberFormatException e) {
        throw new TarnException(
            metrics.jsonLines + ":" + line + ": damaged; remove the line to resume without it", e);
      }
    }
    if (!metrics.rows.isEmpty() || Files.exists(metrics.jsonLines) || Files.exists(metrics.csv)) {
      metrics.write();
    }
    return metrics;
  }

  /**
   * The rows of {@code metrics.jsonl}, without a last one that was cut off.
   *
   * @throws TarnException if the file is there but cannot be read
   */
  static List<String> lines(Path directory) {
    Path file = directory.resolve(JSON_LINES);
    try {
      byte[] bytes = Files.readAllBytes(file);
      int end = bytes.length;
      if (end > 0 && bytes[end - 1] != '}') {
        while (end > 0 && bytes[end - 1] != '\n') {
          end--;
        }
      }
      // a decoder, unlike a string, refuses what is not UTF-8
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(bytes, 0, end))
          .toString()
          .lines()
          .toList();
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (IOException e) {
      throw new TarnException(file + ": cannot be read: " + AtomicFile.reason(e), e);
    }
  }

  /** Adds an epoch's row to both files. */
  void add(EpochResult result) {
    JsonObject row = new JsonObject();
    row.addProperty(EPOCH, result.epoch());
    row.addProperty(STEP, result.step());
    values(result).forEach(row::addProperty);
    if (!Double.isNaN(result.learningRate())) {
      row.addProperty(LEARNING_RATE, result.learningRate());
    }
    row.addProperty(SECONDS, result.seconds());
    csvSize = append(csv, csvSize, (csvSize == 0 ? head(row) : "") + cells(row));
    jsonSize = append(jsonLines, jsonSize, row + "\n");
  }

  /**
   * Writes a text behind the whole rows of a file, and forces it to the disk.
   *
   * @return the file's size
   */
  private static long append(Path file, long size, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      try {
        channel.position(size);
        AtomicFile.writeFully(channel, ByteBuffer.wrap(bytes));
        channel.force(true);
      } catch (IOException e) {
        channel.truncate(size);
        throw e;
      }
    } catch (IOException e) {
      throw new TarnException(
          file + ": cannot be written: " + AtomicFile.reason(e) + "; what was there is unharmed",
          e);
    }
    return size + bytes.length;
  }

  /**
   * The epochs of the rows there were on resume, whose numbers of examples the files do not tell.
   */
  List<EpochResult> results(long trainExamples, long validationExamples) {
    return rows.stream()
        .map(
            row -> {
              Map<String, Double> trained = values(row, "train_");
              Map<String, Double> validated = values(row, "validation_");
              return new EpochResult(
                  row.get(EPOCH).getAsInt(),
                  row.get(STEP).getAsLong(),
                  new Evaluation(trained, trainExamples),
                  validated.isEmpty() ? null : new Evaluation(validated, validationExamples),
                  row.get(SECONDS).getAsDouble(),
                  row.has(LEARNING_RATE) ? row.get(LEARNING_RATE).getAsDouble() : Double.NaN);
            })
        .toList();
  }

  private static Map<String, Double> values(JsonObject row, String prefix) {
    Map<String, Double> values = new LinkedHashMap<>();
    row.entrySet().stream()
        .filter(cell -> cell.getKey().startsWith(prefix))
        .forEach(
            cell ->
                values.put(
                    cell.getKey().substring(prefix.length()), cell.getValue().getAsDouble()));
    return values;
  }

  /**
   * The best value of the rows there were on resume, over validation data if there are any; or NaN.
   */
  double best(Monitored monitored) {
    double best = Double.NaN;
    for (JsonObject row : rows) {
      boolean validated = row.has("validation_loss");
      double value =
          row.get((validated ? "validation_" : "train_") + monitored.name()).getAsDouble();
      if (monitored.isBetter(value, best)) {
        best = value;
      }
    }
    return best;
  }

  private static Map<String, Double> values(EpochResult result) {
    Map<String, Double> values = new LinkedHashMap<>();
    result.train().values().forEach((name, value) -> values.put("train_" + name, value));
    Evaluation validation = result.validation();
    if (validation != null) {
      validation.values().forEach((name, value) -> values.put("validation_" + name, value));
    }
    return values;
  }

  private static String head(JsonObject row) {
    return String.join(",", row.keySet()) + "\n";
  }

  private static String cells(JsonObject row) {
    List<String> cells = new ArrayList<>();
    row.entrySet().forEach(cell -> cells.add(cell.getValue().getAsString()));
    return String.join(",", cells) + "\n";
  }

  /** Writes the files anew, each as a whole. */
  private void write() {
    StringBuilder table = new StringBuilder();
    StringBuilder lines = new StringBuilder();
    for (JsonObject row : rows) {
      table.append(table.isEmpty() ? head(row) : "").append(cells(row));
      lines.append(row).append('\n');
    }
    AtomicFile.write(csv, table.toString());
    AtomicFile.write(jsonLines, lines.toString());
    csvSize = size(table);
    jsonSize = size(lines);
  }

  private static long size(CharSequence text) {
    return text.toString().getBytes(StandardCharsets.UTF_8).length;
  }
}
