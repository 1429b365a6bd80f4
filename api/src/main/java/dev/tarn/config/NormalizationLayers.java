package dev.tarn.config;

import dev.tarn.nn.Module;
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
   */
  public record BatchNorm(double momentum, double epsilon) implements LayerConfig.Settings {
    @Override
    public String kind() {
      return "batch_norm";
    }

    @Override
    public Module module() {
      return dev.tarn.nn.BatchNorm.create().momentum(momentum).epsilon(epsilon);
    }

    @Override
    public Object toYaml() {
      Map<String, Object> settings = new LinkedHashMap<>();
      settings.put("momentum", momentum);
      settings.put("epsilon", epsilon);
      return Map.of(kind(), settings);
    }
  }

  /**
   * Layer normalization over the last axis.
   *
   * @param epsilon added to the variance
   */
  public record LayerNorm(double epsilon) implements LayerConfig.Settings {
    @Override
    public String kind() {
      return "layer_norm";
    }

    @Override
    public Module module() {
      return dev.tarn.nn.LayerNorm.create().epsilon(epsilon);
    }

    @Override
    public Object toYaml() {
      return Map.of(kind(), Map.of("epsilon", epsilon));
    }
  }

  /**
   * Group normalization.
   *
   * @param groups the number of groups of channels
   * @param epsilon added to the variance
   */
  public record GroupNorm(int groups, double epsilon) implements LayerConfig.Settings {
    @Override
    public String kind() {
      return "group_norm";
    }

    @Override
    public Module module() {
      return dev.tarn.nn.GroupNorm.groups(groups).epsilon(epsilon);
    }

    @Override
    public Object toYaml() {
      Map<String, Object> settings = new LinkedHashMap<>();
      settings.put("groups", groups);
      settings.put("epsilon", epsilon);
      return Map.of(kind(), settings);
    }
  }

  /**
   * The layer of one of {@link #KINDS}; {@code given} is null where a run file has the name only.
   */
  static LayerConfig.Settings read(String kind, YamlValue at, @Nullable YamlValue given) {
    switch (kind) {
      case "batch_norm":
        if (given == null) {
          return new BatchNorm(0.1, EPSILON);
        }
        Fields fields = new Fields(given, List.of("momentum", "epsilon"));
        YamlValue momentum = fields.get("momentum");
        return new BatchNorm(
            momentum == null ? 0.1 : momentum.number("from 0 to 1", v -> v >= 0 && v <= 1),
            epsilon(fields));
      case "layer_norm":
        return new LayerNorm(
            given == null ? EPSILON : epsilon(new Fields(given, List.of("epsilon"))));
      default:
        if (given == null) {
          throw at.error("group_norm needs a number; write '- group_norm: 4'");
        }
        if (!given.isMapping()) {
          return new GroupNorm((int) given.integer(1, Integer.MAX_VALUE), EPSILON);
        }
        Fields group = new Fields(given, List.of("groups", "epsilon"));
        int groups = (int) group.require("groups").integer(1, Integer.MAX_VALUE);
        return new GroupNorm(groups, epsilon(group));
    }
  }

  private static double epsilon(Fields fields) {
    YamlValue epsilon = fields.get("epsilon");
    return epsilon == null ? EPSILON : epsilon.number("above 0", v -> v > 0);
  }
}
