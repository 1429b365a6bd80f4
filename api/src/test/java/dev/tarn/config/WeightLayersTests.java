package dev.tarn.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.tarn.Mode;
import dev.tarn.PoolWindow;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.Trace;
import dev.tarn.nn.Module;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Convolutions, padding per side and initializers in run files. */
final class WeightLayersTests {
  private static RunConfig parse(String layer) {
    String text =
        "data: {set: iris}\nmodel:\n  - "
            + layer
            + "\ntrain: {epochs: 1, batch: 10, optimizer: adam}\n";
    return RunConfig.parse(text, "f.yaml", Path.of("."), List.of());
  }

  /** The layer's settings, which are the same after writing and reading. */
  private static LayerConfig.Settings settings(String layer) {
    RunConfig config = parse(layer);
    RunConfig again = RunConfig.parse(config.toYaml(), "again.yaml", Path.of("."), List.of());
    assertEquals(config.layers().get(0).settings(), again.layers().get(0).settings());
    return config.layers().get(0).settings();
  }

  private static Shape output(String layer, int... input) {
    return settings(layer)
        .module()
        .forward(new Trace().input("x", Spec.f32(input)), Mode.TRAIN)
        .shape();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          conv2d: {filters: 4, kernel: 3, padding: [0, 1, 2, 0]}   | [2,4,7,8]
          conv2d: {filters: 4, kernel: [3, 5], padding: [1, 2]}    | [2,4,8,8]
          conv2d: {filters: 4, kernel: 3, padding: same, stride: [2, 3]} | [2,4,4,3]
          conv2d: {filters: 4, kernel: 3, padding: valid, dilation: [1, 2]} | [2,4,6,4]
          conv2d: {filters: 6, kernel: 1, groups: 3}               | [2,6,8,8]
          conv_transpose2d: {filters: 4, kernel: 2, stride: 2}     | [2,4,16,16]
          conv_transpose2d: {filters: 4, kernel: 3, stride: 2, padding: 1, output_padding: 1} | [2,4,16,16]
          conv_transpose2d: {filters: 4, kernel: 3, stride: [2, 3], padding: [0, 1, 1, 1], output_padding: [1, 0]} | [2,4,17,22]
          conv_transpose2d: {filters: 4, kernel: 3, dilation: [1, 2]} | [2,4,10,12]
          max_pool2d: [2, 4]                                       | [2,3,4,2]
          max_pool2d: {kernel: [3, 2], stride: [1, 2], padding: [0, 2, 1, 0]} | [2,3,8,4]
          avg_pool2d: {kernel: 3, padding: [1, 0]}                 | [2,3,3,2]
          adaptive_avg_pool2d: [2, 4]                              | [2,3,2,4]
          adaptive_max_pool2d: 4                                   | [2,3,4,4]
          adaptive_max_pool2d: {grid: [8, 1]}                      | [2,3,8,1]
          reshape: [12, -1]                                        | [2,12,16]
          """)
  void shapes(String layer, String output) {
    assertEquals(output, output(layer, 2, 3, 8, 8).toString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          conv1d: {filters: 4, kernel: 3}                          | [2,4,6]
          conv1d: {filters: 4, kernel: 3, padding: same, stride: 2} | [2,4,4]
          conv1d: {filters: 4, kernel: 3, padding: [0, 3], dilation: 2} | [2,4,7]
          conv1d: {filters: 6, kernel: 1, groups: 3, bias: false}  | [2,6,8]
          dropout: {rate: 0.5, spatial: true}                      | [2,3,8]
          prelu: {per_channel: true, init: {constant: {value: 0.1}}} | [2,3,8]
          """)
  void shapesOfSequences(String layer, String output) {
    assertEquals(output, output(layer, 2, 3, 8).toString());
  }

  @Test
  void paddingIsWrittenAsItIsMeant() {
    assertEquals(
        new PoolingLayers.Pool2d(
            "max_pool2d", PoolWindow.of(3, 2).stride(1, 2).padding(0, 2, 1, 1), false),
        settings("max_pool2d: {kernel: [3, 2], stride: [1, 2], padding: [0, 2, 1, 1]}"));
    PaddingConfig expected = new PaddingConfig(null, List.of(1, 1, 2, 2));
    for (String padding : List.of("[1, 2]", "[1, 1, 2, 2]")) {
      ConvolutionConfig conv =
          (ConvolutionConfig) settings("conv2d: {filters: 1, kernel: 3, padding: " + padding + "}");
      assertEquals(expected, conv.padding());
    }
  }

