package dev.tarn.config;

import dev.tarn.nn.Embedding;
import dev.tarn.nn.Module;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Vectors for numbers in run files: {@code embedding: {vocabulary: 1000, width: 32}}. Where it is
 * the first layer, the data's features are whole numbers.
 *
 * @param vocabulary how many numbers there are, from 0
 * @param width the elements of a vector
 * @param init what the vectors start with, or null for the layer's own
 */
public record EmbeddingConfig(int vocabulary, int width, @Nullable Choice init)
    implements LayerConfig.Settings {
  static final String KIND = "embedding";

  @Override
  public String kind() {
    return KIND;
  }

  @Override
  public Module module() {
    Embedding layer = Embedding.of(vocabulary, width);
    return init == null ? layer : layer.weights(InitializerConfig.make(init));
  }

  @Override
  public Object toYaml() {
    Map<String, Object> settings = new LinkedHashMap<>();
    settings.put("vocabulary", vocabulary);
    settings.put("width", width);
    if (init != null) {
      settings.put("init", init.toYaml());
    }
    return Map.of(KIND, settings);
  }

  static EmbeddingConfig read(YamlValue at, @Nullable YamlValue given) {
    if (given == null || !given.isMapping()) {
      throw (given == null ? at : given)
          .error(KIND + " needs two numbers; write '- embedding: {vocabulary: 1000, width: 32}'");
    }
    Fields fields = new Fields(given, List.of("vocabulary", "width", "init"));
    YamlValue init = fields.get("init");
    return new EmbeddingConfig(
        (int) fields.require("vocabulary").integer(1, Integer.MAX_VALUE),
        (int) fields.require("width").integer(1, Integer.MAX_VALUE),
        init == null ? null : InitializerConfig.read(init));
  }
}
