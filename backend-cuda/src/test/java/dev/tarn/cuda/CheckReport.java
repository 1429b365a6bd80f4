package dev.tarn.cuda;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonSyntaxException;
import dev.tarn.backend.Backend;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** One JSON file and one of Markdown of what the parts found. */
final class CheckReport {
  /** In the order of the report; others follow by name. */
  private static final List<String> ORDER =
      List.of(
          "tests",
          "memcheck",
          "racecheck",
          "initcheck",
          "trainings",
          "parity",
          "steps",
          "bandwidth",
          "convolutions",
          "profile",
          "forecast",
          "flatness");

  private CheckReport() {}

  /**
   * Writes {@code result.json} and {@code result.md} beside a folder of parts.
   *
   * @return whether every part passed
   */
  static boolean write(Path folder) throws IOException {
    JsonObject result = new JsonObject();
    result.addProperty("date", LocalDate.now().toString());
    result.addProperty("device", device());
    result.addProperty("java", System.getProperty("java.vm.version"));
    boolean passed = true;
    JsonObject parts = new JsonObject();
    for (Path file : files(folder)) {
      JsonObject part = read(file);
      passed &= part.get("passed").getAsBoolean();
      parts.add(name(file), part);
    }
    if (parts.has("steps") && parts.has("pytorch")) {
      beside(parts.getAsJsonObject("steps"), parts.getAsJsonObject("pytorch"));
    }
    result.addProperty("passed", passed && parts.size() > 0);
    result.add("parts", parts);
    Path place = folder.toAbsolutePath().getParent();
    Files.writeString(
        place.resolve("result.json"),
        new GsonBuilder().setPrettyPrinting().create().toJson(result) + "\n");
    Files.writeString(place.resolve("result.md"), markdown(result));
    System.out.println(place.resolve("result.md") + ": " + verdict(result));
    return result.get("passed").getAsBoolean();
  }

  private static String device() {
    try (Backend backend = CudaDevice.open()) {
      return backend.description();
    } catch (RuntimeException e) {
      return "none: " + e.getMessage();
    }
  }

  private static List<Path> files(Path folder) throws IOException {
    List<Path> files = new ArrayList<>();
    try (Stream<Path> all = Files.list(folder)) {
      all.filter(file -> file.toString().endsWith(".json")).sorted().forEach(files::add);
    }
    files.sort((a, b) -> Integer.compare(rank(name(a)), rank(name(b))));
    return files;
  }

  private static int rank(String part) {
    int index = ORDER.indexOf(part);
    return index < 0 ? ORDER.size() : index;
  }

  private static String name(Path file) {
    return file.getFileName().toString().replace(".json", "");
  }

  private static JsonObject read(Path file) throws IOException {
    try {
      return JsonParser.parseString(Files.readString(file)).getAsJsonObject();
    } catch (JsonSyntaxException | IllegalStateException e) {
      return new CheckTable(name(file)).failure(file + " is no JSON object").toJson();
    }
  }

  /** Adds PyTorch's numbers to the rows of the same workload and precision. */
  private static void beside(JsonObject steps, JsonObject pytorch) {
    for (JsonElement element : steps.getAsJsonArray("rows")) {
      JsonObject row = element.getAsJsonObject();
      double ours = row.get("examples/s").getAsDouble();
      double best = 0;
      for (JsonElement other : pytorch.getAsJsonArray("rows")) {
        JsonObject theirs = other.getAsJsonObject();
        if (theirs.get("workload").equals(row.get("workload"))
            && theirs.get("precision").equals(row.get("precision"))) {
          String mode = "PyTorch " + theirs.get("mode").getAsString();
          row.add(mode, theirs.get("examples/s"));
          best = Math.max(best, theirs.get("examples/s").getAsDouble());
        }
      }
      if (best > 0) {
        row.addProperty("times PyTorch's best", ours / best);
      }
    }
  }

  private static String verdict(JsonObject result) {
    return result.get("passed").getAsBoolean() ? "passed" : "FAILED";
  }

  private static String markdown(JsonObject result) {
    StringBuilder out = new StringBuilder("# ");
    out.append(result.get("device").getAsString()).append("\n\n");
    out.append(result.get("date").getAsString()).append(", Java ");
    out.append(result.get("java").getAsString()).append(": ").append(verdict(result));
    out.append("\n\n| part | result |\n|---|---|\n");
    JsonObject parts = result.getAsJsonObject("parts");
    for (String name : parts.keySet()) {
      JsonObject part = parts.getAsJsonObject(name);
      String text = part.get("passed").getAsBoolean() ? "passed" : "FAILED";
      out.append("| ").append(name).append(" | ").append(text).append(" |\n");
    }
    out.append('\n');
    for (String name : parts.keySet()) {
      JsonObject part = parts.getAsJsonObject(name);
      JsonArray rows = part.getAsJsonArray("rows");
      if (!name.equals("pytorch") || !parts.has("steps") || rows.isEmpty()) {
        out.append(CheckTable.markdown(part));
      }
    }
    return out.toString();
  }
}
