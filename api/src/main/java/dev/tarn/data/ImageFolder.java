package dev.tarn.data;

import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.TarnException;
import dev.tarn.data.ImageFile.Pixels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Images in directories, one directory for each class.
 *
 * <p>Classes are numbered in the order of the directories' names, images follow in the order of
 * theirs. Files other than {@code .png}, {@code .jpg} and {@code .jpeg}, hidden ones, and
 * directories inside a class's are left out. Every image is decoded once, on all processors, and
 * kept as bytes: in memory while they fit a quarter of the Java heap, else in a temporary file.
 */
public final class ImageFolder {
  private static final int AT_ONCE = 256;

  private ImageFolder() {}

  /**
   * Reads all images: f32 {@code [C, H, W]} from 0 to 255.
   *
   * @throws TarnException naming the file if one cannot be decoded or, where no size is asked for,
   *     is of another size than the first; or the directory if it has fewer than two classes
   */
  public static DataSource read(Path directory, ImageOptions options) {
    return read(directory, options, RowStore.defaultMemory());
  }

  static DataSource read(Path directory, ImageOptions options, long memoryBytes) {
    requireDesktop();
    List<Path> classes = list(directory, true);
    if (classes.size() < 2) {
      throw new TarnException(
          directory
              + ": "
              + classes.size()
              + " directories; expected one for each class, two at least");
    }
    List<Path> files = new ArrayList<>();
    List<Integer> labels = new ArrayList<>();
    for (int label = 0; label < classes.size(); label++) {
      List<Path> images = list(classes.get(label), false);
      if (images.isEmpty()) {
        throw new TarnException(classes.get(label) + ": no PNG or JPEG images in it");
      }
      files.addAll(images);
      for (int i = 0; i < images.size(); i++) {
        labels.add(label);
      }
    }
    List<String> failures = new ArrayList<>();
    Pixels first = first(files, options);
    RowStore rows = new RowStore(directory.toString(), first.values().length, memoryBytes);
    try {
      for (int from = 0; from < files.size(); from += AT_ONCE) {
        List<Path> some = files.subList(from, Math.min(files.size(), from + AT_ONCE));
        List<Pixels> images = decode(some, options, first, failures);
        if (failures.isEmpty()) {
          images.forEach(image -> rows.append(image.values()));
        }
      }
      if (!failures.isEmpty()) {
        int others = failures.size() - 1;
        String more = others > 0 ? "\n(and " + others + " more such images)" : "";
        throw new TarnException(failures.get(0) + more);
      }
    } catch (RuntimeException e) {
      rows.close();
      throw e;
    }
    Shape shape = Shape.of(options.channels(), first.height(), first.width());
    int[] targets = labels.stream().mapToInt(label -> label).toArray();
    Dataset data =
        new StoredDataset(
            rows.finish(), true, shape, HostTensor.of(targets, targets.length), classes.size());
    List<String> names = classes.stream().map(path -> String.valueOf(path.getFileName())).toList();
    return new DataSource(directory.toString(), data, null, names, null);
  }

  /**
   * Reads one image: f32 {@code [C, H, W]} from 0 to 255.
   *
   * @throws TarnException naming the file if it cannot be decoded
   */
  public static HostTensor image(Path file, ImageOptions options) {
    requireDesktop();
    Pixels pixels = ImageFile.read(file, options, 1);
    float[] values = new float[pixels.values().length];
    for (int i = 0; i < values.length; i++) {
      values[i] = pixels.values()[i] & 0xff;
    }
    return HostTensor.of(values, options.channels(), pixels.height(), pixels.width());
  }

  private static void requireDesktop() {
    if (ModuleLayer.boot().findModule("java.desktop").isEmpty()) {
      throw new TarnException(
          "images: this Java has no module java.desktop, which decodes them; use a full Java");
    }
  }

  /** The first image that can be decoded. */
  private static Pixels first(List<Path> files, ImageOptions options) {
    TarnException failure = new TarnException("no images");
    for (int i = 0; i < files.size(); i++) {
      try {
        return ImageFile.read(files.get(i), options, 1);
      } catch (TarnException e) {
        failure = i == 0 ? e : failure;
      }
    }
    throw failure;
  }

  /**
   * Decodes some files.
   *
   * @param failures receives what is wrong with each that cannot be used
   */
  private static List<Pixels> decode(
      List<Path> files, ImageOptions options, Pixels first, List<String> failures) {
    int threads = Runtime.getRuntime().availableProcessors();
    Pixels[] images = new Pixels[files.size()];
    String[] wrong = new String[files.size()];
    IntStream.range(0, images.length)
        .parallel()
        .forEach(
            i -> {
              try {
                images[i] = ImageFile.read(files.get(i), options, threads);
                if (images[i].height() != first.height() || images[i].width() != first.width()) {
                  wrong[i] =
                      String.format(
                          "%s: %d x %d pixels where the first image has %d x %d; give a size that"
                              + " all are brought to",
                          files.get(i),
                          images[i].height(),
                          images[i].width(),
                          first.height(),
                          first.width());
                }
              } catch (TarnException e) {
                wrong[i] = e.getMessage();
              }
            });
    Stream.of(wrong).filter(failure -> failure != null).forEach(failures::add);
    return Arrays.asList(images);
  }

  private static List<Path> list(Path directory, boolean directories) {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries
          .filter(path -> !String.valueOf(path.getFileName()).startsWith("."))
          .filter(path -> directories ? Files.isDirectory(path) : isImage(path))
          .sorted((a, b) -> a.getFileName().toString().compareTo(b.getFileName().toString()))
          .toList();
    } catch (NoSuchFileException e) {
      throw new TarnException(directory + ": no such directory", e);
    } catch (NotDirectoryException e) {
      throw new TarnException(directory + ": a file, not a directory", e);
    } catch (IOException e) {
      throw new TarnException(directory + ": cannot be read: " + e, e);
    }
  }

  private static boolean isImage(Path path) {
    String name = path.getFileName().toString().toLowerCase(Locale.ROOT);
    boolean known = name.endsWith(".png") || name.endsWith(".jpg") || name.endsWith(".jpeg");
    return known && Files.isRegularFile(path);
  }
}
