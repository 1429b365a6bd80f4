package dev.tarn.data;

import dev.tarn.TarnException;
import java.io.IOException;
import java.io.InputStream;
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
      return CsvTable.read(plain, file, CsvFormat.labelled("-1"), Long.MAX_VALUE).dataset();
    } catch (IOException e) {
      throw new TarnException("data: cannot read " + file + ": " + e.getMessage(), e);
    }
  }
}
