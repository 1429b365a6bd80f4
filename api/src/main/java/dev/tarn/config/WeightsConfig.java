package dev.tarn.config;

import dev.tarn.nn.Initializer;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * What a layer's weight and bias start with.
 *
 * @param bias whether it has a bias
 * @param init what the weight starts with, or null for the layer's own
 * @param biasInit what the bias starts with, or null for the layer's own
 */
public record WeightsConfig(boolean bias, @Nullable Choice init, @Nullable Choice biasInit) {
  static final List<String> KEYS = List.of("bias", "init", "bias_init");

  /** A bias, and the layer's own start of both. */
  public static final WeightsConfig STANDARD = new WeightsConfig(true, null, null);

  /** What the three keys say; layers that always have a bias do not know {@code bias}. */
  static WeightsConfig read(Fields fields) {
    YamlValue bias = fields.get("bias");
    YamlValue init = fields.get("init");
    YamlValue biasInit = fields.get("bias_init");
    boolean has = bias == null || bias.bool();
    if (!has && biasInit != null) {
      throw biasInit.error("the layer has no bias; leave this out or write 'bias: true'");
    }
    return new WeightsConfig(
        has,
        init == null ? null : InitializerConfig.read(init),
        biasInit == null ? null : InitializerConfig.read(biasInit));
  }

  /** The layer with the initializers that are given. */
  <M> M apply(
      M layer, BiFunction<M, Initializer, M> setWeight, BiFunction<M, Initializer, M> setBias) {
    M made = init == null ? layer : setWeight.apply(layer, InitializerConfig.make(init));
    return biasInit == null ? made : setBias.apply(made, InitializerConfig.make(biasInit));
  }

  /** Adds what a run file says. */
  void putInto(Map<String, Object> settings, boolean sayBias) {
    if (sayBias) {
      settings.put("bias", bias);
    }
    if (init != null) {
      settings.put("init", init.toYaml());
    }
    if (biasInit != null) {
      settings.put("bias_init", biasInit.toYaml());
    }
  }
}
