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
 * @param name its name in paths, which {@code shared} may use, or null for its kind and number
 * @param place for messages: {@code examples/digits.yaml:7:5}
 * @param origin for the nodes it records: {@code digits.yaml:7}
 */
public record LayerConfig(Settings settings, @Nullable String name, String place, Origin origin) {
  /** The kinds of layers, as run files name them. */
  public static final List<String> KINDS =
      Stream.of(
              List.of("dense", "dropout", "flatten"),
              PoolingLayers.KINDS,
              NormalizationLayers.KINDS,
              ConvolutionConfig.KINDS,
              ActivationConfig.KINDS,
              List.of(ReshapeConfig.KIND),
              CompositeLayers.KINDS,
              List.of(EmbeddingConfig.KIND))
          .flatMap(List::stream)
          .toList();

  private static final List<String> KEYS =
      Stream.concat(KINDS.stream(), Stream.of("name")).toList();

  /** A kind of layer with its settings. */
  public interface Settings {
    /** The name in run files. */
    String kind();

    /** A new layer. */
    Module module();

    /**
     * A new layer for a model with shared layers.
     *
     * @param named the layers made so far that have names; a list of layers adds its own
     */
    default Module module(Map<String, Module> named) {
      return module();
    }

    /** The layers in it, in order. */
    default List<LayerConfig> inner() {
      return List.of();
    }

    /** What a run file says: a text, or the kind with its settings. */
    Object toYaml();
  }

  /**
   * A fully connected layer.
   *
   * @param units the number of outputs
   * @param weights whether it has a bias, and what it starts with
   */
  public record Dense(int units, WeightsConfig weights) implements Settings {
    @Override
    public String kind() {
      return "dense";
    }

    @Override
    public Module module() {
      dev.tarn.nn.Dense dense = dev.tarn.nn.Dense.units(units);
      weights.apply(dense, dev.tarn.nn.Dense::weights, dev.tarn.nn.Dense::biases);
      return weights.bias() ? dense : dense.withoutBias();
    }

    @Override
    public Object toYaml() {
      Map<String, Object> settings = new LinkedHashMap<>();
      settings.put("units", units);
      weights.putInto(settings, true);
      return Map.of(kind(), settings);
    }
  }

  /**
   * Dropout.
   *
   * @param rate the probability of a zero, in [0, 1)
   * @param spatial whether it drops whole channels
   */
  public record Dropout(double rate, boolean spatial) implements Settings {
    @Override
    public String kind() {
      return "dropout";
    }

    @Override
    public Module module() {
      dev.tarn.nn.Dropout dropout = dev.tarn.nn.Dropout.rate(rate);
      return spatial ? dropout.spatial() : dropout;
    }

    @Override
    public Object toYaml() {
      if (!spatial) {
        return Map.of(kind(), rate);
      }
      Map<String, Object> settings = new LinkedHashMap<>();
      settings.put("rate", rate);
      settings.put("spatial", true);
      return Map.of(kind(), settings);
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

  /** What a run file says. */
  @SuppressWarnings("unchecked") // a layer with settings has the one key of its kind
  Object toYaml() {
    Object yaml = settings.toYaml();
    if (name == null) {
      return yaml;
    }
    Map<String, Object> entries = new LinkedHashMap<>();
    if (yaml instanceof Map) {
      entries.putAll((Map<String, Object>) yaml);
    } else {
      entries.put(settings.kind(), null);
    }
    entries.put("name", name);
    return entries;
  }

  /** Reads {@code relu}, {@code dense: 128} or {@code dense: {units: 128, bias: false}}. */
  static LayerConfig read(YamlValue value, LayerLists lists) {
    YamlValue.Place place = value.place();
    Origin origin =
        place.line() == 0 ? Origin.NONE : new Origin(place.source() + ":" + place.line());
    Settings settings = settings(value, lists);
    YamlValue name = value.isMapping() ? new Fields(value, KEYS).get("name") : null;
    return new LayerConfig(
        settings, name == null ? null : lists.name(name, settings), place.text(), origin);
  }

  private static Settings settings(YamlValue value, LayerLists lists) {
    if (value.isScalar()) {
      String kind = value.text();
      if (!KINDS.contains(kind)) {
        throw value.error("unknown layer '" + kind + "'; " + Fields.meant(kind, KINDS));
      }
      return settings(kind, value, null, lists);
    }
    new Fields(value, KEYS);
    List<String> kinds = value.entries().keySet().stream().filter(KINDS::contains).toList();
    if (kinds.size() != 1) {
      throw value.expected("one layer, such as 'dense: 128'");
    }
    String kind = kinds.get(0);
    YamlValue given = new Fields(value, KEYS).require(kind);
    boolean nameOnly = given.isNothing() && value.entries().containsKey("name");
    return settings(kind, value, nameOnly ? null : given, lists);
  }

  private static Settings settings(
      String kind, YamlValue value, @Nullable YamlValue given, LayerLists lists) {
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
    if (ConvolutionConfig.KINDS.contains(kind)) {
      return ConvolutionConfig.read(kind, value, given);
    }
    if (CompositeLayers.KINDS.contains(kind)) {
      return CompositeLayers.read(kind, value, given, lists);
    }
    return switch (kind) {
      case "dense" -> dense(needed(value, given, "dense needs a number; write '- dense: 128'"));
      case "dropout" ->
          dropout(needed(value, given, "dropout needs a number; write '- dropout: 0.2'"));
      case ReshapeConfig.KIND ->
          ReshapeConfig.read(
              needed(value, given, "reshape needs extents; write '- reshape: [1, 8, 8]'"));
      default -> plain(kind, given);
    };
  }

  private static YamlValue needed(YamlValue value, @Nullable YamlValue given, String message) {
    if (given == null) {
      throw value.error(message);
    }
    return given;
  }

  private static Plain plain(String kind, @Nullable YamlValue given) {
    if (given != null) {
      throw given.error(kind + " has no settings; write '- " + kind + "'");
    }
    return new Plain(kind);
  }

  private static Dense dense(YamlValue given) {
    if (!given.isMapping()) {
      return new Dense((int) given.integer(1, Integer.MAX_VALUE), WeightsConfig.STANDARD);
    }
    Fields fields = new Fields(given, List.of("units", "bias", "init", "bias_init"));
    int units = (int) fields.require("units").integer(1, Integer.MAX_VALUE);
    return new Dense(units, WeightsConfig.read(fields));
  }

  private static Dropout dropout(YamlValue given) {
    Fields fields = given.isMapping() ? new Fields(given, List.of("rate", "spatial")) : null;
    YamlValue rate = fields == null ? given : fields.require("rate");
    YamlValue spatial = fields == null ? null : fields.get("spatial");
    return new Dropout(
        rate.number("of at least 0 and below 1", v -> v >= 0 && v < 1),
        spatial != null && spatial.bool());
  }
}
