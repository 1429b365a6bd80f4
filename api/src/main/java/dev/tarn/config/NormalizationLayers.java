package dev.tarn.config;

import dev.tarn.nn.Module;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Normalization in run files. */
public final class NormalizationLayers {
  static final List<String> KINDS = List.of("batch_norm", "layer_norm", "group_norm");

  private static final double EPSILON = 1e-5;

  private NormalizationLayers() {}

  /**
   * Batch normalization.
   *
   * @param momentum the share of a batch in the running statistics
   * @param epsilon added to the variance
   * @param weights what weight and bias start with
   */
  public record BatchNorm(double momentum, double epsilon, WeightsConfig weights)
      implements LayerConfig.Settings {
    @Override
    public String kind() {
      return "batch_norm";
    }

    @Override
    public Module module() {
      var layer = dev.tarn.nn.BatchNorm.create().momentum(momentum).epsilon(epsilon);
      return weights.apply(layer, dev.tarn.nn.BatchNorm::weights, dev.tarn.nn.BatchNorm::biases);
    }

    @Override
    public Object toYaml() {
      Map<String, Object> settings = new LinkedHashMap<>();
      settings.put("momentum", momentum);
      settings.put("epsilon", epsilon);
      weights.putInto(settings, false);
      return Map.of(kind(), settings);
    }
  }

  /**
   * Layer normalization over the last axis.
   *
   * @param epsilon added to the variance
   * @param weights what weight and bias start with
   */
  public record LayerNorm(double epsilon, WeightsConfig weights) implements LayerConfig.Settings {
    @Override
    public String kind() {
      return "layer_norm";
    }

    @Override
    public Module module() {
      var layer = dev.tarn.nn.LayerNorm.create().epsilon(epsilon);
      return weights.apply(layer, dev.tarn.nn.LayerNorm::weights, dev.tarn.nn.LayerNorm::biases);
    }

    @Override
    public Object toYaml() {
      Map<String, Object> settings = new LinkedHashMap<>();
      settings.put("epsilon", epsilon);
      weights.putInto(settings, false);
      return Map.of(kind(), settings);
    }
  }

  /**
   * Group normalization.
   *
   * @param groups the number of groups of channels
   * @param epsilon added to the variance
   * @param weights what weight and bias start with
   */
  public record GroupNorm(int groups, double epsilon, WeightsConfig weights)
      implements LayerConfig.Settings {
    @Override
    public String kind() {
      return "group_norm";
    }

    @Override
    public Module module() {
      var layer = dev.tarn.nn.GroupNorm.groups(groups).epsilon(epsilon);
      return weights.apply(layer, dev.tarn.nn.GroupNorm::weights, dev.tarn.nn.GroupNorm::biases);
    }

    @Override
    public Object toYaml() {
      Map<String, Object> settings = new LinkedHashMap<>();
      settings.put("groups", groups);
      settings.put("epsilon", epsilon);
      weights.putInto(settings, false);
      return Map.of(kind(), settings);
    }
  }

  /**
   * The layer of one of {@link #KINDS}; {@code given} is null where a run file has the name only.
   */
  static LayerConfig.Settings read(String kind, YamlValue at, @Nullable YamlValue given) {
    if (kind.equals("group_norm") && given == null) {
      throw at.error("group_norm needs a number; write '- group_norm: 4'");
    }
    if (given == null) {
      return kind.equals("batch_norm")
          ? new BatchNorm(0.1, EPSILON, WeightsConfig.STANDARD)
          : new LayerNorm(EPSILON, WeightsConfig.STANDARD);
    }
    List<String> shared = List.of("epsilon", "init", "bias_init");
    switch (kind) {
      case "batch_norm":
        Fields batch = new Fields(given, with("momentum", shared));
        YamlValue momentum = batch.get("momentum");
        return new BatchNorm(
            momentum == null ? 0.1 : momentum.number("from 0 to 1", v -> v >= 0 && v <= 1),
            epsilon(batch),
            WeightsConfig.read(batch));
      case "layer_norm":
        Fields layer = new Fields(given, shared);
        return new LayerNorm(epsilon(layer), WeightsConfig.read(layer));
      default:
        if (!given.isMapping()) {
          return new GroupNorm(groups(given), EPSILON, WeightsConfig.STANDARD);
        }
        Fields fields = new Fields(given, with("groups", shared));
        return new GroupNorm(
            groups(fields.require("groups")), epsilon(fields), WeightsConfig.read(fields));
    }
  }

  private static List<String> with(String first, List<String> others) {
    List<String> all = new ArrayList<>(List.of(first));
    all.addAll(others);
    return all;
  }

  private static int groups(YamlValue value) {
    return (int) value.integer(1, Integer.MAX_VALUE);
  }

  private static double epsilon(Fields fields) {
    YamlValue epsilon = fields.get("epsilon");
    return epsilon == null ? EPSILON : epsilon.number("above 0", v -> v > 0);
  }
}
