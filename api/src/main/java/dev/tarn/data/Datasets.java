package dev.tarn.data;

import dev.tarn.HostTensor;
import dev.tarn.TarnException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.zip.GZIPInputStream;

/** Data sets that come with Tarn. */
public final class Datasets {
  private Datasets() {}

  /** The names that {@link #named} knows. */
  public static List<String> names() {
    return List.of("digits", "iris");
  }

  /**
   * A data set by name.
   *
   * @throws TarnException if there is none of that name
   */
  public static Dataset named(String name) {
    return switch (name) {
      case "digits" -> digits();
      case "iris" -> iris();
      default -> throw new TarnException("no data set '" + name + "'; there are " + names());
    };
  }

  /**
   * Handwritten digits: 1,797 images of 8 x 8 pixels from 0 to 16, as vectors f32 {@code [64]}; 10
   * classes (UCI Optical Recognition of Handwritten Digits, test part).
   */
  public static Dataset digits() {
    return embedded("digits8x8.csv.gz", 10);
  }

  /** Iris flowers: 150 examples of four lengths in centimetres; 3 species (Fisher 1936). */
  public static Dataset iris() {
    return embedded("iris.csv", 3);
  }

  private static Dataset embedded(String file, int classes) {
    try (InputStream in = Datasets.class.getResourceAsStream(file)) {
      if (in == null) {
        throw new TarnException("data: " + file + " is missing from Tarn's jar");
      }
      InputStream plain = file.endsWith(".gz") ? new GZIPInputStream(in) : in;
      Reader reader = new InputStreamReader(plain, StandardCharsets.UTF_8);
      CsvTable table = CsvTable.read(reader, file);
      int columns = table.columns() - 1;
      float[] features = new float[table.rows() * columns];
      int[] labels = new int[table.rows()];
      for (int row = 0; row < labels.length; row++) {
        for (int column = 0; column < columns; column++) {
          features[row * columns + column] = table.get(row, column);
        }
        labels[row] = (int) table.get(row, columns);
      }
      return new ArrayDataset(
          HostTensor.of(features, labels.length, columns),
          HostTensor.of(labels, labels.length),
          classes);
    } catch (IOException e) {
      throw new TarnException("data: cannot read " + file + ": " + e.getMessage(), e);
    }
  }
}
