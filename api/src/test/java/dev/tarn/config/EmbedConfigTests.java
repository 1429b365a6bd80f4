package dev.tarn.config;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.tarn.DType;
import dev.tarn.HostTensor;
import dev.tarn.Mode;
import dev.tarn.Parameter;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.TarnException;
import dev.tarn.Tensor;
import dev.tarn.backend.Backend;
import dev.tarn.data.Batches;
import dev.tarn.data.Batches.Batch;
import dev.tarn.data.DataSource.Prepared;
import dev.tarn.data.Dataset;
import dev.tarn.data.Preprocessing;
import dev.tarn.data.RowEncoder;
import dev.tarn.loss.Losses;
import dev.tarn.nn.Dense;
import dev.tarn.nn.Embedding;
import dev.tarn.nn.Module;
import dev.tarn.nn.MultiModule;
import dev.tarn.optim.Sgd;
import dev.tarn.optim.Updates;
import dev.tarn.reference.ReferenceBackend;
import dev.tarn.train.Term;
import dev.tarn.train.TrainStep;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Columns of categories that the model has vectors for. */
final class EmbedConfigTests {
  private static final String TABLE =
      """
      size,colour,town,kind
      1,red,York,0
      2,blue,Bath,1
      -1,,Bath,0
      0.5,green,Hull,1
      3,red,Hull,1
      -2,blue,,0
      """;

  private static final String RUN =
      """
      data:
        csv: t.csv
        label: kind
        categorical: [colour, town]
        embed: {colour: 3, town: auto}
        missing: ""
        split: [1, 0, 0]
      model: [{dense: 4}, tanh, {dense: 2}]
      train: {optimizer: {sgd: {lr: 0.5}}, epochs: 1, batch: 6}
      """;

  @TempDir private Path directory;

  private RunConfig config(String text) throws IOException {
    Files.writeString(directory.resolve("t.csv"), TABLE);
    return RunConfig.parse(text, "f.yaml", directory, List.of());
  }

  private static Batch all(Dataset data) {
    Batches batches = new Batches(data, data.size(), false);
    batches.startEpoch(0, 0);
    return batches.load(0);
  }

  private static TrainStep step(Backend backend, Module model, Dataset data) {
    return new TrainStep(
        backend,
        model,
        List.of(Term.of(0, Losses.crossEntropy())),
        Updates.of(Sgd.lr(0.5)),
        List.of(),
        data.features(),
        7);
  }

  private static HostTensor read(TrainStep step, String name) {
    return step.read(state(step, name));
  }

