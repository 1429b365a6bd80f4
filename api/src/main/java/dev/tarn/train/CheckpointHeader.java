package dev.tarn.train;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.tarn.DType;
import dev.tarn.Precision;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.TarnException;
import dev.tarn.optim.Plateau;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a checkpoint says beside its tensors.
 *
 * @param position where the training was
 * @param plateau what the plateau remembers
 * @param early what early stopping remembers
 * @param stop the rule that held at the end of the last epoch, or null
 * @param seed its seed
 * @param features one example's features
 * @param device the device it ran on, with versions
 * @param method how parameters follow their gradients, with all settings
 * @param precision the precision that the steps were computed in
 */
record CheckpointHeader(
    Position position,
    Plateau.State plateau,
    EarlyStopping.State early,
    @Nullable Stop stop,
    long seed,
    List<Spec> features,
    String device,
    String method,
    Precision precision) {
  /** The key of the header in the file's metadata. */
  static final String KEY = "tarn";

  private static final int FORMAT = 3;
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
    JsonArray specs = new JsonArray();
    features.forEach(spec -> specs.add(json(spec)));
    json.add("features", specs);
    json.addProperty("device", device);
    json.addProperty("method", method);
    json.addProperty("precision", precision.toString());
    json.add("plateau", json(plateau));
    if (early.epoch() > 0 || early.bad() > 0) {
      json.add("early_stopping", json(early));
    }
    if (stop != null) {
      JsonObject why = new JsonObject();
      why.addProperty("reason", stop.reason().name());
      why.addProperty("sentence", stop.sentence());
      json.add("stop", why);
    }
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
      List<Spec> specs = new ArrayList<>();
      for (JsonElement spec : json.getAsJsonArray("features")) {
        specs.add(spec(spec.getAsJsonObject()));
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
          early(json.getAsJsonObject("early_stopping")),
          stop(json.getAsJsonObject("stop")),
          json.get("seed").getAsLong(),
          List.copyOf(specs),
          json.get("device").getAsString(),
          json.get("method").getAsString(),
          precision(json.get("precision")));
    } catch (JsonParseException
        | IllegalStateException
        | NullPointerException
        | ClassCastException
        | IllegalArgumentException e) {
      throw new TarnException(path + ": damaged: the metadata 'tarn' cannot be read", e);
    }
  }

  private static JsonObject json(Spec spec) {
    JsonArray dims = new JsonArray();
    for (int dim : spec.shape().dims()) {
      dims.add(dim);
    }
    JsonObject json = new JsonObject();
    json.addProperty("dtype", spec.dtype().toString());
    json.add("shape", dims);
    return json;
  }

  private static Spec spec(JsonObject json) {
    JsonArray dims = json.getAsJsonArray("shape");
    int[] extents = new int[dims.size()];
    for (int i = 0; i < extents.length; i++) {
      extents[i] = dims.get(i).getAsInt();
    }
    String type = json.get("dtype").getAsString().toUpperCase(Locale.ROOT);
    return new Spec(DType.valueOf(type), Shape.of(extents));
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

  private static JsonObject json(EarlyStopping.State early) {
    JsonObject json = new JsonObject();
    json.addProperty("best", Double.toString(early.best()));
    json.addProperty("epoch", early.epoch());
    json.addProperty("reference", Double.toString(early.reference()));
    json.addProperty("bad", early.bad());
    return json;
  }

  private static EarlyStopping.State early(@Nullable JsonObject json) {
    return json == null
        ? EarlyStopping.State.START
        : new EarlyStopping.State(
            Double.parseDouble(json.get("best").getAsString()),
            json.get("epoch").getAsInt(),
            Double.parseDouble(json.get("reference").getAsString()),
            json.get("bad").getAsInt());
  }

  private static @Nullable Stop stop(@Nullable JsonObject json) {
    return json == null
        ? null
        : new Stop(
            Stop.Reason.valueOf(json.get("reason").getAsString()),
            json.get("sentence").getAsString());
  }

  /** Before there was a choice it was fp32. */
  private static Precision precision(@Nullable JsonElement saved) {
    return saved == null
        ? Precision.FP32
        : Precision.valueOf(saved.getAsString().toUpperCase(Locale.ROOT));
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
    int sums = position.sums().length;
    int wantedSums = wanted.position.sums().length;
    if (sums != wantedSums) {
      refuse(path, sums + " losses and metrics", wantedSums, remedy(sums, wantedSums));
    }
    if (seed != wanted.seed) {
      refuse(path, "seed " + seed, wanted.seed, "with that seed");
    }
    if (!method.equals(wanted.method)) {
      refuse(path, method, wanted.method, "with the same settings");
    }
    if (precision != wanted.precision) {
      refuse(path, "precision " + precision, wanted.precision, "in that precision");
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

  /** A regression was measured by its loss alone before it had a metric unless one was given. */
  private static String remedy(int saved, int wanted) {
    return saved == 1 && wanted == 2
        ? "with the loss alone, as it was measured then"
        : "with the same ones (train.metrics)";
  }

  private static void refuse(Path path, String saved, Object wanted, String how) {
    throw new TarnException(
        String.format(
            "%s: trained with %s, not %s: resume %s, or start anew from its weights",
            path, saved, wanted, how));
  }
}
