package dev.tarn.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.tarn.data.Datasets;
import dev.tarn.data.NamedDataset;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Lists the data sets that are known by name. */
@Command(
    name = "datasets",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Show the data sets known by name, and which are on this machine.",
    footer = {
      "",
      "A set is used by 'data: {set: NAME}' in a run file. Nothing is downloaded:",
      "files are looked for in TARN_DATA/<name>, then in /usr/share/datasets/<name>.",
      "",
      "Examples:",
      "  tarn datasets",
      "  tarn datasets fashion-mnist --check",
      "  TARN_DATA=~/data tarn datasets mnist"
    })
final class DatasetsCommand implements Callable<Integer> {
  private static final int WIDTH = 80;
  private static final String INDENT = " ".repeat(15);

  @Parameters(paramLabel = "NAME", arity = "0..*", description = "Only these; default: all.")
  private List<String> names = List.of();

  @Option(
      names = "--check",
      description = "Compare files with their checksums, where these are known.")
  private boolean check;

  @Option(names = "--json", description = "Write a JSON array of objects.")
  private boolean json;

  @Spec private CommandSpec spec = CommandSpec.create();

  private final Output output;

  DatasetsCommand(Output output) {
    this.output = output;
  }

  @Override
  public Integer call() {
    for (String name : names) {
      if (!Datasets.names().contains(name)) {
        throw new ParameterException(
            spec.commandLine(), "no data set '" + name + "'; there are " + Datasets.names());
      }
    }
    List<NamedDataset> chosen =
        Datasets.catalogue().stream()
            .filter(set -> names.isEmpty() || names.contains(set.name()))
            .toList();
    JsonArray array = new JsonArray();
    boolean sound = true;
    for (NamedDataset set : chosen) {
      boolean own = set.files().isEmpty();
      Path found = own ? null : set.find();
      List<Path> changed = check && found != null ? set.changed(null) : List.of();
      sound &= changed.isEmpty();
      if (json) {
        array.add(object(set, own, found, changed));
      } else {
        print(set, own ? "yes, comes with Tarn" : found == null ? "no" : "yes, in " + found);
        changed.forEach(file -> field("changed", file + ": another checksum; get it again"));
        if (!own && found == null) {
          field("looked in", String.join(", ", set.places().stream().map(Path::toString).toList()));
          field("to get it", set.get());
        }
      }
    }
    if (json) {
      output.out().println(array);
    }
    return sound ? 0 : Main.FAILED;
  }

  private static JsonObject object(
      NamedDataset set,
      boolean own,
      @org.jspecify.annotations.Nullable Path found,
      List<Path> changed) {
    JsonObject object = new JsonObject();
    object.addProperty("name", set.name());
    object.addProperty("about", set.about());
    object.addProperty("origin", set.origin());
    object.addProperty("available", own || found != null);
    if (found != null) {
      object.addProperty("directory", found.toString());
    }
    JsonArray places = new JsonArray();
    set.places().forEach(place -> places.add(place.toString()));
    object.add("places", own ? new JsonArray() : places);
    object.addProperty("get", set.get());
    if (!changed.isEmpty()) {
      JsonArray files = new JsonArray();
      changed.forEach(file -> files.add(file.toString()));
      object.add("changed", files);
    }
    return object;
  }

  private void print(NamedDataset set, String here) {
    output.out().println(set.name());
    field("what", set.about());
    field("from", set.origin());
    field("here", here);
  }

  /** A name and a text, the text wrapped. */
  private void field(String name, String text) {
    PrintStream out = output.out();
    StringBuilder line = new StringBuilder(String.format("  %-13s", name));
    boolean empty = true;
    for (String word : text.split(" ")) {
      if (!empty && line.length() + 1 + word.length() > WIDTH) {
        out.println(line);
        line = new StringBuilder(INDENT);
        empty = true;
      }
      line.append(empty ? "" : " ").append(word);
      empty = false;
    }
    out.println(line);
  }
}