  private static State state(TrainStep step, String name) {
    return step.parameterStates().stream()
        .filter(each -> each.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  /** PyTorch 1.13 in double: two nn.Embedding beside the number, Linear, tanh, Linear, SGD. */
  @Test
  void threeStepsEqualPyTorch() throws IOException {
    RunConfig config = config(RUN);
    Prepared data = config.load();
    Dataset train = data.split().train();
    assertEquals(List.of(Spec.f32(1), Spec.i32(2)), train.features());
    try (Backend backend = ReferenceBackend.inDouble();
        TrainStep step = step(backend, config.modelFor(data), train)) {
      List<String> names =
          List.of(
              "embed.colour.weight",
              "embed.town.weight",
              "dense1.weight",
              "dense1.bias",
              "dense2.weight",
              "dense2.bias");
      for (int p = 0; p < names.size(); p++) {
        HostTensor value = read(step, names.get(p));
        for (int i = 0; i < value.size(); i++) {
          value.set(i, 0.5 * Math.sin(1 + 7 * p + i));
        }
        step.write(state(step, names.get(p)), value);
      }
      Batch batch = all(train);
      for (double loss : new double[] {0.6705677229963302, 0.5629706640481077, 0.510513101515398}) {
        step.train(1, batch);
        assertEquals(loss, step.takeSums()[0] / 6, 1e-12);
      }
      double[] colours = {
        0.432091786, 0.465951975, 0.071418066, -0.372487378, -0.471347306, -0.136852694,
        0.294130177, 0.413157083, 0.152329273, -0.247144609, -0.439494779, -0.227775476
      };
      double[] towns = {
        0.487017262, 0.167851828, -0.278395684, -0.483831154,
        -0.251346769, 0.302746271, 0.484239274, 0.254210726
      };
      assertArrayEquals(colours, read(step, "embed.colour.weight").toDoubles(), 1e-9);
      assertArrayEquals(towns, read(step, "embed.town.weight").toDoubles(), 1e-9);
    }
  }

  /** The same model by hand, on the same numbers: two tables, gathered and joined. */
  private static final class ByHand extends MultiModule {
    private final Tables embed = child("embed", new Tables());
    private final Dense dense1 = child("dense1", Dense.units(4));
    private final Dense dense2 = child("dense2", Dense.units(2));

    /** Only there for the names. */
    private static final class Tables extends Module {
      private final Embedding colour = child("colour", Embedding.of(4, 3));
      private final Embedding town = child("town", Embedding.of(4, 2));

      @Override
      public Tensor forward(Tensor x, Mode mode) {
        throw new UnsupportedOperationException();
      }
    }

    @Override
    public List<Tensor> forward(List<Tensor> inputs, Mode mode) {
      List<Tensor> codes = inputs.get(1).split(1, new int[] {1, 1});
      Tensor colour = embed.colour.forward(codes.get(0), mode).flatten();
      Tensor town = embed.town.forward(codes.get(1), mode).flatten();
      Tensor joined = Tensor.concat(1, List.of(inputs.get(0), colour, town));
      return List.of(dense2.forward(dense1.forward(joined, mode).tanh(), mode));
    }
  }

  @Test
  void aModelByHandHasTheSameBits() throws IOException {
    RunConfig config = config(RUN);
    Prepared data = config.load();
    Dataset train = data.split().train();
    Batch batch = all(train);
    Map<String, HostTensor> wanted = new HashMap<>();
    try (TrainStep step = step(new ReferenceBackend(), new ByHand(), train)) {
      for (State state : step.parameterStates()) {
        if (state.name().startsWith("embed")) {
          // The vector of what is not known begins with zeros.
          HostTensor table = step.read(state);
          for (int i = 0; i < table.shape().dim(1); i++) {
            table.set(i, 0);
          }
          step.write(state, table);
        }
      }
      step.train(1, batch);
      step.train(2, batch);
      step.parameterStates().forEach(state -> wanted.put(state.name(), step.read(state)));
    }
    try (TrainStep step = step(new ReferenceBackend(), config.modelFor(data), train)) {
      step.train(1, batch);
      step.train(2, batch);
      assertEquals(6, step.parameterStates().stream().filter(Parameter.class::isInstance).count());
      step.parameterStates().forEach(s -> assertEquals(wanted.get(s.name()), step.read(s)));
    }
  }

  /** A category that training did not see and a missing one are index 0, whoever reads the row. */
  @Test
  void whatIsNotKnownIsIndexZero() throws IOException {
    RunConfig config = config(RUN);
    Preprocessing learned = config.load().preprocessing();
    assertEquals(learned, Preprocessing.fromJson(learned.toJson()));
    assertEquals(
        List.of(0, 3, 2), learned.columns().stream().map(each -> each.embedding()).toList());
    Dataset rows =
        config
            .data()
            .rows("town,size,colour\nHull,5,pink\n,6,red\n", "r", learned, dev.tarn.Shape.of(1));
    Batch batch = all(rows);
    assertArrayEquals(new float[] {5, 6}, batch.features().get(0).floats());
    assertArrayEquals(new int[] {0, 2, 3, 0}, batch.features().get(1).ints());
    RowEncoder encoder = new RowEncoder(learned, rows.features());
    List<HostTensor> one = encoder.encode(Map.of("town", "Hull", "size", 5, "colour", "pink"));
    assertArrayEquals(new int[] {0, 2}, one.get(1).ints());
  }

  /** As it was written before widths were part of it. */
  @Test
  void aTextWithoutWidthsHasAutomaticOnes() throws IOException {
    String text = config(RUN).load().preprocessing().toJson();
    Preprocessing old = Preprocessing.fromJson(text.replaceAll(",\"embedding\":[0-9]+", ""));
    assertEquals(List.of(0, 2, 2), old.columns().stream().map(each -> each.embedding()).toList());
  }

  @Test
  void onlySomeOrOnlyCategories() throws IOException {
    RunConfig some = config(RUN.replace("{colour: 3, town: auto}", "{town: 5}"));
    // Size, and four numbers for the colour; a vector for the town.
    assertEquals(List.of(Spec.f32(5), Spec.i32(1)), some.load().split().train().features());
    some.modelFor(some.load());
    RunConfig alone =
        config(
            RUN.replace("missing: \"\"", "missing: \"\"\n  ignore: [size]")
                .replace("{colour: 3, town: auto}", "4"));
    Prepared data = alone.load();
    assertEquals(List.of(Spec.i32(2)), data.split().train().features());
    Module model = alone.modelFor(data);
    assertEquals(DType.I32, data.split().train().features().get(0).dtype());
    try (TrainStep step = step(new ReferenceBackend(), model, data.split().train())) {
      assertEquals("[4,4]", read(step, "embed.colour.weight").shape().toString());
      assertEquals("[4,8]", read(step, "dense1.weight").shape().toString());
    }
  }

  @Test
  void columnsWithoutNamesAreNumbered() throws IOException {
    Files.writeString(directory.resolve("n.csv"), "1,a b,0\n2,c,1\n");
    String text =
        """
        data: {csv: n.csv, header: false, categorical: [-2], embed: auto, split: [1, 0, 0]}
        model: [{dense: 2}]
        train: {optimizer: adam, epochs: 1, batch: 2}
        """;
    RunConfig config = RunConfig.parse(text, "f.yaml", directory, List.of());
    Prepared data = config.load();
    try (TrainStep step =
        step(new ReferenceBackend(), config.modelFor(data), data.split().train())) {
      assertEquals("[3,1]", read(step, "embed.column2.weight").shape().toString());
    }
  }

  /** min(50, half of the categories, rounded up). */
  @Test
  void automaticWidth() throws IOException {
    for (int[] each : new int[][] {{1, 1}, {2, 1}, {7, 4}, {99, 50}, {300, 50}}) {
      StringBuilder table = new StringBuilder("town,kind\n");
      for (int i = 0; i < each[0]; i++) {
        table.append("t").append(i).append(',').append(i % 2).append('\n');
      }
      Files.writeString(directory.resolve("w.csv"), table.append("t0,1\n"));
      String text =
          """
          data: {csv: w.csv, categorical: town, embed: auto, split: [1, 0, 0]}
          model: [{dense: 2}]
          train: {optimizer: adam, epochs: 1, batch: 2}
          """;
      RunConfig config = RunConfig.parse(text, "f.yaml", directory, List.of());
      assertEquals(each[1], config.load().preprocessing().columns().get(0).embedding());
    }
  }

  @Test
  void theYamlReadsBack() throws IOException {
    for (String embed : List.of("auto", "8", "{colour: 3, town: auto}")) {
      RunConfig config = config(RUN.replace("{colour: 3, town: auto}", embed));
      RunConfig again = RunConfig.parse(config.toYaml(), "c.yaml", Path.of("/"), List.of());
      assertEquals(config.data(), again.data());
    }
  }

  private String error(String from, String to) {
    return assertThrows(TarnException.class, () -> config(RUN.replace(from, to))).getMessage();
  }

  @Test
  void mistakes() throws IOException {
    String all = "{colour: 3, town: auto}";
    String widths = "expected the width of vectors, or auto, found ";
    assertEquals("f.yaml:5:10: data.embed: " + widths + "'yes'", error(all, "yes"));
    assertEquals("f.yaml:5:10: data.embed: " + widths + "a list of 1", error(all, "[8]"));
    assertEquals("f.yaml:5:10: data.embed: " + widths + "nothing", error(all, "~"));
    assertEquals(
        "f.yaml:5:10: data.embed: expected an integer from 1 to 65536, found '0'", error(all, "0"));
    assertEquals("f.yaml:5:19: data.embed.colour: " + widths + "'x'", error("3, town: auto", "x"));
    assertEquals(
        "f.yaml:5:11: data.embed: 'color' is not among 'categorical'; did you mean 'colour'?",
        error("{colour: 3", "{color: 3"));
    assertEquals(
        "f.yaml:4:10: data.embed: no column is categorical; name those with categories under"
            + " 'categorical'",
        error("  categorical: [colour, town]\n", ""));
    assertEquals(
        "f.yaml:6:10: data.shape: columns that are embedded have no shape; leave 'shape' or"
            + " 'embed' out",
        error("auto}\n", "auto}\n  shape: [1]\n"));
    assertEquals(
        "f.yaml:2:10: data.embed: belongs to data of another kind than 'set'",
        error(RUN.substring(0, RUN.indexOf("model")), "data: {set: iris,\n  embed: 8}\n"));
    RunConfig named = config(RUN.replace("{dense: 4}", "{dense: 4, name: embed}"));
    assertEquals(
        "f.yaml:8:9: 'embed' is what data.embed calls its vectors; choose another",
        assertThrows(ConfigException.class, () -> named.modelFor(named.load())).getMessage());
    assertThrows(ConfigException.class, () -> named.modelFor(named.load().split().train()));
    RunConfig first =
        config(RUN.replace("[{dense: 4}", "[{embedding: {vocabulary: 3, width: 2}}, flatten"));
    assertEquals(
        "embedding embedding1: needs numbers, i32, was given f32[1,6] (f.yaml:8)",
        assertThrows(ConfigException.class, () -> first.modelFor(first.load())).getMessage());
  }
}
