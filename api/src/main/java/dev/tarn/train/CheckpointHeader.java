package dev.tarn.train;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.tarn.Shape;
import dev.tarn.TarnException;
import dev.tarn.optim.Plateau;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a checkpoint says beside its tensors.
 *
 * @param position where the training was
 * @param progress what the plateau remembers
 * @param seed its seed
 * @param features the shape of one example's features
 * @param device the device it ran on, with versions
 * @param method how parameters follow their gradients, with all settings
 * @param precision the precision that the steps were computed in
 */
record CheckpointHeader(
    Position position,
    Plateau.State progress,
    long seed,
    Shape features,
    String device,
    String method,
    String precision) {
  /** The key of the header in the file's metadata. */
  static final String KEY = "tarn";

  private static final int FORMAT = 2;
  private static final Logger LOG = LoggerFactory.getLogger(CheckpointHeader.class);

  String toJson() {
    JsonObject json = new JsonObject();
    json.addProperty("format", FORMAT);
    json.addProperty("step", position.step());
    json.addProperty("batches", position.batches());
    json.addProperty("examples", position.examples());
    JsonArray sums = new JsonArray();
    for (double sum : position.sums()) {
      sums.add(sum);
    }
    json.add("sums", sums);
    json.addProperty("seed", seed);
    JsonArray dims = new JsonArray();
    for (int dim : features.dims()) {
      dims.add(dim);
    }
    json.add("features", dims);
    json.addProperty("device", device);
    json.addProperty("method", method);
    json.addProperty("precision", precision);
    json.add("plateau", json(progress));
    return json.toString();
  }

  /**
   * The header of a checkpoint.
   *
   * @throws TarnException if the file has none or it is damaged
   */
  static CheckpointHeader of(Safetensors file, Path path) {
    String text = file.metadata().get(KEY);
    if (text == null) {
      throw new TarnException(path + ": not a checkpoint of Tarn: the metadata 'tarn' is missing");
    }
    try {
      JsonObject json = JsonParser.parseString(text).getAsJsonObject();
      int format = json.get("format").getAsInt();
      if (format != FORMAT) {
        throw new TarnException(
            path + ": checkpoint of format " + format + "; this Tarn reads format " + FORMAT);
      }
      JsonArray sums = json.getAsJsonArray("sums");
      double[] values = new double[sums.size()];
      for (int i = 0; i < values.length; i++) {
        values[i] = sums.get(i).getAsDouble();
      }
      JsonArray dims = json.getAsJsonArray("features");
      int[] extents = new int[dims.size()];
      for (int i = 0; i < extents.length; i++) {
        extents[i] = dims.get(i).getAsInt();
      }
      Position position =
          new Position(
              json.get("step").getAsLong(),
              json.get("batches").getAsInt(),
              json.get("examples").getAsLong(),
              values);
      return new CheckpointHeader(
          position,
          progress(json.getAsJsonObject("plateau")),
          json.get("seed").getAsLong(),
          Shape.of(extents),
          json.get("device").getAsString(),
          json.get("method").getAsString(),
          json.has("precision") ? json.get("precision").getAsString() : "fp32");
    } catch (JsonParseException
        | IllegalStateException
        | NullPointerException
        | ClassCastException
        | NumberFormatException e) {
      throw new TarnException(path + ": damaged: the metadata 'tarn' cannot be read", e);
    }
  }

  private static JsonObject json(Plateau.State progress) {
    JsonObject json = new JsonObject();
    // As text: before the first epoch it is infinite, which JSON has no number for.
    json.addProperty("best", Double.toString(progress.best()));
    json.addProperty("bad", progress.bad());
    json.addProperty("cooling", progress.cooling());
    json.addProperty("scale", progress.scale());
    return json;
  }

  private static Plateau.State progress(JsonObject json) {
    return new Plateau.State(
        Double.parseDouble(json.get("best").getAsString()),
        json.get("bad").getAsInt(),
        json.get("cooling").getAsInt(),
        json.get("scale").getAsDouble());
  }

  /**
   * Refuses another seed, optimizer or precision than it was saved with, and says so where the
   * device is another.
   *
   * @param wanted what a checkpoint saved now would say
   */
  void checkFits(Path path, CheckpointHeader wanted) {
    int metrics = position.sums().length - 1;
    int wantedMetrics = wanted.position.sums().length - 1;
    if (metrics != wantedMetrics) {
      refuse(path, metrics + " metrics", wantedMetrics, "with the same metrics");
    }
    if (seed != wanted.seed) {
      refuse(path, "seed " + seed, wanted.seed, "with that seed");
    }
    if (!method.equals(wanted.method)) {
      refuse(path, method, wanted.method, "with the same settings");
    }
    if (!precision.equals(wanted.precision)) {
      refuse(path, "precision " + precision, wanted.precision, "with precision=" + precision);
    }
    if (!device.equals(wanted.device)) {
      LOG.warn(
          "{} was saved on {}; this is {}: the training goes on, but not bit for bit as it would"
              + " have there",
          path,
          device,
          wanted.device);
    }
  }

  private static void refuse(Path path, String saved, Object wanted, String how) {
    throw new TarnException(
        String.format(
            "%s: trained with %s, not %s: resume %s, or start anew from its weights",
            path, saved, wanted, how));
  }
}
