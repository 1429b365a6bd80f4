package dev.tarn.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.Mode;
import dev.tarn.Parameter;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.TarnException;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.backend.Backend;
import dev.tarn.data.Batches;
import dev.tarn.data.Dataset;
import dev.tarn.nn.Sequential;
import dev.tarn.reference.ReferenceBackend;
import dev.tarn.train.TrainStep;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Layers of run files that are made of layers. */
final class BlockConfigTests {
  private static final String BLOCKS =
      """
      data: {set: digits, shape: [1, 8, 8]}
      model:
        - conv2d: {filters: 4, kernel: 3, padding: same, init: he_normal, bias: false}
        - residual:
            - batch_norm
            - relu
            - conv2d: {filters: 4, kernel: 3, padding: same}
            - batch_norm: {init: zeros}
        - residual:
            layers:
              - conv2d: {filters: 8, kernel: 3, stride: 2, padding: 1}
            shortcut:
              - conv2d: {filters: 8, kernel: 1, stride: 2, bias: false}
        - {relu: , name: stem}
        - parallel:
            branches:
              - - conv2d: {filters: 2, kernel: 1}
              - - avg_pool2d: {kernel: 3, stride: 1, padding: 1}
                - sequential: [prelu: {per_channel: true}, conv2d: {filters: 3, kernel: 1}]
              - []
        - repeat:
            times: 2
            layers:
              - residual: [{conv2d: {filters: 13, kernel: 3, padding: same}, name: mix}, shared: stem]
        - parallel: {branches: [[tanh], [sigmoid]], join: sum}
        - global_avg_pool2d
        - {dense: 10, name: head}
      train: {optimizer: adam, epochs: 2, batch: 8}
      """;

  private static RunConfig parse(String text, String... overrides) {
    return RunConfig.parse(text, "f.yaml", Path.of("."), List.of(overrides));
  }

  private static RunConfig model(String layers) {
    return parse(
        "data: {set: digits, shape: [1, 8, 8]}\nmodel:\n"
            + layers.lines().map(line -> "  " + line + "\n").collect(Collectors.joining())
            + "train: {epochs: 1, batch: 10, optimizer: adam}\n");
  }

  private static Shape run(Sequential model, int... input) {
    Tensor x = new Trace().input("x", Spec.f32(input));
    return model.forward(x, Mode.TRAIN).shape();
  }

  private static List<String> names(Sequential model) {
    return model.parameters().stream().map(Parameter::name).toList();
  }

  @Test
  void pathsAndShapesOfNestedLayers() {
    RunConfig config = parse(BLOCKS);
    Sequential model = config.modelFor(config.load().split().train());
    assertEquals(Shape.of(5, 10), run(model, 5, 1, 8, 8));
    assertEquals(
        List.of(
            "conv2d1.weight",
            "residual1.batch_norm1.weight",
            "residual1.batch_norm1.bias",
            "residual1.conv2d1.weight",
            "residual1.conv2d1.bias",
            "residual1.batch_norm2.weight",
            "residual1.batch_norm2.bias",
            "residual2.conv2d1.weight",
            "residual2.conv2d1.bias",
            "residual2.shortcut.conv2d1.weight",
            "parallel1.branch1.conv2d1.weight",
            "parallel1.branch1.conv2d1.bias",
            "parallel1.branch2.sequential1.prelu1.weight",
            "parallel1.branch2.sequential1.conv2d1.weight",
            "parallel1.branch2.sequential1.conv2d1.bias",
            "repeat1.1.residual1.mix.weight",
            "repeat1.1.residual1.mix.bias",
            "repeat1.2.residual1.mix.weight",
            "repeat1.2.residual1.mix.bias",
            "head.weight",
            "head.bias"),
        names(model));
    assertEquals(Shape.of(13), model.parameters().get(16).spec().shape());
  }

  /** A layer that gets a name leaves the numbers of the others as they are. */
  @Test
  void namedLayersCount() {
    Sequential model = model("- flatten\n- dense: 3\n- {dense: 3, name: b}\n- dense: 3").model();
    run(model, 1, 1, 8, 8);
    assertEquals(
        List.of(
            "dense1.weight", "dense1.bias", "b.weight", "b.bias", "dense3.weight", "dense3.bias"),
        names(model));
  }

  @Test
  void whatIsWrittenReadsBackTheSame() {
    RunConfig config = parse(BLOCKS);
    String yaml = config.toYaml();
    RunConfig again = RunConfig.parse(yaml, "config.yaml", Path.of("."), List.of());
    assertEquals(yaml, again.toYaml());
    Sequential model = again.model();
    Sequential original = config.model();
    assertEquals(run(original, 2, 1, 8, 8), run(model, 2, 1, 8, 8));
    assertEquals(names(original), names(model));
  }

