package dev.tarn.config;

import dev.tarn.DType;
import dev.tarn.Mode;
import dev.tarn.Precision;
import dev.tarn.Shape;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import dev.tarn.TarnException;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.config.YamlValue.Place;
import dev.tarn.data.DataSource.Prepared;
import dev.tarn.data.Dataset;
import dev.tarn.data.Preprocessing;
import dev.tarn.data.WholeNumbers;
import dev.tarn.ir.Origin;
import dev.tarn.nn.Sequential;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Dump;
import org.snakeyaml.engine.v2.api.DumpSettings;
import org.snakeyaml.engine.v2.common.FlowStyle;

/**
 * A run file: what to train, on what, and how.
 *
 * @param name what run directories are called
 * @param data the data
 * @param layers the model's layers in order
 * @param train the training
 * @param seed the seed of the split, initial values, shuffles and dropout
 * @param precision how exactly products are computed
 * @param device {@code auto}, {@code reference}, {@code cpu}, {@code cuda} or {@code cuda:1}
 * @param report whether a report is written when the training ends
 */
public record RunConfig(
    String name,
    DataConfig data,
    List<LayerConfig> layers,
    TrainConfig train,
    long seed,
    Precision precision,
    String device,
    boolean report) {
  static final List<String> KEYS =
      List.of("name", "data", "model", "train", "seed", "precision", "device", "report");

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,99}");
  private static final Pattern DEVICE = Pattern.compile("auto|reference|cpu|cuda(:[0-9]{1,3})?");

  /** Copies the list. */
  public RunConfig {
    layers = List.copyOf(layers);
  }

  /**
   * Reads a run file. Relative paths in it start from its directory.
   *
   * @param overrides texts such as {@code train.epochs=5}
   * @throws ConfigException naming the place if the file cannot be read or is wrong
   */
  public static RunConfig read(Path file, List<String> overrides) {
    Path directory = file.toAbsolutePath().getParent();
    Path base = directory == null ? Path.of("") : directory;
    return parse(YamlReader.text(file), file.toString(), base, overrides);
  }

  /**
   * Reads the text of a run file.
   *
   * @param label names the file in messages
   * @param base what relative paths start from
   * @param overrides texts such as {@code train.epochs=5}
   * @throws ConfigException naming the place if it is wrong
   */
  public static RunConfig parse(String text, String label, Path base, List<String> overrides) {
    String source = label.substring(Math.max(label.lastIndexOf('/'), label.lastIndexOf('\\')) + 1);
    YamlValue root =
        YamlReader.read(
            text,
            label,
            "",
            mark ->
                new Place(
                    label + ":" + (mark.getLine() + 1) + ":" + (mark.getColumn() + 1),
                    source,
                    mark.getLine() + 1,
                    base));
    if (!root.isMapping()) {
      throw root.expected("keys with values: data, model, train");
    }
    Overrides.apply(root, overrides);
    root.entries()
        .forEach(
            (key, entry) ->
                nested(key)
                    .ifPresent(
                        meant -> {
                          throw new ConfigException(
                              String.format(
                                  "%s: unknown key '%s'; did you mean '%s'?",
                                  entry.keyPlace().text(), key, meant));
                        }));
    Fields fields = new Fields(root, KEYS);
    YamlValue report = fields.get("report");
    YamlValue seed = fields.get("seed");
    return new RunConfig(
        name(fields, root, source),
        DataConfig.read(fields.require("data")),
        layers(fields.require("model")),
        TrainConfig.read(fields.require("train")),
        seed == null ? 0 : seed.integer(Long.MIN_VALUE, Long.MAX_VALUE),
        precision(fields),
        device(fields),
        report == null || report.bool());
  }

  /**
   * The run file whose text a checkpoint keeps; relative paths begin at the checkpoint's directory.
   *
   * @param overrides texts such as {@code train.epochs=5}
   * @throws TarnException if the text is damaged, or an override is wrong
   */
  public static RunConfig kept(String text, Path checkpoint, List<String> overrides) {
    Path directory = checkpoint.toAbsolutePath().getParent();
    Path base = directory == null ? Path.of("") : directory;
    try {
      return parse(text, base.resolve("config.yaml").toString(), base, overrides);
    } catch (ConfigException e) {
      if (overrides.isEmpty()) {
        throw new TarnException(checkpoint + ": damaged configuration: " + e.getMessage(), e);
      }
      throw e;
    }
  }

  private static List<LayerConfig> layers(YamlValue model) {
    if (!model.isMapping() || !model.entries().containsKey(ClassModel.KIND)) {
      return new LayerLists().read(model);
    }
    ClassModel settings = ClassModel.read(model);
    return List.of(new LayerConfig(settings, null, model.place().text(), Origin.NONE));
  }

  /** The path of a key of {@code train} or {@code data} by the key alone: {@code train.epochs}. */
  public static Optional<String> nested(String key) {
    if (TrainConfig.KEYS.contains(key)) {
      return Optional.of("train." + key);
    }
    return DataConfig.KEYS.contains(key) ? Optional.of("data." + key) : Optional.empty();
  }

  /** The run file with every default filled in; it reads back as an equal configuration. */
  public String toYaml() {
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("name", name);
    root.put("data", data.toYaml());
    root.put(
        "model",
        layers.get(0).settings() instanceof ClassModel own
            ? own.toYaml()
            : LayerLists.toYaml(layers));
    root.put("train", train.toYaml());
    root.put("seed", seed);
    root.put("precision", precision.toString());
    root.put("device", device);
    root.put("report", report);
    DumpSettings settings =
        DumpSettings.builder().setDefaultFlowStyle(FlowStyle.AUTO).setWidth(100).build();
    return new Dump(settings).dumpToString(root);
  }

  /**
   * The model for data without embedded columns.
   *
   * @throws ConfigException as {@link #model(Preprocessing)} does
   */
  public Sequential model() {
    return model(null);
  }

  /**
   * The model, its layers named by kind and number: {@code dense1}, {@code relu1}. A class is the
   * only layer and has no name, so that its parameters have the paths that it gives them. Where
   * columns of the data are embedded, their vectors come first: {@code embed.colour}.
   *
   * @param learned what the data's preparation has learned, or null if that is not known
   * @throws ConfigException if it is a class that is not there or does not fit, or columns are
   *     embedded and their categories are not known
   */
  public Sequential model(@Nullable Preprocessing learned) {
    Sequential model = new Sequential();
    if (data.source().embeds()) {
      if (learned == null || !EmbedConfig.isIn(learned.columns())) {
        throw new ConfigException(
            "data.embed: the model is not known without the categories that its training saw");
      }
      EmbedConfig.refuseName(layers);
      model.add(EmbedConfig.NAME, EmbedConfig.module(learned.columns()));
    }
    if (!(layers.get(0).settings() instanceof ClassModel own)) {
      return LayerLists.into(model, layers, new HashMap<>());
    }
    try {
      return model.add("", own.module());
    } catch (TarnException e) {
      throw new ConfigException(
          String.format(
              "%s: model.class '%s': %s", layers.get(0).place(), own.className(), e.getMessage()),
          e);
    }
  }

  /**
   * Reads, splits and prepares the data; they are whole numbers if the model begins with an
   * embedding.
   *
   * @throws dev.tarn.TarnException as {@link DataConfig#load} does
   */
  public Prepared load() {
    return asTheModelTakes(data.load(seed));
  }

  /**
   * Reads the data and cuts them into the folds of a cross-validation.
   *
   * @throws dev.tarn.TarnException as {@link DataConfig#folds} does
   */
  public List<Prepared> folds() {
    return data.folds(train.folds(), seed).stream().map(this::asTheModelTakes).toList();
  }

  private Prepared asTheModelTakes(Prepared loaded) {
    LayerConfig first = layers.get(0);
    while (!first.settings().inner().isEmpty()) {
      first = first.settings().inner().get(0);
    }
    if (!(first.settings() instanceof EmbeddingConfig) || data.source().embeds()) {
      return loaded;
    }
    Dataset.Split split = loaded.split();
    return new Prepared(
        new Dataset.Split(
            WholeNumbers.of(split.train()),
            WholeNumbers.of(split.validation()),
            WholeNumbers.of(split.test())),
        loaded.preprocessing());
  }

  /**
   * The model, checked against data that have no embedded columns.
   *
   * @throws ConfigException naming a layer's place if the model does not fit the data
   */
  public Sequential modelFor(Dataset dataset) {
    return modelFor(dataset, null);
  }

  /**
   * The model, checked against the data it is for.
   *
   * @param prepared what {@link #load} gave, or one of {@link #folds}
   * @throws ConfigException naming a layer's place if the model does not fit the data
   */
  public Sequential modelFor(Prepared prepared) {
    return modelFor(prepared.split().train(), prepared.preprocessing());
  }

  private Sequential modelFor(Dataset dataset, @Nullable Preprocessing learned) {
    Spec output;
    Spec needed;
    try {
      Trace trace = new Trace();
      List<Tensor> inputs = new ArrayList<>();
      for (Spec spec : dataset.features()) {
        inputs.add(trace.input("features." + inputs.size(), spec.prepend(1)));
      }
      output = model(learned).forward(inputs, Mode.EVAL).get(0).spec();
      needed = train.loss().target(output);
    } catch (ShapeException e) {
      throw new ConfigException(e.getMessage(), e);
    }
    Spec target = dataset.targetSpec();
    if (needed.dtype() != target.dtype()) {
      throw new ConfigException(
          String.format(
              "train.loss: %s needs %s, but %s has %s",
              train.lossChoice().kind(),
              targets(needed.dtype()),
              data.name(),
              targets(target.dtype())));
    }
    Shape wanted =
        target.dtype() == DType.I32 ? Shape.of(1, dataset.classes()) : target.shape().prepend(1);
    if (!output.shape().equals(wanted)) {
      if (layers.get(0).settings() instanceof ClassModel own) {
        throw new ConfigException(
            String.format(
                "%s: %s gives %s for an example, but %s needs %s",
                layers.get(0).place(),
                own.className(),
                output.shape().withoutFirst(),
                data.name(),
                wanted.withoutFirst()));
      }
      LayerConfig last = LayerLists.lastDense(layers);
      String what =
          last != null && last.settings() instanceof LayerConfig.Dense dense
              ? "the last dense layer has " + dense.units() + " units"
              : "the model has no dense layer";
      throw new ConfigException(
          String.format(
              "%s: %s, but %s has %d %s; end the model with '- dense: %d'",
              (last == null ? layers.get(layers.size() - 1) : last).place(),
              what,
              data.name(),
              wanted.dim(1),
              target.dtype() == DType.I32 ? "classes" : "targets",
              wanted.dim(1)));
    }
    return model(learned);
  }

  /** The seed of initial values, shuffles and dropout, which differs from restart to restart. */
  public long trainingSeed() {
    return seed + train.restart();
  }

  /** The same as one of several restarts, which makes no others. */
  public RunConfig withRestart(int number) {
    return new RunConfig(
        name, data, layers, train.withRestart(number), seed, precision, device, report);
  }

  /** Whether the model tells classes apart rather than predict numbers. */
  public boolean classifies() {
    return data.source().classifies();
  }

  private static String targets(DType type) {
    return type == DType.I32 ? "classes" : "numbers to predict (data.targets)";
  }

  private static String name(Fields fields, YamlValue root, String source) {
    YamlValue given = fields.get("name");
    String name = given != null ? given.text() : source.replaceFirst("\\.ya?ml$", "");
    if (!NAME.matcher(name).matches()) {
      YamlValue where = given != null ? given : root;
      throw where.error(
          "expected a name of letters, digits, '.', '_' and '-', found '" + name + "'");
    }
    return name;
  }

  private static Precision precision(Fields fields) {
    YamlValue given = fields.get("precision");
    if (given == null) {
      return Precision.FP32;
    }
    for (Precision precision : Precision.values()) {
      if (given.isScalar() && given.text().equals(precision.toString())) {
        return precision;
      }
    }
    throw given.expected("fp32, tf32 or bf16");
  }

  private static String device(Fields fields) {
    YamlValue given = fields.get("device");
    if (given == null) {
      return "auto";
    }
    if (!given.isScalar() || !DEVICE.matcher(given.text()).matches()) {
      throw given.expected("auto, cpu, cuda, cuda:1 (a device's number) or reference");
    }
    return given.text();
  }
}
