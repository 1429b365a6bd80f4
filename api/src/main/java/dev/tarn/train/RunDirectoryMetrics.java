package dev.tarn.train;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.tarn.TarnException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The table of a run: {@code metrics.csv} and the same as JSON lines in {@code metrics.jsonl}, one
 * row per epoch.
 *
 * <p>Numbers are written so that they read back as the same bits. The seconds come last: all before
 * them depends on the training only.
 */
final class RunDirectoryMetrics {
  private static final String EPOCH = "epoch";
  private static final String STEP = "step";
  private static final String LEARNING_RATE = "learning_rate";
  private static final String SECONDS = "seconds";

  private final Path csv;
  private final Path jsonLines;
  private final List<JsonObject> rows;

  private RunDirectoryMetrics(Path directory, List<JsonObject> rows) {
    this.csv = directory.resolve("metrics.csv");
    this.jsonLines = directory.resolve("metrics.jsonl");
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
    for (String text : metrics.lines()) {
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

  private List<String> lines() {
    try {
      return Files.readAllLines(jsonLines, StandardCharsets.UTF_8);
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (IOException e) {
      throw new TarnException(jsonLines + ": cannot be read: " + AtomicFile.reason(e), e);
    }
  }

  /** Adds an epoch's row and writes both files. */
  void add(EpochResult result) {
    JsonObject row = new JsonObject();
    row.addProperty(EPOCH, result.epoch());
    row.addProperty(STEP, result.step());
    values(result).forEach(row::addProperty);
    if (!Double.isNaN(result.learningRate())) {
      row.addProperty(LEARNING_RATE, result.learningRate());
    }
    row.addProperty(SECONDS, result.seconds());
    rows.add(row);
    write();
  }

  /** The epochs of the rows, whose numbers of examples the files do not tell. */
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

  /** The best value so far, over validation data if there are any; or NaN. */
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

  private void write() {
    StringBuilder table = new StringBuilder();
    StringBuilder lines = new StringBuilder();
    for (JsonObject row : rows) {
      if (table.isEmpty()) {
        table.append(String.join(",", row.keySet())).append('\n');
      }
      List<String> cells = new ArrayList<>();
      row.entrySet().forEach(cell -> cells.add(cell.getValue().getAsString()));
      table.append(String.join(",", cells)).append('\n');
      lines.append(row).append('\n');
    }
    AtomicFile.write(csv, table.toString());
    AtomicFile.write(jsonLines, lines.toString());
  }
}