  @Test
  void overridesReachNestedLayers() {
    RunConfig config =
        parse(
            BLOCKS,
            "model.2.residual.3.conv2d.kernel=5",
            "model.6.repeat.times=3",
            "model.3.residual.shortcut.1.conv2d.bias=true",
            "model.5.parallel.branches.1.1={conv2d: {filters: 3, kernel: 1}}",
            "model.6.repeat.layers.1.residual.1.conv2d.filters=14");
    Sequential model = config.model();
    assertEquals(Shape.of(2, 10), run(model, 2, 1, 8, 8));
    assertTrue(names(model).contains("residual2.shortcut.conv2d1.bias"));
    assertTrue(names(model).contains("repeat1.3.residual1.mix.weight"));
    assertEquals(Shape.of(4, 4, 5, 5), model.parameters().get(3).spec().shape());
  }

  /** Patterns of train.groups reach nested layers by their paths. */
  @Test
  void nestedLayersAreFrozenByPattern() {
    Set<String> all = trained("[]");
    assertTrue(all.contains("residual2.shortcut.conv2d1.weight"));
    Set<String> left = new TreeSet<>(all);
    left.removeIf(name -> name.matches("residual.*[.]conv2d.*weight|repeat1[.]2.*"));
    assertEquals(
        left,
        trained(
            "[{match: 'residual*.conv2d*.weight', freeze: true},"
                + " {match: 'repeat1.2.*', freeze: true}]"));
    assertTrue(all.size() - left.size() == 5, left::toString);
    String message =
        assertThrows(TarnException.class, () -> trained("[{match: 'rezidual*', freeze: true}]"))
            .getMessage();
    assertTrue(message.contains("no parameter is left for the group 'rezidual*'"), message);
    assertTrue(message.contains("residual1.batch_norm1.weight"), message);
  }

  /** The parameters that get gradients. */
  private static Set<String> trained(String groups) {
    RunConfig config = parse(BLOCKS, "train.groups=" + groups);
    try (Backend backend = new ReferenceBackend();
        TrainStep step =
            new TrainStep(
                backend,
                config.model(),
                config.train().loss(),
                config.train().updates(1),
                List.of(),
                Shape.of(1, 8, 8),
                1)) {
      Dataset data = config.load().split().train();
      Batches batches = new Batches(data, 4, false);
      batches.startEpoch(1, 0);
      step.train(1, batches.load(0));
      return new TreeSet<>(step.gradients().keySet());
    }
  }

  /** A mistake of shapes is told with the line of the innermost layer. */
  @Test
  void shapesThatDoNotFitNameTheirLine() {
    RunConfig config =
        model("- residual:\n    - relu\n    - conv2d: {filters: 4, kernel: 9}\n- dense: 10");
    String message = misfit(config);
    assertTrue(message.contains("(f.yaml:5)"), message);
    message = misfit(model("- relu\n- residual:\n    - conv2d: {filters: 4, kernel: 1}"));
    assertEquals(
        "residual residual1: its layers give [1,4,8,8], its input is [1,1,8,8]; give it a shortcut"
            + " that ends with the same shape (f.yaml:4)",
        message);
    message = misfit(model("- reshape: [4, 17]\n- dense: 10"));
    assertTrue(message.endsWith("(f.yaml:3)"), message);
    message = misfit(model("- adaptive_avg_pool2d: 3\n- dense: 10"));
    assertTrue(message.endsWith("(f.yaml:3)"), message);
    message = misfit(model("- flatten\n- sequential: [relu, dense: 7]"));
    assertEquals(
        "f.yaml:4:24: the last dense layer has 7 units, but digits has 10 classes; end the model"
            + " with '- dense: 10'",
        message);
  }

