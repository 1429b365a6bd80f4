package dev.tarn.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.tarn.PoolWindow;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Pooling and normalization in run files. */
final class ImageLayersTests {
  private static RunConfig parse(String layers) {
    String text =
        "data: {set: iris}\nmodel:\n"
            + layers.lines().map(line -> "  - " + line + "\n").reduce("", String::concat)
            + "train: {epochs: 1, batch: 10, optimizer: adam}\n";
    return RunConfig.parse(text, "f.yaml", Path.of("."), List.of());
  }

  private static List<LayerConfig.Settings> settings(RunConfig config) {
    return config.layers().stream().map(LayerConfig::settings).toList();
  }

  @Test
  void layersAreReadAndWrittenAgain() {
    RunConfig config =
        parse(
            """
            max_pool2d: 2
            max_pool2d: {kernel: 3, stride: 2, padding: 1}
            avg_pool2d: {kernel: 3, ceil: true, count_include_pad: false}
            avg_pool2d: {kernel: 2, padding: 1}
            upsample: 2
            global_avg_pool2d
            batch_norm
            batch_norm: {momentum: 0.01}
            layer_norm
            layer_norm: {epsilon: 0.001}
            group_norm: 4
            group_norm: {groups: 2, epsilon: 0.5}
            """);
    List<LayerConfig.Settings> expected =
        List.of(
            new PoolingLayers.Pool2d("max_pool2d", PoolWindow.of(2), false),
            new PoolingLayers.Pool2d("max_pool2d", PoolWindow.of(3).stride(2).padding(1), false),
            new PoolingLayers.Pool2d("avg_pool2d", PoolWindow.of(3).ceilMode(), false),
            new PoolingLayers.Pool2d("avg_pool2d", PoolWindow.of(2).padding(1), true),
            new PoolingLayers.Upsample(2),
            new PoolingLayers.GlobalAverage(),
            new NormalizationLayers.BatchNorm(0.1, 1e-5, WeightsConfig.STANDARD),
            new NormalizationLayers.BatchNorm(0.01, 1e-5, WeightsConfig.STANDARD),
            new NormalizationLayers.LayerNorm(1e-5, WeightsConfig.STANDARD),
            new NormalizationLayers.LayerNorm(0.001, WeightsConfig.STANDARD),
            new NormalizationLayers.GroupNorm(4, 1e-5, WeightsConfig.STANDARD),
            new NormalizationLayers.GroupNorm(2, 0.5, WeightsConfig.STANDARD));
    assertEquals(expected, settings(config));
    RunConfig again = RunConfig.parse(config.toYaml(), "again.yaml", Path.of("."), List.of());
    assertEquals(expected, settings(again));
    config.layers().forEach(layer -> layer.settings().module());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          max_pool2d                                | f.yaml:3:5: model[1]: max_pool2d needs a number; write '- max_pool2d: 2'
          max_pool2d: 0                             | f.yaml:3:17: model[1].max_pool2d: expected an integer from 1 to 1048576, found '0'
          max_pool2d: {kernel: 2, padding: 2}       | f.yaml:3:38: model[1].max_pool2d.padding: expected an integer from 0 to 1, found '2'
          max_pool2d: {kernel: 2, count_include_pad: true} | f.yaml:3:29: unknown key 'count_include_pad'; expected one of kernel, stride, padding, ceil
          global_avg_pool2d: 2                      | f.yaml:3:24: model[1].global_avg_pool2d: global_avg_pool2d has no settings; write '- global_avg_pool2d'
          group_norm                                | f.yaml:3:5: model[1]: group_norm needs a number; write '- group_norm: 4'
          batch_norm: {momentum: 2}                 | f.yaml:3:28: model[1].batch_norm.momentum: expected a number from 0 to 1, found '2'
          layer_norm: {epsilon: 0}                  | f.yaml:3:27: model[1].layer_norm.epsilon: expected a number above 0, found '0'
          """)
  void mistakesAreNamed(String layer, String message) {
    ConfigException e = assertThrows(ConfigException.class, () -> parse(layer));
    assertEquals(message, e.getMessage());
  }
}
