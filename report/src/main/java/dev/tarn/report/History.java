package dev.tarn.report;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.tarn.TarnException;
import dev.tarn.train.EpochResult;
import dev.tarn.train.RunDirectory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The epochs of a training, in order. */
public record History(List<Epoch> epochs) {
  private static final String TRAIN = "train_";
  private static final String VALIDATION = "validation_";

  /**
   * What an epoch gave.
   *
   * @param number from 1
   * @param step the number of steps done since the training began
   * @param train loss and metrics over the training examples
   * @param validation the same over the validation data; empty if there is none
   * @param learningRate the learning rate at its end, or NaN if it is not known
   * @param seconds the time it took
   */
  public record Epoch(
      int number,
      long step,
      Map<String, Double> train,
      Map<String, Double> validation,
      double learningRate,
      double seconds) {
    /** Copies the maps, keeping their order. */
    public Epoch {
      train = Collections.unmodifiableMap(new LinkedHashMap<>(train));
      validation = Collections.unmodifiableMap(new LinkedHashMap<>(validation));
    }

    /** An epoch as a trainer tells it. */
    public static Epoch of(EpochResult result) {
      return new Epoch(
          result.epoch(),
          result.step(),
          result.train().values(),
          result.validation() == null ? Map.of() : result.validation().values(),
          result.learningRate(),
          result.seconds());
    }
  }

  /** Copies the list. */
  public History {
    epochs = List.copyOf(epochs);
  }

  /**
   * Reads {@code metrics.jsonl} of a run directory; a missing file is a history without epochs.
   *
   * @throws TarnException naming file and line if it cannot be read
   */
  public static History read(Path runDirectory) {
    Path file = runDirectory.resolve("metrics.jsonl");
    List<Epoch> epochs = new ArrayList<>();
    try {
      for (String line : RunDirectory.epochs(runDirectory)) {
        epochs.add(epoch(line));
      }
    } catch (JsonParseException
        | IllegalStateException
        | UnsupportedOperationException
        | NumberFormatException e) {
      throw new TarnException(
          file + ":" + (epochs.size() + 1) + ": damaged; remove the line to go on without it", e);
    }
    return new History(epochs);
  }

  private static Epoch epoch(String line) {
    JsonObject row = JsonParser.parseString(line).getAsJsonObject();
    return new Epoch(
        (int) number(row, "epoch"),
        (long) number(row, "step"),
        values(row, TRAIN),
        values(row, VALIDATION),
        number(row, "learning_rate"),
        number(row, "seconds"));
  }

  private static double number(JsonObject row, String key) {
    return row.has(key) ? row.get(key).getAsDouble() : Double.NaN;
  }

  private static Map<String, Double> values(JsonObject row, String prefix) {
    Map<String, Double> values = new LinkedHashMap<>();
    for (Map.Entry<String, JsonElement> cell : row.entrySet()) {
      if (cell.getKey().startsWith(prefix)) {
        values.put(cell.getKey().substring(prefix.length()), cell.getValue().getAsDouble());
      }
    }
    return values;
  }

  /** Every name of a loss or metric, in order of first mention. */
  public Set<String> names() {
    Set<String> names = new LinkedHashSet<>();
    for (Epoch epoch : epochs) {
      names.addAll(epoch.train().keySet());
      names.addAll(epoch.validation().keySet());
    }
    return names;
  }

  /** Whether an epoch has values over validation data. */
  public boolean validates() {
    return epochs.stream().anyMatch(epoch -> !epoch.validation().isEmpty());
  }

  /** A loss or metric over the epochs, NaN where there is none. */
  Curve curve(String name, boolean validation) {
    return new Curve(
        numbers(),
        epochs.stream()
            .map(epoch -> validation ? epoch.validation() : epoch.train())
            .map(values -> values.getOrDefault(name, Double.NaN))
            .toList());
  }

  /** The learning rate over the epochs, NaN where it is not known. */
  Curve learningRate() {
    return new Curve(numbers(), epochs.stream().map(Epoch::learningRate).toList());
  }

  private List<Double> numbers() {
    return epochs.stream().map(epoch -> (double) epoch.number()).toList();
  }

  /** The time of all epochs. */
  double seconds() {
    return epochs.stream().mapToDouble(Epoch::seconds).filter(Double::isFinite).sum();
  }
}