  /** Weights are nines and biases sevens, whatever the layer. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          dense: {units: 4, %s}               | 2
          conv1d: {filters: 4, kernel: 3, %s} | 3
          conv2d: {filters: 4, kernel: 3, %s} | 4
          conv_transpose2d: {filters: 4, kernel: 3, %s} | 4
          batch_norm: {%s}                    | 4
          layer_norm: {%s}                    | 4
          group_norm: {groups: 3, %s}         | 4
          """)
  void weightsAndBiasesStartAsSaid(String layer, int rank) {
    int[] input = java.util.Arrays.copyOf(new int[] {2, 3, 8, 8}, rank);
    String init = "init: {constant: {value: 9}}, bias_init: {constant: {value: 7}}";
    Module module = settings(String.format(layer, init)).module();
    module.forward(new Trace().input("x", Spec.f32(input)), Mode.TRAIN);
    assertEquals(2, module.parameters().size());
    assertEquals(9, module.parameters().get(0).initial(0).get(0));
    assertEquals(7, module.parameters().get(1).initial(0).get(1));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          conv1d                                       | f.yaml:3:5: model[1]: conv1d needs settings; write '- conv1d: {filters: 16, kernel: 3, padding: same}'
          conv1d: 3                                    | f.yaml:3:13: model[1].conv1d: conv1d needs settings; write '- conv1d: {filters: 16, kernel: 3, padding: same}'
          conv1d: {filters: 3, kernel: [3, 3]}         | f.yaml:3:34: model[1].conv1d.kernel: expected a list of 1 numbers, found a list of 2
          conv1d: {filters: 3, kernel: 3, padding: [1, 2, 3]} | f.yaml:3:46: model[1].conv1d.padding: expected same, valid, a number from 0 or [before, after], found a list of 3
          conv1d: {filters: 3, kernel: 3, output_padding: 1} | f.yaml:3:37: unknown key 'output_padding'; expected one of filters, kernel, stride, dilation, groups, padding, bias, init, bias_init
          conv_transpose2d                             | f.yaml:3:5: model[1]: conv_transpose2d needs settings; write '- conv_transpose2d: {filters: 16, kernel: 2, stride: 2}'
          conv_transpose2d: {filters: 3, kernel: 3, padding: same} | f.yaml:3:56: model[1].conv_transpose2d.padding: expected an integer from 0 to 1048576, found 'same'
          conv2d: {filters: 3, kernel: 3, padding: [1, 2, 3]} | f.yaml:3:46: model[1].conv2d.padding: expected same, valid, a number from 0 or [rows, columns] or [top, bottom, left, right], found a list of 3
          conv2d: {filters: 3, kernel: 3, padding: [1, -2]} | f.yaml:3:50: model[1].conv2d.padding[2]: expected an integer from 0 to 1048576, found '-2'
          conv2d: {filters: 3, kernel: 3, stride: 0}   | f.yaml:3:45: model[1].conv2d.stride: expected an integer from 1 to 1048576, found '0'
          conv2d: {filters: 3, kernel: 9999999}        | f.yaml:3:34: model[1].conv2d.kernel: expected an integer from 1 to 1048576, found '9999999'
          conv2d: {filters: 3, kernel: 3, bias: false, bias_init: zeros} | f.yaml:3:61: model[1].conv2d.bias_init: the layer has no bias; leave this out or write 'bias: true'
          conv2d: {filters: 3, kernel: 3, init: he_norml} | f.yaml:3:43: model[1].conv2d.init: unknown initializer 'he_norml'; did you mean 'he_normal'?
          dense: {units: 3, bias_init: {constant: {}}} | f.yaml:3:45: model[1].dense.bias_init.constant: missing key 'value'
          batch_norm: {bias: false}                    | f.yaml:3:18: unknown key 'bias'; expected one of momentum, epsilon, init, bias_init
          max_pool2d: {kernel: [3, 2], padding: [2, 2]} | f.yaml:3:47: model[1].max_pool2d.padding[2]: expected an integer from 0 to 1, found '2'
          max_pool2d: {kernel: [3, 2, 1]}              | f.yaml:3:26: model[1].max_pool2d.kernel: expected rows and columns, such as [3, 5], found a list of 3
          adaptive_avg_pool2d                          | f.yaml:3:5: model[1]: adaptive_avg_pool2d needs a number; write '- adaptive_avg_pool2d: 2'
          adaptive_avg_pool2d: {grid: 0}               | f.yaml:3:33: model[1].adaptive_avg_pool2d.grid: expected an integer from 1 to 1048576, found '0'
          """)
  void mistakesAreNamed(String layer, String message) {
    ConfigException e = assertThrows(ConfigException.class, () -> parse(layer));
    assertEquals(message, e.getMessage());
  }

  /** Sizes that no machine holds are refused, and not by an overflow. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          conv2d: {filters: 2147483647, kernel: 1048576, padding: 1048576}
          conv2d: {filters: 3, kernel: 1048576}
          conv_transpose2d: {filters: 2147483647, kernel: 1048576, stride: 1048576}
          upsample: 1048576
          dense: 2147483647
          """)
  void impossibleSizes(String layer) {
    String text =
        "data: {set: digits, shape: [1, 8, 8]}\nmodel: ["
            + layer
            + "]\ntrain: {epochs: 1, batch: 10, optimizer: adam}\n";
    RunConfig config =
        RunConfig.parse(
            text.replace("[dense", "[flatten, dense"), "f.yaml", Path.of("."), List.of());
    ConfigException e =
        assertThrows(ConfigException.class, () -> config.modelFor(config.load().split().train()));
    assertEquals(1, e.getMessage().lines().count());
  }
}
