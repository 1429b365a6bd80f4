package dev.tarn.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.tarn.TarnException;
import dev.tarn.data.Datasets;
import dev.tarn.data.NamedDataset;
import dev.tarn.data.NamedDataset.DataPart;
import java.io.PrintStream;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
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
      "A set is used by 'data: {set: NAME}' in a run file. Its files are looked for in",
      "TARN_DATA/<name> (~/.tarn/data/<name> where TARN_DATA is not set), then in",
      "/usr/share/datasets/<name>. --download fetches those that are not there into",
      "the first of these, and compares them with their checksums. Nothing else in",
      "Tarn ever downloads.",
      "",
      "Examples:",
      "  tarn datasets",
      "  tarn datasets --download mnist",
      "  tarn datasets fashion-mnist --check",
      "  TARN_DATA=/srv/data tarn datasets --download mnist cifar10"
    })
final class DatasetsCommand implements Callable<Integer> {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final int WIDTH = 80;
  private static final String INDENT = " ".repeat(16);

  @Parameters(paramLabel = "NAME", arity = "0..*", description = "Only these; default: all.")
  private List<String> names = List.of();

  @Option(
      names = "--check",
      description = "Compare files with their checksums; exit code 1 if one differs.")
  private boolean check;

  @Option(names = "--download", description = "Fetch the files of the named sets.")
  private boolean download;

  @Option(
      names = "--from",
      paramLabel = "URL",
      description = "Where to fetch them, URL/<file>; default: their public homes.")
  private @Nullable URI from;

  @Option(names = "--json", description = "Write a JSON array of objects.")
  private boolean json;

  @Spec private CommandSpec spec = CommandSpec.create();

  private final Output output;
  private final Interrupts interrupts;

  DatasetsCommand(Output output, Interrupts interrupts) {
    this.output = output;
    this.interrupts = interrupts;
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
    if (download || from != null) {
      return download(chosen);
    }
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
        changed.forEach(file -> field("changed", file + ": another checksum; delete it"));
        if (check && found != null && changed.isEmpty()) {
          field("checksums", "right");
        }
        if (!own && found == null) {
          places(set);
        }
        if (!own && (found == null || !changed.isEmpty())) {
          field("to get it", set.get());
        }
        if (!names.isEmpty()) {
          files(set);
        }
      }
    }
    if (json) {
      output.out().println(array);
    }
    return sound ? 0 : Main.FAILED;
  }

  private int download(List<NamedDataset> chosen) {
    if (names.isEmpty() || !download || check || json) {
      throw new ParameterException(
          spec.commandLine(),
          names.isEmpty()
              ? "which set? For example: tarn datasets --download mnist"
              : download ? "--download goes alone, or with --from" : "--from goes with --download");
    }
    List<URI> own = from == null ? List.of() : List.of(mirror(from));
    Thread thread = Thread.currentThread();
    interrupts.onFirst(thread::interrupt);
    try {
      for (NamedDataset set : chosen) {
        download(set, own.isEmpty() ? set.mirrors() : own);
      }
    } catch (TarnException e) {
      if (interrupts.requested()) {
        return Main.INTERRUPTED;
      }
      throw e;
    }
    return 0;
  }

  private void download(NamedDataset set, List<URI> mirrors) {
    if (set.files().isEmpty()) {
      output.out().println(set.name() + " comes with Tarn");
      return;
    }
    for (Path place : set.places()) {
      if (DatasetDownload.missing(set, place).isEmpty()) {
        output.out().println(set.name() + " is in " + place + " already");
        return;
      }
    }
    Path directory = NamedDataset.home().resolve(set.name()).toAbsolutePath();
    boolean terminal = Output.isTerminal(false);
    new DatasetDownload(set, directory, mirrors, new Download(PATIENCE), output.out(), terminal)
        .run();
  }

  /** The URL as a directory. */
  private URI mirror(URI url) {
    String scheme = String.valueOf(url.getScheme()).toLowerCase(Locale.ROOT);
    if (!List.of("http", "https").contains(scheme) || url.getHost() == null) {
      throw new ParameterException(
          spec.commandLine(), "--from: expected http://... or https://..., found '" + url + "'");
    }
    return url.toString().endsWith("/") ? url : URI.create(url + "/");
  }

  private static JsonObject object(
      NamedDataset set, boolean own, @Nullable Path found, List<Path> changed) {
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
    JsonArray parts = new JsonArray();
    for (DataPart part : set.files()) {
      JsonObject file = new JsonObject();
      file.addProperty("name", part.name());
      file.addProperty("bytes", part.bytes());
      file.addProperty("sha256", part.sha256());
      parts.add(file);
    }
    object.add("files", parts);
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

  private void places(NamedDataset set) {
    for (Path place : set.places()) {
      List<String> missing = set.missing(place);
      boolean some = missing.size() < set.files().size();
      field("looked in", place + (some ? ", which has no " + String.join(", ", missing) : ""));
    }
  }

  private void files(NamedDataset set) {
    set.mirrors().forEach(mirror -> field("download from", mirror.toString()));
    for (DataPart part : set.files()) {
      field("file", part.name() + ", or with .gz; " + Training.count(part.bytes()) + " bytes");
      output.out().println(INDENT + "sha256 " + part.sha256());
    }
  }

  /** A name and a text, the text wrapped. */
  private void field(String name, String text) {
    PrintStream out = output.out();
    StringBuilder line = new StringBuilder(String.format("  %-14s", name));
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
