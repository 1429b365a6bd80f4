package dev.tarn.cli;

import dev.tarn.TarnException;
import dev.tarn.data.Datasets;
import dev.tarn.data.Idx;
import dev.tarn.data.Npz;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What data seem to be, as the first lines of a run file's data section.
 *
 * @param name what the run may be called
 * @param yaml the lines that say where the data are, without their indent
 * @param findings what was found, for people
 * @param classifies whether there are classes rather than numbers to predict
 * @param stratify whether every class can be in every part of a split
 * @param pixels whether features are bytes of images, from 0 to 255
 */
record SourceGuess(
    String name,
    List<String> yaml,
    List<String> findings,
    boolean classifies,
    boolean stratify,
    boolean pixels) {
  private static final int ENOUGH = 10;

  /**
   * Looks at data.
   *
   * @param data a named set, a table, a directory of images, an .npz or an IDX file
   * @param base the directory of the run file
   * @param label the column or array of the class, or the IDX file of the classes, or null
   * @param target the column or array of numbers to predict, or null
   * @throws TarnException if it is none of these, or is damaged
   */
  static SourceGuess of(String data, Path base, @Nullable String label, @Nullable String target) {
    Path path = Path.of(data);
    if (Datasets.names().contains(data) && !Files.exists(path)) {
      return named(data);
    }
    if (!Files.exists(path)) {
      throw new TarnException(
          data + ": no such file, and no data set of that name; 'tarn datasets' lists these");
    }
    String name = String.valueOf(path.toAbsolutePath().normalize().getFileName());
    String lower = name.toLowerCase(Locale.ROOT);
    String stem = name.replaceFirst("(?i)\\.gz$", "").replaceFirst("\\.[A-Za-z]+$", "");
    String place = relative(base, path);
    if (Files.isDirectory(path)) {
      return ImagesGuess.of(name, path, place);
    }
    if (lower.endsWith(".npz")) {
      return npz(stem, path, place, label, target);
    }
    if (lower.matches(".*(idx[0-9](-[a-z0-9]+)?|\\.idx[0-9]?)(\\.gz)?")) {
      return idx(stem, path, place, base, label);
    }
    if (lower.matches(".*\\.(png|jpe?g|npy|json|jsonl|xlsx?|parquet|zip|tar)")) {
      throw new TarnException(
          data
              + ": expected a table (.csv), a directory with a directory of images for each class,"
              + " an .npz, an IDX file or the name of a data set");
    }
    TableGuess table = new TableGuess(path, label != null ? label : target, target != null);
    return new SourceGuess(
        stem, table.yaml(place), table.findings(), table.classifies(), table.canStratify(), false);
  }

  private static String relative(Path base, Path path) {
    Path from = base.toAbsolutePath().normalize();
    Path to = path.toAbsolutePath().normalize();
    boolean same = from.getRoot() != null && from.getRoot().equals(to.getRoot());
    return (same ? from.relativize(to) : to).toString().replace('\\', '/');
  }

  private static SourceGuess named(String data) {
    boolean pixels = !data.equals("digits") && !data.equals("iris");
    return new SourceGuess(
        data, List.of("set: " + data), List.of("data set '" + data + "'"), true, true, pixels);
  }

  private static SourceGuess npz(
      String stem, Path file, String place, @Nullable String label, @Nullable String target) {
    List<String> names = Npz.names(file);
    String features = one(names, List.of("x", "X", "x_train", "X_train", "features", "images"));
    String wanted = label != null ? label : target;
    String y = wanted != null ? wanted : one(names, List.of("y", "y_train", "labels", "label"));
    if (y == null) {
      y = one(names, List.of("targets", "target"));
    }
    if (features == null || y == null || !names.contains(y)) {
      throw new TarnException(
          file
              + ": expected an array x of features and y of classes; there are "
              + names
              + (features == null ? "" : "; name the classes with --label or --target"));
    }
    var array = Npz.read(file, y);
    boolean classes = target == null && array.element().isInteger() && array.shape().rank() == 1;
    List<String> yaml = new ArrayList<>();
    yaml.add("npz: " + Yaml.text(place));
    yaml.add("features: " + Yaml.text(features));
    yaml.add((classes ? "label: " : "targets: ") + Yaml.text(y));
    var x = Npz.read(file, features);
    return new SourceGuess(
        stem,
        yaml,
        List.of(
            "features: array '" + features + "' " + x.shape(),
            (classes ? "classes" : "numbers to predict") + ": array '" + y + "'"),
        classes,
        false,
        x.element().bytes() == 1);
  }

  private static @Nullable String one(List<String> names, List<String> wanted) {
    return wanted.stream().filter(names::contains).findFirst().orElse(null);
  }

  private static SourceGuess idx(
      String stem, Path file, String place, Path base, @Nullable String label) {
    String name = String.valueOf(file.getFileName());
    Path labels =
        label != null
            ? Path.of(label)
            : file.resolveSibling(name.replace("images", "labels").replace("idx3", "idx1"));
    if (labels.equals(file) || !Files.exists(labels)) {
      throw new TarnException(
          file + ": no file of its classes beside it; name it with --label FILE");
    }
    return new SourceGuess(
        stem,
        List.of("idx: " + Yaml.text(place), "label: " + Yaml.text(relative(base, labels))),
        List.of("features: " + name, "classes: " + labels.getFileName()),
        true,
        areMany(Idx.read(labels).ints().ints()),
        true);
  }

  /** Whether there are enough of each class for every part to have its share. */
  private static boolean areMany(int[] labels) {
    Map<Integer, Long> counts =
        Arrays.stream(labels).boxed().collect(Collectors.groupingBy(c -> c, Collectors.counting()));
    return counts.values().stream().allMatch(count -> count >= ENOUGH);
  }
}