  private static String misfit(RunConfig config) {
    return assertThrows(ConfigException.class, () -> config.modelFor(config.load().split().train()))
        .getMessage();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          residual                       | f.yaml:3:5: model[1]: residual needs a list of layers
          residual: []                   | f.yaml:3:15: model[1].residual: expected a list of layers, such as '- dense: 128', found an empty list
          residual: 3                    | f.yaml:3:15: model[1].residual: expected keys with values, found '3'
          residual: [rellu]              | f.yaml:3:16: model[1].residual[1]: unknown layer 'rellu'; did you mean 'relu'?
          residual: [relu, {conv2d: {filters: 4}}] | f.yaml:3:31: model[1].residual[2].conv2d: missing key 'kernel'
          residual: {layer: [relu]}      | f.yaml:3:16: unknown key 'layer'; did you mean 'layers'?
          residual: {shortcut: [relu]}   | f.yaml:3:15: model[1].residual: missing key 'layers'
          residual: {layers: [relu], shortcut: []} | f.yaml:3:42: model[1].residual.shortcut: expected a list of layers, such as '- dense: 128', found an empty list
          sequential: relu               | f.yaml:3:17: model[1].sequential: expected a list of layers, such as '- dense: 128', found 'relu'
          parallel                       | f.yaml:3:5: model[1]: parallel needs branches; write '- parallel: {branches: [[relu], [tanh]]}'
          parallel: {branches: [[relu]]} | f.yaml:3:26: model[1].parallel.branches: expected two or more lists of layers, such as [[relu], [tanh]], found a list of 1
          parallel: {branches: [relu, tanh]} | f.yaml:3:27: model[1].parallel.branches[1]: expected a list, found 'relu'
          parallel: {branches: [[], []], join: mean} | f.yaml:3:42: model[1].parallel.join: expected concat or sum, found 'mean'
          parallel: {branches: [[], []], join: sum, axis: 1} | f.yaml:3:53: model[1].parallel.axis: a sum has no axis; leave it out
          parallel: {branches: [[], []], axis: 0} | f.yaml:3:42: model[1].parallel.axis: expected an integer from 1 to 7, found '0'
          repeat: [relu]                 | f.yaml:3:13: model[1].repeat: expected keys with values, found a list of 1
          repeat: {times: 0, layers: [relu]} | f.yaml:3:21: model[1].repeat.times: expected an integer of at least 1, found '0'
          repeat: {times: 10001, layers: [relu]} | f.yaml:3:21: model[1].repeat.times: the model has more than 10000 layers
          repeat: {times: 5000, layers: [relu, tanh, relu]} | f.yaml:3:42: model[1].repeat.layers[2]: the model has more than 10000 layers
          shared: head                   | f.yaml:3:13: model[1].shared: no layer before has a name; write for example '- {dense: 128, name: head}'
          {residual: [shared: me], name: me} | f.yaml:3:25: model[1].residual[1].shared: no layer before has a name; write for example '- {dense: 128, name: me}'
          sequential: [{dense: 3, name: head}, shared: haed] | f.yaml:3:50: model[1].sequential[2].shared: no layer 'haed' before; did you mean 'head'?
          sequential: [{dense: 3, name: a}, {dense: 3, name: a}] | f.yaml:3:56: model[1].sequential[2].name: another layer is named 'a', at f.yaml:3:35
          {dense: 3, name: dense1}       | f.yaml:3:22: model[1].name: 'dense1' is what Tarn calls a layer without a name; choose another
          {dense: 3, name: a.b}          | f.yaml:3:22: model[1].name: expected a name of letters, digits and '_', found 'a.b'
          {name: a}                      | f.yaml:3:5: model[1]: expected one layer, such as 'dense: 128', found keys [name]
          {dense: , name: a}             | f.yaml:3:5: model[1]: dense needs a number; write '- dense: 128'
          reshape                        | f.yaml:3:5: model[1]: reshape needs extents; write '- reshape: [1, 8, 8]'
          reshape: 64                    | f.yaml:3:14: model[1].reshape: expected the extents of one example, such as [1, 8, 8], found '64'
          reshape: [-1, -1]              | f.yaml:3:14: model[1].reshape: extents are at least 1; one of them may be -1, for what is left
          reshape: [a]                   | f.yaml:3:15: model[1].reshape[1]: expected an integer from -1 to 1073741824, found 'a'
          dropout: {rate: 0.5, spacial: true} | f.yaml:3:26: unknown key 'spacial'; did you mean 'spatial'?
          dropout: {spatial: true}       | f.yaml:3:14: model[1].dropout: missing key 'rate'
          prelu: {per_channel: maybe}    | f.yaml:3:26: model[1].prelu.per_channel: expected true or false, found 'maybe'
          prelu: 0.1                     | f.yaml:3:12: model[1].prelu: expected keys with values, found '0.1'
          """)
  void mistakesAreNamed(String layer, String message) {
    ConfigException e = assertThrows(ConfigException.class, () -> model("- " + layer));
    assertEquals(message, e.getMessage());
  }

  /** A small file cannot stand for a huge model, however its aliases and repeats are nested. */
  @Test
  void bombsAreRefused() {
    StringBuilder doubling = new StringBuilder("- sequential: &a0 [relu, relu]\n");
    for (int i = 1; i < 15; i++) {
      doubling.append(
          String.format(
              "- sequential: &a%d [{sequential: *a%d}, {sequential: *a%d}]\n", i, i - 1, i - 1));
    }
    assertTrue(refused(doubling.toString()).contains("more than 10000 layers"));
    String repeats =
        IntStream.range(0, 8)
            .mapToObj(i -> "{repeat: {times: 99, layers: [")
            .collect(Collectors.joining());
    String nested = "- " + repeats + "relu" + "]}}".repeat(8);
    assertTrue(refused(nested).contains("more than 10000 layers"));
    StringBuilder deep = new StringBuilder("- sequential: &a0 [relu]\n");
    for (int i = 1; i < 200; i++) {
      deep.append(String.format("- sequential: &a%d [{sequential: *a%d}]\n", i, i - 1));
    }
    assertTrue(refused(deep.toString()).contains("more than 16 levels deep"));
    String lists = "- " + "{sequential: [".repeat(17) + "relu" + "]}".repeat(17);
    assertTrue(refused(lists).contains("levels deep"));
  }

  private static String refused(String layers) {
    return assertThrows(ConfigException.class, () -> model(layers)).getMessage();
  }
}
