package dev.tarn.cli;

import dev.tarn.HostTensor;
import dev.tarn.TarnException;
import dev.tarn.data.ImageFolder;
import dev.tarn.data.ImageOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What a directory of images for each class seems to be. */
final class ImagesGuess {
  private static final int LARGEST_IMAGE = 64;
  private static final int LOOKED_AT = 50;
  private static final int NAMED = 3;

  /** The images of each class, in order. */
  private final List<List<Path>> classes = new ArrayList<>();

  /** What is in the directories and is no image. */
  private final List<Path> others = new ArrayList<>();

  private boolean gray = true;
  private boolean same = true;
  private int rows;
  private int columns;

  private ImagesGuess(Path directory) {
    for (Path entry : entries(directory)) {
      if (!Files.isDirectory(entry)) {
        others.add(entry);
        continue;
      }
      List<Path> images = new ArrayList<>();
      for (Path file : entries(entry)) {
        boolean image = ImageFiles.isImage(file) && Files.isRegularFile(file);
        (image ? images : others).add(file);
      }
      classes.add(images);
    }
    List<Path> all = classes.stream().flatMap(List::stream).toList();
    if (all.isEmpty()) {
      throw new TarnException(
          directory
              + ": no PNG or JPEG images in directories below it; expected one directory for each"
              + " class");
    }
    look(some());
  }

  /**
   * Looks at some images of each class.
   *
   * @throws TarnException if there are none, or none of these can be read
   */
  static SourceGuess of(String name, Path directory, String place) {
    ImagesGuess guess = new ImagesGuess(directory);
    return new SourceGuess(name, guess.yaml(place), guess.findings(directory), true, false, true);
  }

  private static List<Path> entries(Path directory) {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries
          .filter(path -> !String.valueOf(path.getFileName()).startsWith("."))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new TarnException(directory + ": cannot be read: " + e, e);
    }
  }

  /** Some of each class, at most as many in all. */
  private List<Path> some() {
    List<Path> found =
        classes.stream().flatMap(images -> images.stream().limit(LOOKED_AT)).toList();
    int step = Math.max(1, found.size() / LOOKED_AT);
    List<Path> some = new ArrayList<>();
    for (int i = 0; i < found.size(); i += step) {
      some.add(found.get(i));
    }
    return some;
  }

  private void look(List<Path> files) {
    @Nullable TarnException failure = null;
    for (Path file : files) {
      try {
        look(ImageFolder.image(file, ImageOptions.AS_THEY_ARE));
      } catch (TarnException e) {
        // the reader of all images counts those that are damaged
        failure = failure == null ? e : failure;
      }
    }
    if (rows == 0 && failure != null) {
      throw failure;
    }
  }

  private void look(HostTensor image) {
    int h = image.shape().dim(1);
    int w = image.shape().dim(2);
    same &= rows == 0 || (rows == h && columns == w);
    rows = Math.max(rows, h);
    columns = Math.max(columns, w);
    float[] values = image.floats();
    for (int i = 0; i < h * w && gray; i++) {
      gray = values[i] == values[i + h * w] && values[i] == values[i + 2 * h * w];
    }
  }

  private List<String> yaml(String place) {
    List<String> yaml = new ArrayList<>();
    yaml.add("images: " + Yaml.text(place));
    if (!same || Math.max(rows, columns) > LARGEST_IMAGE) {
      int side = Math.min(LARGEST_IMAGE, Math.min(rows, columns));
      yaml.add("size: [" + side + ", " + side + "] # rows and columns all images are brought to");
    }
    if (gray) {
      yaml.add("gray: true");
    }
    return yaml;
  }

  private List<String> findings(Path directory) {
    List<String> found = new ArrayList<>();
    found.add(
        String.format(
            Locale.ROOT,
            "%,d %s images in %,d classes, %s%d x %d pixels",
            classes.stream().mapToInt(List::size).sum(),
            gray ? "gray" : "colour",
            classes.size(),
            same ? "" : "up to ",
            rows,
            columns));
    if (!others.isEmpty()) {
      List<String> names =
          others.stream()
              .limit(NAMED)
              .map(file -> directory.relativize(file).toString().replace('\\', '/'))
              .toList();
      found.add(
          String.format(
              Locale.ROOT,
              "left out: %s%s (%s)",
              String.join(", ", names),
              others.size() > NAMED
                  ? String.format(Locale.ROOT, " and %,d more", others.size() - NAMED)
                  : "",
              "no PNG or JPEG files in a class's directory"));
    }
    return found;
  }
}
