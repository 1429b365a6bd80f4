package dev.tarn.cli;

import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.TarnException;
import dev.tarn.config.RunConfig;
import dev.tarn.config.SourceConfig;
import dev.tarn.data.Batches.Batch;
import dev.tarn.data.Dataset;
import dev.tarn.data.ImageFolder;
import dev.tarn.data.ImageOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** Images to predict from, decoded when they are asked for. */
final class ImageFiles implements Dataset {
  private final List<Path> files;
  private final ImageOptions options;
  private final Shape shape;

  private ImageFiles(List<Path> files, ImageOptions options, Shape shape) {
    this.files = files;
    this.options = options;
    this.shape = shape;
  }

  static boolean isImage(Path file) {
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    return name.endsWith(".png") || name.endsWith(".jpg") || name.endsWith(".jpeg");
  }

  /**
   * An image, or the images in a directory in the order of their names.
   *
   * @param model the shape that the model takes
   * @throws TarnException if the model takes no images, or there are none
   */
  static ImageFiles of(Path fileOrDirectory, RunConfig config, Shape model) {
    int channels = model.rank() == 3 ? model.dim(0) : 0;
    if (channels != 1 && channels != 3) {
      throw new TarnException(
          fileOrDirectory + ": images, but the model takes " + model + "; give it a table (.csv)");
    }
    ImageOptions trained =
        config.data().source() instanceof SourceConfig.Images images
            ? images.options()
            : ImageOptions.AS_THEY_ARE.withGray(channels == 1);
    List<Path> files = files(fileOrDirectory);
    if (files.isEmpty()) {
      throw new TarnException(fileOrDirectory + ": no PNG or JPEG images in it");
    }
    return new ImageFiles(files, trained.withSize(model.dim(1), model.dim(2)), model);
  }

  private static List<Path> files(Path place) {
    if (!Files.isDirectory(place)) {
      if (!Files.exists(place)) {
        throw new TarnException(place + ": no such file");
      }
      return List.of(place);
    }
    try (Stream<Path> entries = Files.list(place)) {
      return entries.filter(ImageFiles::isImage).sorted().toList();
    } catch (IOException e) {
      throw new TarnException(place + ": cannot be read: " + e, e);
    }
  }

  /** The files' names, in order. */
  List<String> names() {
    return files.stream().map(file -> String.valueOf(file.getFileName())).toList();
  }

  @Override
  public int size() {
    return files.size();
  }

  @Override
  public List<Spec> features() {
    return List.of(Spec.f32(shape));
  }

  @Override
  public List<Spec> targets() {
    return List.of();
  }

  @Override
  public int classes() {
    return 0;
  }

  @Override
  public void gather(int[] indices, int from, Batch batch) {
    float[] to = batch.feature().floats();
    int size = shape.intSize();
    for (int i = 0; i < batch.size(); i++) {
      float[] image = ImageFolder.image(files.get(indices[from + i]), options).floats();
      System.arraycopy(image, 0, to, i * size, size);
    }
  }
}
