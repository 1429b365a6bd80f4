package dev.tarn.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.tarn.DType;
import dev.tarn.Parameter;
import dev.tarn.Spec;
import dev.tarn.TarnException;
import dev.tarn.backend.Backend;
import dev.tarn.config.RunConfig;
import dev.tarn.data.DataSource.Prepared;
import dev.tarn.ir.Program;
import dev.tarn.nn.Sequential;
import dev.tarn.report.ModelGraph;
import dev.tarn.report.Picture;
import dev.tarn.report.Pictures;
import dev.tarn.train.AtomicFile;
import dev.tarn.train.Term;
import dev.tarn.train.TrainStep;
import dev.tarn.train.Trainer;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Shows the layers of a model and what it costs. */
@Command(
    name = "summary",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    descriptionHeading = "%n",
    parameterListHeading = "%n",
    customSynopsis = {
      "tarn summary RUNFILE [KEY=VALUE...] [OPTIONS]",
      "       tarn summary RUN_OR_FILE [OPTIONS]"
    },
    description = "Show a model's layers, parameters and cost, and the memory it needs.",
    footer = {
      "",
      "Shapes and FLOPs are for one example and a forward pass; a product with its sum",
      "counts as two. 'field' is the receptive field in rows x columns of the input.",
      "The memory is what the device will really allocate for training: parameters,",
      "gradients, moments and the values of one step; data and Java come on top.",
      "",
      "Examples:",
      "  tarn summary examples/digits-resnet.yaml",
      "  tarn summary runs/digits-1 --batch 256",
      "  tarn summary examples/digits-cnn.yaml --graph cnn.svg",
      "  tarn summary examples/digits.yaml --graph step.dot --level nodes"
    })
final class SummaryCommand implements Callable<Integer> {
  /** What a box of a graph stands for. */
  enum Boxes {
    layers,
    nodes
  }

  @Mixin private RunFile runFile = new RunFile();

  @Option(
      names = "--batch",
      paramLabel = "N",
      description = "Examples in a step, for the memory; default: the run file's.")
  private @Nullable Integer batch;

  @Option(
      names = "--graph",
      paramLabel = "FILE",
      description =
          "Draw a training step, forward and backward: a file that ends in .svg, .png or .dot; default: none.")
  private @Nullable Path graph;

  @Option(
      names = "--level",
      paramLabel = "LEVEL",
      description =
          "A box of the graph is one of ${COMPLETION-CANDIDATES}; default: ${DEFAULT-VALUE}.")
  private Boxes level = Boxes.layers;

  @Option(
      names = "--device",
      paramLabel = "NAME",
      description =
          "For the memory: auto, cpu, cuda, cuda:1 or reference; default: the run file's.")
  private @Nullable String device;

  @Option(names = "--json", description = "Write one JSON object.")
  private boolean json;

  @picocli.CommandLine.Spec private CommandSpec spec = CommandSpec.create();

  private final Output output;

  SummaryCommand(Output output) {
    this.output = output;
  }

  @Override
  public Integer call() {
    if (batch != null && batch < 1) {
      throw new ParameterException(spec.commandLine(), "--batch: at least 1, found " + batch);
    }
    if (graph != null && !graph.toString().matches(".*\\.(svg|png|dot)")) {
      throw new ParameterException(
          spec.commandLine(), "--graph: the name must end with .svg, .png or .dot, found " + graph);
    }
    Path file = runFile.file();
    boolean saved = Files.isDirectory(file) || file.toString().endsWith(".safetensors");
    runFile.useClasses();
    SavedModel checkpoint = saved ? SavedModel.of(file, runFile.overrides()) : null;
    RunConfig config =
        checkpoint != null ? checkpoint.config() : RunConfig.read(file, runFile.overrides());
    List<Spec> features;
    Sequential model;
    try (Backend backend = Devices.open(device == null ? config.device() : device).backend()) {
      if (checkpoint != null) {
        model = checkpoint.model();
        try (Trainer trainer = Training.trainer(config, model, backend).build()) {
          trainer.load(checkpoint.file());
          List<Spec> kept = trainer.features();
          features = kept == null ? List.of() : kept;
        }
      } else {
        Prepared data = config.load();
        features = data.split().train().features();
        model = config.modelFor(data);
      }
      if (features.isEmpty()) {
        throw new TarnException(file + ": does not say what the model takes; train it again");
      }
      int examples = batch == null ? config.train().batch() : batch;
      LayerTable table = LayerTable.of(model, features);
      Spec[] whole = features.stream().map(one -> one.prepend(examples)).toArray(Spec[]::new);
      try (TrainStep step = step(config, model, backend, features)) {
        List<Program> programs = step.programs(whole);
        if (json) {
          output
              .out()
              .println(object(config, table, model, features, examples, step.bytes(), backend));
        } else {
          print(table, model, features);
          memory(step.bytes(), examples, backend);
        }
        if (graph != null) {
          draw(programs.get(0), graph);
        }
      }
    }
    return 0;
  }

