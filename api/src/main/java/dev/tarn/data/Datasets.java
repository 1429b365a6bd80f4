package dev.tarn.data;

import dev.tarn.TarnException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/** Data sets known by name: some come with Tarn, others are found on the machine. */
public final class Datasets {
  private static final List<String> CLOTHES =
      List.of(
          "T-shirt/top",
          "Trouser",
          "Pullover",
          "Dress",
          "Coat",
          "Sandal",
          "Shirt",
          "Sneaker",
          "Bag",
          "Ankle boot");

  private Datasets() {}

  /** All that is known by name, with what it is and where it is looked for. */
  public static List<NamedDataset> catalogue() {
    return DatasetCatalogue.ALL;
  }

  /** The names that {@link #named} knows. */
  public static List<String> names() {
    return DatasetCatalogue.ALL.stream().map(NamedDataset::name).toList();
  }

  /**
   * A data set by name, without the test part if it has one.
   *
   * @throws TarnException as {@link #source} does
   */
  public static Dataset named(String name) {
    return source(name, null).data();
  }

  /**
   * A data set by name, with its test part and the names of its classes.
   *
   * @param directory where its files are, or null to look for them
   * @throws TarnException if there is none of that name, or its files are not there or damaged
   */
  public static DataSource source(String name, @Nullable Path directory) {
    NamedDataset known =
        DatasetCatalogue.ALL.stream()
            .filter(set -> set.name().equals(name))
            .findFirst()
            .orElseThrow(
                () -> new TarnException("no data set '" + name + "'; there are " + names()));
    return switch (name) {
      case "digits" -> DataSource.of(name, digits());
      case "iris" ->
          new DataSource(name, iris(), null, List.of("setosa", "versicolor", "virginica"), null);
      case "cifar10" -> Cifar.read(known.files(directory));
      default -> {
        List<String> labels = name.equals("mnist") ? List.of() : CLOTHES;
        yield LabelledArrays.images(name, known.files(directory), labels);
      }
    };
  }

  /**
   * Handwritten digits: 1,797 images of 8 x 8 pixels from 0 to 16, as vectors f32 {@code [64]}; 10
   * classes (UCI Optical Recognition of Handwritten Digits, test part).
   */
  public static Dataset digits() {
    return embedded("digits8x8.csv.gz");
  }

  /** Iris flowers: 150 examples of four lengths in centimetres; 3 species (Fisher 1936). */
  public static Dataset iris() {
    return embedded("iris.csv");
  }

  private static Dataset embedded(String file) {
    try (InputStream in = Datasets.class.getResourceAsStream(file)) {
      if (in == null) {
        throw new TarnException("data: " + file + " is missing from Tarn's jar");
      }
      InputStream plain = file.endsWith(".gz") ? new GZIPInputStream(in) : in;
      return CsvTable.read(plain, file, CsvFormat.labelled("-1"), null, Long.MAX_VALUE).dataset();
    } catch (IOException e) {
      throw new TarnException("data: cannot read " + file + ": " + e.getMessage(), e);
    }
  }
}
