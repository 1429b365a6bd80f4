package dev.tarn.config;

import dev.tarn.nn.Activation;
import dev.tarn.nn.Module;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Another shape for each example: {@code reshape: [1, 8, 8]}.
 *
 * @param extents the extents after the batch; one of them may be -1, which means what is left
 */
public record ReshapeConfig(List<Integer> extents) implements LayerConfig.Settings {
  static final String KIND = "reshape";

  /** More axes than any layer takes. */
  private static final int MAX_AXES = 8;

  /** Copies the list. */
  public ReshapeConfig {
    extents = List.copyOf(extents);
  }

  @Override
  public String kind() {
    return KIND;
  }

  @Override
  public Module module() {
    return Activation.of(
        "Reshape",
        x -> {
          IntStream batch = IntStream.of(x.shape().dim(0));
          IntStream rest = extents.stream().mapToInt(Integer::intValue);
          return x.reshape(IntStream.concat(batch, rest).toArray());
        });
  }

  @Override
  public Object toYaml() {
    return Map.of(KIND, extents);
  }

  static ReshapeConfig read(YamlValue given) {
    if (!given.isList() || given.values().isEmpty() || given.values().size() > MAX_AXES) {
      throw given.expected("the extents of one example, such as [1, 8, 8]");
    }
    List<Integer> extents =
        given.values().stream().map(value -> (int) value.integer(-1, 1 << 30)).toList();
    if (extents.contains(0) || extents.stream().filter(extent -> extent == -1).count() > 1) {
      throw given.error("extents are at least 1; one of them may be -1, for what is left");
    }
    return new ReshapeConfig(extents);
  }
}