  /** The step that training would run. */
  private static TrainStep step(
      RunConfig config, Sequential model, Backend backend, List<Spec> features) {
    return new TrainStep(
        backend,
        model,
        List.of(Term.of(0, config.train().loss())),
        config.train().updates(1),
        List.of(config.train().metrics()),
        features,
        config.seed(),
        config.precision());
  }

  private void draw(Program program, Path file) {
    ModelGraph drawn =
        ModelGraph.of(
            program, level == Boxes.nodes ? ModelGraph.Level.NODES : ModelGraph.Level.LAYERS);
    if (file.toString().endsWith(".dot")) {
      AtomicFile.write(file, Pictures.dot(drawn));
    } else {
      Picture picture = Pictures.graph(drawn);
      if (file.toString().endsWith(".svg")) {
        AtomicFile.write(file, picture.svg());
      } else {
        AtomicFile.write(
            file,
            channel -> AtomicFile.writeFully(channel, java.nio.ByteBuffer.wrap(picture.png(2))));
      }
    }
    output.people(json).println("graph   " + file);
  }

  private void print(LayerTable table, Sequential model, List<Spec> features) {
    PrintStream out = output.out();
    int width = 5;
    int kind = 13;
    for (LayerTable.Row row : table.rows()) {
      width = Math.max(width, 2 * row.depth() + row.name().length());
      kind = Math.max(kind, row.kind().length());
    }
    width = Math.min(width, 28);
    String format = "%-" + width + "s %-" + kind + "s %-13s %11s %8s %s";
    line(format, "layer", "kind", "output", "parameters", "FLOPs", "field");
    for (Spec one : features) {
      line(format, "", one.dtype() == DType.I32 ? "indices" : "", one.shape(), "", "", "");
    }
    for (LayerTable.Row row : table.rows()) {
      line(
          format,
          " ".repeat(2 * row.depth()) + row.name(),
          row.kind() + (row.shared() ? " *" : ""),
          row.outputs(),
          row.parameters() == 0 ? "" : Training.count(row.parameters()),
          row.flops() < 0 ? "" : short3(row.flops()),
          row.field());
    }
    if (table.rows().stream().anyMatch(LayerTable.Row::shared)) {
      out.println("* shared: its parameters are those of the layer above of that name");
    }
    out.println();
    out.printf("%-8s%s parameters%n", "total", Training.count(parameters(model)));
    out.printf(
        "%-8s%s FLOPs forward for an example, about three times as many to train%n",
        "cost", short3(table.flops()));
  }

  private void line(String format, Object... values) {
    output.out().println(String.format(Locale.ROOT, format, values).stripTrailing());
  }

  private void memory(long bytes, int examples, Backend backend) {
    output
        .out()
        .printf(
            "%-8s%s to train at batch %s on %s (%s)%n",
            "memory",
            Training.bytes(bytes),
            Training.count(examples),
            backend.name(),
            "parameters, moments, one step");
  }

  private static long parameters(Sequential model) {
    return model.parameters().stream()
        .map(Parameter::spec)
        .mapToLong(each -> each.shape().size())
        .sum();
  }

  /** {@code 512}, {@code 51.2 k}, {@code 5.12 M}. */
  static String short3(long number) {
    String[] units = {"", " k", " M", " G", " T", " P", " E"};
    double value = number;
    int unit = 0;
    while (value >= 999.5) {
      value /= 1000;
      unit++;
    }
    int digits = unit == 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
    return String.format(Locale.ROOT, "%." + digits + "f%s", value, units[unit]);
  }

  private static JsonObject object(
      RunConfig config,
      LayerTable table,
      Sequential model,
      List<Spec> features,
      int examples,
      long bytes,
      Backend backend) {
    JsonObject result = new JsonObject();
    result.addProperty("name", config.name());
    JsonArray inputs = new JsonArray();
    features.forEach(one -> inputs.add(one.shape().toString()));
    result.add("inputs", inputs);
    JsonArray layers = new JsonArray();
    for (LayerTable.Row row : table.rows()) {
      JsonObject layer = new JsonObject();
      layer.addProperty("depth", row.depth());
      layer.addProperty("name", row.name());
      layer.addProperty("kind", row.kind());
      if (row.output() != null) {
        JsonArray shape = new JsonArray();
        for (int extent : row.output().dims()) {
          shape.add(extent);
        }
        layer.add("output", shape);
      }
      if (row.flops() >= 0) {
        layer.addProperty("flops", row.flops());
      }
      layer.addProperty("parameters", row.parameters());
      if (row.field().isKnown()) {
        JsonArray field = new JsonArray();
        field.add(row.field().rows());
        field.add(row.field().columns());
        layer.add("receptive_field", field);
      }
      layer.addProperty("shared", row.shared());
      layers.add(layer);
    }
    result.add("layers", layers);
    result.addProperty("parameters", parameters(model));
    result.addProperty("flops", table.flops());
    result.addProperty("batch", examples);
    result.addProperty("bytes", bytes);
    result.addProperty("device", backend.name());
    return result;
  }
}
