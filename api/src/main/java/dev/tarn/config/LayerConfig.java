package dev.tarn.config;

import dev.tarn.ir.Origin;
import dev.tarn.nn.Activation;
import dev.tarn.nn.Module;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A layer of a run file's model.
 *
 * @param settings what kind it is, with its settings
 * @param place for messages: {@code examples/digits.yaml:7:5}
 * @param origin for the nodes it records: {@code digits.yaml:7}
 */
public record LayerConfig(Settings settings, String place, Origin origin) {
  /** The kinds of layers, as run files name them. */
  public static final List<String> KINDS =
      Stream.of(
              List.of("dense", "dropout", "flatten"),
              PoolingLayers.KINDS,
              NormalizationLayers.KINDS,
              List.of(Conv2dConfig.KIND),
              ActivationConfig.KINDS,
              List.of(EmbeddingConfig.KIND))
          .flatMap(List::stream)
          .toList();

  /** A kind of layer with its settings. */
  public interface Settings {
    /** The name in run files. */
    String kind();

    /** A new layer. */
    Module module();

    /** What a run file says: a text, or the kind with its settings. */
    Object toYaml();
  }

  /**
   * A fully connected layer.
   *
   * @param units the number of outputs
   * @param bias whether it has a bias
   * @param init what its weights start with, or null for the layer's own
   */
  public record Dense(int units, boolean bias, @Nullable Choice init) implements Settings {
    @Override
    public String kind() {
      return "dense";
    }

    @Override
    public Module module() {
      dev.tarn.nn.Dense dense = dev.tarn.nn.Dense.units(units);
      if (init != null) {
        dense.weights(InitializerConfig.make(init));
      }
      return bias ? dense : dense.withoutBias();
    }

    @Override
    public Object toYaml() {
      Map<String, Object> settings = new LinkedHashMap<>();
      settings.put("units", units);
      settings.put("bias", bias);
      if (init != null) {
        settings.put("init", init.toYaml());
      }
      return Map.of(kind(), settings);
    }
  }

  /**
   * Dropout.
   *
   * @param rate the probability of a zero, in [0, 1)
   */
  public record Dropout(double rate) implements Settings {
    @Override
    public String kind() {
      return "dropout";
    }

    @Override
    public Module module() {
      return dev.tarn.nn.Dropout.rate(rate);
    }

    @Override
    public Object toYaml() {
      return Map.of(kind(), rate);
    }
  }

  /**
   * A layer without settings.
   *
   * @param kind its name: {@code flatten}
   */
  public record Plain(String kind) implements Settings {
    @Override
    public Module module() {
      return switch (kind) {
        case "flatten" -> Activation.flatten();
        default -> throw new IllegalStateException("no layer '" + kind + "'");
      };
    }

    @Override
    public Object toYaml() {
      return kind;
    }
  }

  /** Reads {@code relu}, {@code dense: 128} or {@code dense: {units: 128, bias: false}}. */
  static LayerConfig read(YamlValue value) {
    YamlValue.Place place = value.place();
    Origin origin =
        place.line() == 0 ? Origin.NONE : new Origin(place.source() + ":" + place.line());
    return new LayerConfig(settings(value), place.text(), origin);
  }

  private static Settings settings(YamlValue value) {
    String kind;
    if (value.isScalar()) {
      kind = value.text();
      if (!KINDS.contains(kind)) {
        throw value.error("unknown layer '" + kind + "'; " + Fields.meant(kind, KINDS));
      }
      if (kind.equals("dense") || kind.equals("dropout")) {
        String example = kind.equals("dense") ? "dense: 128" : "dropout: 0.2";
        throw value.error(kind + " needs a number; write '- " + example + "'");
      }
      if (kind.equals(Conv2dConfig.KIND)) {
        throw Conv2dConfig.missing(value);
      }
      Settings other = ofFamily(kind, value, null);
      return other != null ? other : new Plain(kind);
    }
    Fields layer = new Fields(value, KINDS);
    if (value.entries().size() != 1) {
      throw value.expected("one layer, such as 'dense: 128'");
    }
    kind = value.entries().keySet().iterator().next();
    YamlValue given = layer.require(kind);
    Settings other = ofFamily(kind, value, given);
    if (other != null) {
      return other;
    }
    return switch (kind) {
      case "dense" -> dense(given);
      case "dropout" -> new Dropout(rate(given));
      case "conv2d" -> Conv2dConfig.read(given);
      default -> throw given.error(kind + " has no settings; write '- " + kind + "'");
    };
  }

  /** A layer of a family that reads its settings itself; null for another. */
  private static @Nullable Settings ofFamily(
      String kind, YamlValue value, @Nullable YamlValue given) {
    if (PoolingLayers.KINDS.contains(kind)) {
      return PoolingLayers.read(kind, value, given);
    }
    if (NormalizationLayers.KINDS.contains(kind)) {
      return NormalizationLayers.read(kind, value, given);
    }
    if (ActivationConfig.KINDS.contains(kind)) {
      return ActivationConfig.read(kind, value, given);
    }
    if (kind.equals(EmbeddingConfig.KIND)) {
      return EmbeddingConfig.read(value, given);
    }
    return null;
  }

  private static Dense dense(YamlValue given) {
    if (!given.isMapping()) {
      return new Dense((int) given.integer(1, Integer.MAX_VALUE), true, null);
    }
    Fields fields = new Fields(given, List.of("units", "bias", "init"));
    YamlValue bias = fields.get("bias");
    YamlValue init = fields.get("init");
    int units = (int) fields.require("units").integer(1, Integer.MAX_VALUE);
    return new Dense(
        units, bias == null || bias.bool(), init == null ? null : InitializerConfig.read(init));
  }

  private static double rate(YamlValue given) {
    YamlValue rate = given.isMapping() ? new Fields(given, List.of("rate")).require("rate") : given;
    return rate.number("of at least 0 and below 1", v -> v >= 0 && v < 1);
  }
}
