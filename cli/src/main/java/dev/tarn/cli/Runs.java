package dev.tarn.cli;

import dev.tarn.TarnException;
import dev.tarn.internal.Names;
import dev.tarn.train.RunDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Finds the run that was meant by a path that is none. */
final class Runs {
  private static final Path USUAL = Path.of("runs");

  private Runs() {}

  /**
   * Refuses a path that does not exist, naming the nearest run, and a directory that has runs in
   * it, naming one of them.
   *
   * @param kind what the path should be
   * @throws TarnException if it is so
   */
  static void require(Path path, String kind) {
    if (!Files.exists(path)) {
      throw new TarnException(path + ": no such " + kind + meant(path));
    }
    if (Files.isDirectory(path) && !isRun(path)) {
      List<Path> runs = in(path);
      if (!runs.isEmpty()) {
        throw new TarnException(
            path + ": has runs in it and is none; give a run in it, such as " + runs.get(0));
      }
    }
  }

  private static String meant(Path path) {
    Path parent = path.getParent();
    String name = String.valueOf(path.getFileName());
    List<Path> places = new ArrayList<>();
    places.add(parent == null ? Path.of("") : parent);
    if (parent == null) {
      places.add(USUAL);
    }
    List<Path> runs = places.stream().flatMap(place -> in(place).stream()).toList();
    List<String> names = runs.stream().map(run -> run.getFileName().toString()).toList();
    return Names.nearest(name, names)
        .map(near -> "; did you mean " + runs.get(names.indexOf(near)) + "?")
        .orElse("");
  }

  /** The runs in a directory, sorted; none if it cannot be read. */
  private static List<Path> in(Path directory) {
    boolean here = directory.toString().isEmpty();
    try (Stream<Path> entries = Files.list(directory)) {
      return entries
          .map(entry -> here ? entry.getFileName() : entry)
          .filter(Runs::isRun)
          .sorted()
          .toList();
    } catch (IOException e) {
      return List.of();
    }
  }

  private static boolean isRun(Path path) {
    return Files.exists(RunDirectory.last(path)) || Files.exists(RunDirectory.best(path));
  }
}
