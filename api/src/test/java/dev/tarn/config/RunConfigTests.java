package dev.tarn.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.Mode;
import dev.tarn.Precision;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.TarnException;
import dev.tarn.Trace;
import dev.tarn.data.Dataset;
import dev.tarn.data.Datasets;
import dev.tarn.optim.Adam;
import dev.tarn.optim.Sgd;
import dev.tarn.optim.Updates;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class RunConfigTests {
  private static final String MINIMAL =
      """
      data: {set: iris}
      model:
        - dense: 3
      train:
        optimizer: adam
        epochs: 2
        batch: 8
      """;

  private static final String FULL =
      """
      name: full
      data:
        csv: tables/a b.csv
        scale: -0.5
        split: [0.5, 0.25, 0.25]
      model:
        - dense: {units: 16, bias: false}
        - relu
        - tanh
        - sigmoid
        - dropout: 0.25
        - flatten
        - dropout: {rate: 1e-1}
        - dense: 3
      train:
        loss: cross_entropy
        optimizer:
          sgd: {lr: 0.1, momentum: 0.9, nesterov: true, weight_decay: 1e-4}
        epochs: 7
        batch: 3
        checkpoint_every: 11
      seed: -9223372036854775808
      precision: bf16
      device: cuda:1
      """;

  private static final String IMAGES =
      """
      data: {set: digits, shape: [1, 8, 8]}
      model:
        - conv2d: {filters: 8, kernel: 3, padding: same}
        - conv2d:
            filters: 6
            kernel: [2, 3]
            stride: [1, 2]
            dilation: 2
            groups: 2
            padding: 4
            bias: false
        - flatten
        - dense: 10
      train: {optimizer: adam, epochs: 2, batch: 8}
      """;

  private static RunConfig parse(String text, String... overrides) {
    return RunConfig.parse(text, "dir/f.yaml", Path.of("/base"), List.of(overrides));
  }

  private static String error(String text, String... overrides) {
    return assertThrows(ConfigException.class, () -> parse(text, overrides)).getMessage();
  }

  @Test
  void defaults() {
    RunConfig config = parse(MINIMAL);
    assertEquals("f", config.name());
    assertEquals(List.of(0.8, 0.1, 0.1), config.data().split());
    assertEquals(1, config.data().scale());
    assertEquals(Updates.of(Adam.lr(1e-3)), config.train().updates(1));
    assertEquals(0, config.train().checkpointEvery());
    assertEquals(0, config.seed());
    assertEquals(Precision.FP32, config.precision());
    assertEquals("auto", config.device());
  }

  @Test
  void everyKey() {
    RunConfig config = parse(FULL);
    assertEquals("full", config.name());
    assertEquals(Path.of("/base/tables/a b.csv").toString(), config.data().name());
    assertEquals(-0.5, config.data().scale());
    assertEquals(
        Updates.of(Sgd.lr(0.1).nesterov(0.9).weightDecay(1e-4)), config.train().updates(1));
    assertEquals(11, config.train().checkpointEvery());
    assertEquals(Long.MIN_VALUE, config.seed());
    assertEquals(Precision.BF16, config.precision());
    assertEquals("cuda:1", config.device());
    assertEquals(
        new LayerConfig.Dense(16, new WeightsConfig(false, null, null)),
        config.layers().get(0).settings());
    assertEquals("f.yaml:7", config.layers().get(0).origin().text());
    assertEquals(new LayerConfig.Dropout(0.1, false), config.layers().get(6).settings());
  }

  @Test
  void precisions() {
    assertEquals(Precision.TF32, parse(FULL, "precision=tf32").precision());
    String place = "dir/f.yaml:23:12: precision: expected fp32, tf32 or bf16, found 'fp16'";
    assertEquals(place, error(FULL.replace("precision: bf16", "precision: fp16")));
    assertTrue(error(MINIMAL, "precision=BF16").contains("expected fp32, tf32 or bf16"));
  }

  @ParameterizedTest
  @ValueSource(strings = {MINIMAL, FULL, IMAGES})
  void whatIsWrittenReadsBackTheSame(String text) {
    RunConfig config = parse(text);
    String yaml = config.toYaml();
    RunConfig again = RunConfig.parse(yaml, "config.yaml", Path.of("/elsewhere"), List.of());
    assertEquals(yaml, again.toYaml());
    assertEquals(config.name(), again.name());
    assertEquals(config.data(), again.data());
    assertEquals(config.train().optimizer(), again.train().optimizer());
    assertEquals(config.seed(), again.seed());
    assertEquals(config.precision(), again.precision());
    assertEquals(
        config.layers().stream().map(LayerConfig::settings).toList(),
        again.layers().stream().map(LayerConfig::settings).toList());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          epochs: 2    | epoch: 2             | dir/f.yaml:6:3: unknown key 'epoch'; did you mean 'epochs'?
          epochs: 2    | colour: red          | dir/f.yaml:6:3: unknown key 'colour'; expected one of loss, optimizer, schedule, groups, clip_norm, clip_value, accumulate, epochs, batch, checkpoint_every, metrics, early_stopping, stop, folds, restarts, restart, evaluation_batch
          epochs: 2    | epochs: many         | dir/f.yaml:6:11: train.epochs: expected an integer of at least 1, found 'many'
          epochs: 2    | epochs: 2.5          | dir/f.yaml:6:11: train.epochs: expected an integer of at least 1, found '2.5'
          epochs: 2    | epochs: "2"          | dir/f.yaml:6:11: train.epochs: expected an integer of at least 1, found the quoted text '2'
          epochs: 2    | epochs: 0            | dir/f.yaml:6:11: train.epochs: expected an integer of at least 1, found '0'
          epochs: 2    | epochs: 99999999999  | dir/f.yaml:6:11: train.epochs: expected an integer of at least 1, found '99999999999'
          epochs: 2    | epochs:              | dir/f.yaml:6:10: train.epochs: expected an integer of at least 1, found nothing
          epochs: 2    | epochs: [2]          | dir/f.yaml:6:11: train.epochs: expected an integer of at least 1, found a list of 1
          epochs: 2    | batch: 2             | dir/f.yaml:7:3: key 'batch' is given twice; first at line 6
          epochs: 2    | checkpoint_every: 5  | dir/f.yaml:5:3: train: missing key 'epochs'
          optimizer: adam | optimizer: adma   | dir/f.yaml:5:14: train.optimizer: unknown optimizer 'adma'; did you mean 'adam'?
          optimizer: adam | optimizer: sgd    | dir/f.yaml:5:14: train.optimizer.sgd: missing key 'lr'
          optimizer: adam | optimizer: {adam: {lr: -1}} | dir/f.yaml:5:26: train.optimizer.adam.lr: expected a number above 0, found '-1'
          optimizer: adam | optimizer: {adam: {beta1: 1}} | dir/f.yaml:5:29: train.optimizer.adam.beta1: expected a number of at least 0 and below 1, found '1'
          optimizer: adam | optimizer: {sgd: {lr: 1, nesterov: yes}} | dir/f.yaml:5:38: train.optimizer.sgd.nesterov: expected true or false, found 'yes'
          optimizer: adam | optimizer: {sgd: {lr: 1, nesterov: true}} | dir/f.yaml:5:20: train.optimizer.sgd: sgd: nesterov needs a momentum above 0
          optimizer: adam | optimizer: {sgd: {lr: 1}, adam: {}} | dir/f.yaml:5:14: train.optimizer: expected one of adam, adamw, sgd, adagrad, adadelta, rmsprop, found keys [sgd, adam]
          - dense: 3   | - densse: 3          | dir/f.yaml:3:5: unknown key 'densse'; did you mean 'dense'?
          - dense: 3   | - dense              | dir/f.yaml:3:5: model[1]: dense needs a number; write '- dense: 128'
          - dense: 3   | - conv               | dir/f.yaml:3:5: model[1]: unknown layer 'conv'; did you mean 'conv2d'?
          - dense: 3   | - conv2d             | dir/f.yaml:3:5: model[1]: conv2d needs settings; write '- conv2d: {filters: 16, kernel: 3, padding: same}'
          - dense: 3   | - conv2d: {filters: 4} | dir/f.yaml:3:13: model[1].conv2d: missing key 'kernel'
          - dense: 3   | - conv2d: {filters: 4, kernel: [1]} | dir/f.yaml:3:34: model[1].conv2d.kernel: expected rows and columns, such as [3, 5], found a list of 1
          - dense: 3   | - conv2d: {filters: 4, kernel: 1, padding: full} | dir/f.yaml:3:46: model[1].conv2d.padding: expected same, valid, a number from 0 or [rows, columns] or [top, bottom, left, right], found 'full'
          - dense: 3   | - conv2d: {filters: 4, kernel: 1, groups: 3} | dir/f.yaml:3:45: model[1].conv2d.groups: groups must divide the 4 filters, found 3
          {set: iris}  | {set: iris, shape: 4} | dir/f.yaml:1:26: data.shape: expected the extents of one example, such as [1, 8, 8], found '4'
          {set: iris}  | {set: iris, shape: [99999, 99999]} | dir/f.yaml:1:26: data.shape: an example has at most 16777216 features
          - dense: 3   | - dense: 0           | dir/f.yaml:3:12: model[1].dense: expected an integer of at least 1, found '0'
          - dense: 3   | - {dense: 3, relu: } | dir/f.yaml:3:5: model[1]: expected one layer, such as 'dense: 128', found keys [dense, relu]
          - dense: 3   | - relu: 3            | dir/f.yaml:3:11: model[1].relu: relu has no settings; write '- relu'
          - dense: 3   | - dropout: 1         | dir/f.yaml:3:14: model[1].dropout: expected a number of at least 0 and below 1, found '1'
          {set: iris}  | {set: irsi}          | dir/f.yaml:1:13: data.set: no data set 'irsi'; did you mean 'iris'?
          {set: iris}  | {}                   | dir/f.yaml:1:7: data: expected one of set, csv, idx, npz, images, synthetic: where the data are
          {set: iris}  | {set: iris, scale: 0} | dir/f.yaml:1:26: data.scale: expected a number other than 0, found '0'
          {set: iris}  | {set: iris, scale: .nan} | dir/f.yaml:1:26: data.scale: expected a number other than 0, found '.nan'
          {set: iris}  | {set: iris, split: [1, 2]} | dir/f.yaml:1:26: data.split: expected three shares that add up to 1, such as [0.8, 0.1, 0.1], found a list of 2
          {set: iris}  | {set: iris, split: [0.5, 0.1, 0.1]} | dir/f.yaml:1:26: data.split: expected three shares that add up to 1, such as [0.8, 0.1, 0.1], found [0.5, 0.1, 0.1]
          {set: iris}  | !!java.io.File [a]   | dir/f.yaml:1:7: tag 'tag:yaml.org,2002:java.io.File': run files have no tags; leave it out
          {set: iris}  | *x                   | dir/f.yaml:1:7: no anchor 'x' before
          """)
  void golden(String original, String replaced, String message) {
    assertEquals(message, error(MINIMAL.replace(original, replaced)));
  }

  @Test
  void images() {
    RunConfig config = parse(IMAGES);
    assertEquals(
        new ConvolutionConfig(
            "conv2d",
            6,
            List.of(2, 3),
            List.of(1, 2),
            List.of(2, 2),
            2,
            new PaddingConfig(null, List.of(4, 4, 4, 4)),
            List.of(0, 0),
            new WeightsConfig(false, null, null)),
        config.layers().get(1).settings());
    Dataset data = config.data().load(0).split().train();
    assertEquals(Shape.of(1, 8, 8), data.featureShape());
    // Parameters are made by the first forward pass, and the model is a new one.
    assertEquals(List.of(), config.modelFor(data).parameters());
    RunConfig wrong = parse(IMAGES, "data.shape=[1, 8, 9]");
    assertEquals(
        "data.shape: [1,8,9] has 72 elements, an example has 64 features",
        assertThrows(TarnException.class, () -> wrong.data().load(0)).getMessage());
    RunConfig flat = parse(IMAGES, "data={set: digits}");
    assertEquals(
        "conv2d conv2d1: needs [N, C, H, W], was given [1,64] (f.yaml:3)",
        assertThrows(
                ConfigException.class, () -> flat.modelFor(flat.data().load(0).split().train()))
            .getMessage());
  }

  @Test
  void missingSections() {
    assertEquals("dir/f.yaml:1:1: missing key 'data'", error("model: [relu]\n"));
    assertEquals("dir/f.yaml: nothing in it", error("# only a comment\n"));
    assertEquals(
        "dir/f.yaml:1:1: expected keys with values: data, model, train, found 'text'",
        error("text"));
    assertEquals(
        "dir/f.yaml:8:1: a second document; one is expected", error(MINIMAL + "---\na: 1"));
  }

  @Test
  void brokenYamlNamesThePlaceOnOneLine() {
    String message = error(MINIMAL.replace("{set: iris}", "{set: iris"));
    assertTrue(message.startsWith("dir/f.yaml:2:"), message);
    assertEquals(1, message.lines().count());
    message = error("data: \"unclosed");
    assertTrue(message.startsWith("dir/f.yaml:1:"), message);
    message = error("a:\n\t- b");
    assertTrue(message.startsWith("dir/f.yaml:2:"), message);
  }

  @Test
  void depthAndSizeAreBounded() {
    assertEquals("dir/f.yaml:1:42: more than 40 levels deep", error("[".repeat(100_000)));
    // A thousand million values if the aliases were copied.
    StringBuilder laughs = new StringBuilder("a0: &a0 [x]\n");
    for (int i = 1; i < 10; i++) {
      String before = "*a" + (i - 1);
      laughs.append("a%d: &a%d [%s]\n".formatted(i, i, (before + ", ").repeat(9) + before));
    }
    assertTrue(error(laughs.toString()).startsWith("dir/f.yaml:1:1: unknown key 'a0'"));
  }

  @Test
  void files(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("x.yaml");
    assertEquals(
        file + ": no such file",
        assertThrows(ConfigException.class, () -> RunConfig.read(file, List.of())).getMessage());
    Files.write(file, "name: \u00e9".getBytes(StandardCharsets.ISO_8859_1));
    assertEquals(
        file + ": not UTF-8 text; save it as UTF-8",
        assertThrows(ConfigException.class, () -> RunConfig.read(file, List.of())).getMessage());
    Files.write(file, new byte[2_000_000]);
    assertEquals(
        file + ": more than 1 MB; this is not a run file",
        assertThrows(ConfigException.class, () -> RunConfig.read(file, List.of())).getMessage());
    assertEquals(
        directory + ": cannot be read: it is a directory",
        assertThrows(ConfigException.class, () -> RunConfig.read(directory, List.of()))
            .getMessage());
    Files.writeString(file, MINIMAL.replace("{set: iris}", "{csv: a.csv}"));
    assertEquals(
        directory.resolve("a.csv").toString(), RunConfig.read(file, List.of()).data().name());
  }

  @Test
  void overrides() {
    RunConfig config =
        parse(
            FULL,
            "train.epochs=5",
            "device=cpu",
            "model.2=tanh",
            "model.1.dense.units=8",
            "train.optimizer={adamw: {lr: 1e-2}}",
            "name=other");
    assertEquals(5, config.train().epochs());
    assertEquals("cpu", config.device());
    assertEquals(new ActivationConfig("tanh", null), config.layers().get(1).settings());
    assertEquals(
        new LayerConfig.Dense(8, new WeightsConfig(false, null, null)),
        config.layers().get(0).settings());
    assertEquals(Updates.of(Adam.lr(1e-2).decoupledWeightDecay(0.01)), config.train().updates(1));
    assertEquals("other", config.name());
    assertEquals(
        Updates.of(Adam.lr(0.5)),
        parse(
                MINIMAL.replace("optimizer: adam", "loss: cross_entropy"),
                "train.optimizer.adam.lr=0.5")
            .train()
            .updates(1));
    assertEquals(
        Path.of("").toAbsolutePath().resolve("x.csv").toString(),
        parse(MINIMAL, "data={csv: x.csv}").data().name(),
        "a path in an override starts at the current directory");
  }

  @Test
  void anEntryIsNamedAsMessagesNameIt() {
    String text = MINIMAL.replace("\n  - dense: 3", " [relu, {dropout: 0.1}, dense: 3]");
    assertEquals(
        parse(text, "model.2.dropout=0.3").layers(), parse(text, "model[2].dropout=0.3").layers());
    assertTrue(
        error(text, "model.2.dropout=2")
            .startsWith("override 'model.2.dropout=2': model.2.dropout"),
        error(text, "model.2.dropout=2"));
    String message = error(text.replace("0.1", "7"));
    assertTrue(message.contains(": model[2].dropout: "), message);
    assertEquals(
        "override 'model[4]=relu': '4' is not the number of one of the 3 entries, from 1",
        error(text, "model[4]=relu"));
  }

  @Test
  void wrongOverridesAreNamed() {
    assertEquals(
        "override 'train.epoch=5': unknown key 'epoch'; did you mean 'epochs'?",
        error(MINIMAL, "train.epoch=5"));
    assertEquals(
        "override '=5': expected KEY=VALUE, for example train.epochs=5", error(MINIMAL, "=5"));
    assertEquals(
        "override 'train.epochs=': train.epochs: expected an integer of at least 1, found ''",
        error(MINIMAL, "train.epochs="));
    assertEquals(
        "override 'model.9=relu': '9' is not the number of one of the 1 entries, from 1",
        error(MINIMAL, "model.9=relu"));
    assertEquals(
        "override 'train.epochs.x=1': train.epochs at dir/f.yaml:6:11 is a single value and has no"
            + " key 'x'",
        error(MINIMAL, "train.epochs.x=1"));
    assertEquals(
        "override 'name=../x': name: expected a name of letters, digits, '.', '_' and '-', found"
            + " '../x'",
        error(MINIMAL, "name=../x"));
    assertTrue(error(MINIMAL, "model=[relu").startsWith("override 'model=[relu': "));
  }

  @Test
  void modelHasNamesAndOrigins() {
    RunConfig config =
        parse(
            MINIMAL.replace(
                "  - dense: 3\n", "  - dense: 8\n  - relu\n  - dropout: 0.5\n  - dense: 3\n"));
    var model = config.modelFor(Datasets.iris());
    Trace trace = new Trace();
    model.forward(trace.input("x", Spec.f32(1, 4)), Mode.TRAIN);
    assertEquals(
        List.of("dense1", "relu1", "dropout1", "dense2"), List.copyOf(model.children().keySet()));
    assertEquals("dense2.weight", model.parameters().get(2).name());
    assertEquals(
        List.of("f.yaml:3", "f.yaml:4", "f.yaml:5", "f.yaml:6"),
        trace.nodes().stream().map(node -> node.origin().text()).distinct().toList());
  }

  @Test
  void modelMustFitTheData() {
    RunConfig digits = parse(MINIMAL.replace("iris", "digits"));
    assertEquals(
        "dir/f.yaml:3:5: the last dense layer has 3 units, but digits has 10 classes; end the model"
            + " with '- dense: 10'",
        assertThrows(ConfigException.class, () -> digits.modelFor(Datasets.digits())).getMessage());
    RunConfig none = parse(MINIMAL.replace("dense: 3", "relu"));
    assertEquals(
        "dir/f.yaml:3:5: the model has no dense layer, but iris has 3 classes; end the model with"
            + " '- dense: 3'",
        assertThrows(ConfigException.class, () -> none.modelFor(Datasets.iris())).getMessage());
  }
}
