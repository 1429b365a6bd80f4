package dev.tarn.config;

import dev.tarn.nn.Module;
import dev.tarn.nn.PRelu;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A rectifier with a learned slope and settings: {@code prelu: {per_channel: true}}.
 *
 * @param perChannel whether each channel has a slope of its own
 * @param init what the slopes start with, or null for 0.25
 */
public record PReluConfig(boolean perChannel, @Nullable Choice init)
    implements LayerConfig.Settings {
  static final String KIND = "prelu";

  @Override
  public String kind() {
    return KIND;
  }

  @Override
  public Module module() {
    PRelu layer = perChannel ? PRelu.perChannel() : PRelu.shared();
    return init == null ? layer : layer.weights(InitializerConfig.make(init));
  }

  @Override
  public Object toYaml() {
    Map<String, Object> settings = new LinkedHashMap<>();
    settings.put("per_channel", perChannel);
    if (init != null) {
      settings.put("init", init.toYaml());
    }
    return Map.of(KIND, settings);
  }

  static PReluConfig read(YamlValue given) {
    Fields fields = new Fields(given, List.of("per_channel", "init"));
    YamlValue perChannel = fields.get("per_channel");
    YamlValue init = fields.get("init");
    return new PReluConfig(
        perChannel != null && perChannel.bool(),
        init == null ? null : InitializerConfig.read(init));
  }
}
