package dev.tarn.cli;

import dev.tarn.TarnException;
import dev.tarn.config.ConfigException;
import dev.tarn.config.RunConfig;
import dev.tarn.data.DataSource.Prepared;
import dev.tarn.data.Dataset;
import dev.tarn.train.AtomicFile;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Writes a run file for data. */
@Command(
    name = "init",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Look at data and write a run file that trains a model on them.",
    footer = {
      "",
      "DATA is a table (.csv, also with ; tab or | between fields), a directory that",
      "has a directory of images for each class, an .npz with arrays x and y, an IDX",
      "file with its labels beside it, or the name of a data set ('tarn datasets').",
      "",
      "What is guessed: which column is the class or the number to predict (one",
      "called label, class, target or the like, or else the last), which columns are",
      "categories (those of many are embedded) or are left out, what stands for",
      "missing values, normalization, and a model and a training of a size that fits.",
      "All of it is in the file, with comments, to be changed. It is checked against",
      "the data before it is written.",
      "",
      "Examples:",
      "  tarn init flowers.csv && tarn train flowers.yaml",
      "  tarn init houses.csv --target price -o prices.yaml",
      "  tarn init photos/ --name pets",
      "  tarn init fashion-mnist"
    })
final class InitCommand implements Callable<Integer> {
  @Parameters(paramLabel = "DATA", description = "The data, see below.")
  private String data = "";

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description =
          "The run file; default: the data's name with .yaml, in this directory, with - for what is"
              + " no letter, digit, dot or _.")
  private @Nullable Path file;

  @Option(
      names = "--label",
      paramLabel = "COLUMN",
      description =
          "The column (its name, or its number from 0) or array of the class; default: guessed.")
  private @Nullable String label;

  @Option(
      names = "--target",
      paramLabel = "COLUMN",
      description = "The column or array of numbers to predict; default: guessed.")
  private @Nullable String target;

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "The name of run directories; default: the run file's.")
  private @Nullable String name;

  @Option(
      names = "--force",
      description = "Replace the run file if it is there; default: it is kept.")
  private boolean force;

  @Spec private CommandSpec spec = CommandSpec.create();

  private final Output output;

  InitCommand(Output output) {
    this.output = output;
  }

  @Override
  public Integer call() {
    if (label != null && target != null) {
      throw usage("give either --label or --target, not both");
    }
    Path given = file;
    Path base = given == null ? Path.of("") : given.toAbsolutePath().getParent();
    SourceGuess source = SourceGuess.of(data, base == null ? Path.of("") : base, label, target);
    Path to = given == null ? Path.of(clean(source.name()) + ".yaml") : given;
    String called = name == null ? clean(stem(to)) : name;
    if (Files.exists(to) && !force) {
      throw new TarnException(to + ": is there already; --force replaces it, -o names another");
    }
    String text = write(source, called, to);
    AtomicFile.write(to, text);
    PrintStream out = output.out();
    source.findings().forEach(out::println);
    out.println("wrote " + to + "; next: tarn train " + to);
    return 0;
  }

  private static String stem(Path file) {
    return String.valueOf(file.getFileName()).replaceFirst("\\.ya?ml$", "");
  }

  private static String clean(String text) {
    String clean = text.replaceAll("[^A-Za-z0-9._-]+", "-").replaceFirst("^[^A-Za-z0-9]+", "");
    return clean.isEmpty() ? "run" : clean.substring(0, Math.min(60, clean.length()));
  }

  /** The run file, checked against the data. */
  private String write(SourceGuess source, String called, Path to) {
    List<String> data = new ArrayList<>(source.yaml());
    data.add("normalize: standard # mean 0 and deviation 1 over the training part");
    data.add("split: [0.8, 0.1, 0.1] # training, validation, test");
    if (source.stratify()) {
      data.add("stratify: true # every part has its share of each class");
    }
    // The data alone, with any model: they tell the shape of the real one.
    List<String> any = List.of("optimizer: adam", "epochs: 1", "batch: 1");
    Prepared prepared = parse(text(called, data, List.of("- dense: 1"), any), to).load();
    Dataset train = prepared.split().train();
    ModelGuess model = new ModelGuess(train, source.classifies());
    if (model.isImage() && source.pixels()) {
      data.add("augment: # training images change in every epoch");
      data.add("  - shift: 2 # pixels");
      data.add("prefetch: 2 # batches loaded ahead");
    }
    String text = text(called, data, model.model(), model.training());
    parse(text, to).modelFor(prepared);
    return text;
  }

  private RunConfig parse(String text, Path to) {
    Path directory = to.toAbsolutePath().getParent();
    try {
      return RunConfig.parse(
          text, to.toString(), directory == null ? Path.of("") : directory, List.of());
    } catch (ConfigException e) {
      if (name != null && String.valueOf(e.getMessage()).contains("expected a name")) {
        throw usage("--name: letters, digits, '.', '_' and '-', found '" + name + "'");
      }
      throw e;
    }
  }

  private static String text(
      String called, List<String> data, List<String> model, List<String> train) {
    StringBuilder text = new StringBuilder();
    text.append("# Written by 'tarn init'. 'tarn help train' and docs/ tell what else there is.\n");
    text.append("name: ").append(Yaml.text(called)).append(" # of run directories\n");
    section(text, "data", data);
    section(text, "model", model);
    section(text, "train", train);
    text.append("seed: 42 # the same seed gives the same split, weights and order\n");
    text.append("device: auto # or cpu, cuda, cuda:1, reference\n");
    return text.toString();
  }

  private static void section(StringBuilder text, String key, List<String> lines) {
    text.append(key).append(":\n");
    lines.forEach(line -> text.append("  ").append(line).append('\n'));
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
