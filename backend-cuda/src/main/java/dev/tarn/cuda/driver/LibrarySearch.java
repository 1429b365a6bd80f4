package dev.tarn.cuda.driver;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Where CUDA libraries may lie on this machine, in order of preference.
 *
 * <p>The order: the configured directory ({@code tarn.cuda.libraries} or {@code
 * TARN_CUDA_LIBRARIES}), {@code CUDA_PATH}, the loader's path ({@code LD_LIBRARY_PATH}, its cache,
 * its default directories), {@code /usr/local/cuda*}, and what pip and conda install.
 */
final class LibrarySearch {
  /** The property that names the directory to search first. */
  static final String PROPERTY = "tarn.cuda.libraries";

  /** The environment variable that does the same. */
  static final String VARIABLE = "TARN_CUDA_LIBRARIES";

  /** A library's file and how far down the search order it was found (0 is first). */
  record Found(Path file, int rank) {}

  private static final List<String> TOOLKIT_SUBDIRECTORIES =
      List.of("lib64", "lib", "targets/x86_64-linux/lib");

  /** The loader's defaults on Debian and others, then WSL, NixOS and Google's container nodes. */
  private static final List<String> SYSTEM_DIRECTORIES =
      List.of(
          "lib/x86_64-linux-gnu",
          "usr/lib/x86_64-linux-gnu",
          "lib64",
          "usr/lib64",
          "lib",
          "usr/lib",
          "usr/lib/wsl/lib",
          "run/opengl-driver/lib",
          "usr/local/nvidia/lib64");

  private final Path root;
  private final UnaryOperator<String> environment;
  private final Optional<String> configured;

  /** Existing directories with the rule that named each, in search order. */
  private final Map<Path, String> places = new LinkedHashMap<>();

  private final List<String> notes = new ArrayList<>();

  /**
   * Lists the directories.
   *
   * @param property the system properties
   * @param environment the environment variables
   * @param root the file system's root
   */
  LibrarySearch(UnaryOperator<String> property, UnaryOperator<String> environment, Path root) {
    this.root = root;
    this.environment = environment;
    this.configured =
        Optional.ofNullable(property.apply(PROPERTY))
            .or(() -> Optional.ofNullable(environment.apply(VARIABLE)))
            .filter(value -> !value.isBlank());
    configured.ifPresent(directory -> add(PROPERTY, Path.of(directory)));
    addToolkit("CUDA_PATH", environment.apply("CUDA_PATH"));
    addLoaderPath();
    addUsrLocal();
    addPythonPackages();
  }

  /** Returns the search on this machine. */
  static LibrarySearch ofSystem() {
    return new LibrarySearch(System::getProperty, System::getenv, Path.of("/"));
  }

  /** Returns the configured directory if it does not exist. */
  Optional<String> missingConfigured() {
    return configured.filter(directory -> !Files.isDirectory(Path.of(directory)));
  }

  /** Returns the first x86-64 library of that name. */
  Optional<Found> find(String name) {
    int rank = 0;
    for (Path directory : places.keySet()) {
      Path file = directory.resolve(name);
      if (Files.isRegularFile(file)) {
        if (Elf.isX86Library(file)) {
          return Optional.of(new Found(file.toAbsolutePath(), rank));
        }
        note(file + " is cut short, or no x86-64 library: skipped");
      }
      rank++;
    }
    return Optional.empty();
  }

  /** Returns the libraries in {@code directory} that match a glob, in order of their names. */
  static List<Path> matching(Path directory, String glob) {
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory, glob)) {
      stream.forEach(files::add);
    } catch (IOException | DirectoryIteratorException e) {
      return List.of();
    }
    files.sort(null);
    return files;
  }

  /** Returns the directories searched and the files refused, a line each. */
  List<String> description() {
    List<String> lines = new ArrayList<>();
    if (configured.isEmpty()) {
      lines.add("searched: " + PROPERTY + " and " + VARIABLE + " are not set");
    }
    places.forEach(
        (directory, origin) -> lines.add("searched: " + directory + " (" + origin + ")"));
    lines.addAll(notes);
    return lines;
  }

  private void note(String line) {
    if (!notes.contains(line)) {
      notes.add(line);
    }
  }

  private void add(String origin, Path directory) {
    if (Files.isDirectory(directory)) {
      places.putIfAbsent(directory.toAbsolutePath().normalize(), origin);
    } else if (origin.equals(PROPERTY)) {
      note(directory + " (" + origin + ") is not a directory");
    }
  }

  private void addToolkit(String origin, String directory) {
    if (directory != null && !directory.isBlank()) {
      TOOLKIT_SUBDIRECTORIES.forEach(sub -> add(origin, Path.of(directory, sub)));
    }
  }

  private void addLoaderPath() {
    String path = environment.apply("LD_LIBRARY_PATH");
    if (path != null) {
      for (String directory : path.split(":")) {
        if (!directory.isBlank()) {
          add("LD_LIBRARY_PATH", Path.of(directory));
        }
      }
    }
    Path cache = root.resolve("etc/ld.so.cache");
    for (String prefix : List.of("libcuda.so.", "libnvrtc.so.", "libcublas.so.")) {
      for (Path library : LoaderCache.libraries(cache, prefix)) {
        Path directory = library.getParent();
        if (directory != null) {
          add("ld.so.cache", directory);
        }
      }
    }
    SYSTEM_DIRECTORIES.forEach(directory -> add("system", root.resolve(directory)));
  }

  private void addUsrLocal() {
    Path local = root.resolve("usr/local");
    List<Path> toolkits = new ArrayList<>(List.of(local.resolve("cuda")));
    for (String version : List.of("cuda-13*", "cuda-12*")) {
      List<Path> installed = matching(local, version);
      for (int i = installed.size() - 1; i >= 0; i--) {
        toolkits.add(installed.get(i));
      }
    }
    toolkits.forEach(toolkit -> addToolkit("toolkit", toolkit.toString()));
  }

  private void addPythonPackages() {
    List<Path> prefixes = new ArrayList<>();
    for (String variable : List.of("VIRTUAL_ENV", "CONDA_PREFIX")) {
      String prefix = environment.apply(variable);
      if (prefix != null && !prefix.isBlank()) {
        prefixes.add(Path.of(prefix));
      }
    }
    String home = environment.apply("HOME");
    if (home != null && !home.isBlank()) {
      prefixes.add(Path.of(home, ".local"));
    }
    prefixes.add(root.resolve("usr/local"));
    prefixes.add(root.resolve("usr"));
    prefixes.add(root.resolve("opt/conda"));
    for (Path prefix : prefixes) {
      for (Path python : matching(prefix.resolve("lib"), "python3*")) {
        for (String packages : List.of("site-packages", "dist-packages")) {
          Path nvidia = python.resolve(packages).resolve("nvidia");
          for (Path component : matching(nvidia, "*")) {
            add("pip", component.resolve("lib"));
          }
        }
      }
    }
    String conda = environment.apply("CONDA_PREFIX");
    if (conda != null && !conda.isBlank()) {
      add("conda", Path.of(conda, "lib"));
    }
  }
}
