package dev.tarn.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.HostTensor;
import dev.tarn.Spec;
import dev.tarn.TarnException;
import dev.tarn.data.Batches.Batch;
import dev.tarn.data.ImageOptions.Fit;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Images, against what the Python Imaging Library makes of them (images/write.py). */
final class ImageFolderTests {
  @TempDir Path directory;

  private static Path file(String name) throws URISyntaxException {
    return Path.of(ImageFolderTests.class.getResource("images/" + name).toURI());
  }

  private static void assertClose(String wanted, HostTensor image, double tolerance)
      throws URISyntaxException {
    HostTensor expected = Npy.read(file(wanted + ".npy")).floats();
    assertEquals(expected.shape(), image.shape());
    for (int i = 0; i < expected.size(); i++) {
      assertEquals(expected.get(i), image.get(i), tolerance, wanted + " at " + i);
    }
  }

  /** JPEG decoders may round differently. */
  @ParameterizedTest
  @CsvSource({
    "rgb.png, 0",
    "rgba.png, 0",
    "palette.png, 0",
    "gray.png, 0",
    "la.png, 0",
    "bits.png, 0",
    "gray16.png, 0",
    "photo.jpg, 4",
    "gray.jpg, 2"
  })
  void everyKind(String name, double tolerance) throws URISyntaxException {
    assertClose(name, ImageFolder.image(file(name), ImageOptions.AS_THEY_ARE), tolerance);
  }

  @Test
  void grayAndSizes() throws URISyntaxException {
    Path rgb = file("rgb.png");
    ImageOptions plain = ImageOptions.AS_THEY_ARE;
    assertClose("rgb-gray", ImageFolder.image(rgb, plain.withGray(true)), 0);
    assertClose("rgb-crop", ImageFolder.image(rgb, plain.withSize(5, 6)), 1);
    assertClose(
        "rgb-stretch", ImageFolder.image(rgb, plain.withSize(5, 6).withFit(Fit.STRETCH)), 1);
    assertClose(
        "rgb-larger", ImageFolder.image(rgb, plain.withSize(17, 20).withFit(Fit.STRETCH)), 1);
  }

  private void copy(String from, String to) throws IOException, URISyntaxException {
    Path target = directory.resolve(to);
    Files.createDirectories(target.getParent());
    Files.copy(file(from), target);
  }

  private String refused(ImageOptions options) {
    return assertThrows(TarnException.class, () -> ImageFolder.read(directory, options))
        .getMessage();
  }

  @Test
  void classesAreDirectoriesInOrder() throws IOException, URISyntaxException {
    copy("gray.png", "b/2.PNG");
    copy("rgb.png", "b/1.png");
    copy("photo.jpg", "a/x.jpeg");
    copy("rgb.png", "a/.hidden.png");
    copy("rgb.png", "a/deeper/y.png");
    Files.writeString(directory.resolve("a/notes.txt"), "no image");
    Files.writeString(directory.resolve("notes.txt"), "no class");
    for (long memory : new long[] {0, 1 << 20}) {
      DataSource source = ImageFolder.read(directory, ImageOptions.AS_THEY_ARE, memory);
      assertEquals(List.of("a", "b"), source.labels());
      assertEquals(List.of(Spec.f32(3, 13, 9)), source.data().features());
      assertEquals(2, source.data().classes());
      Batch batch = CsvTableTests.all(source.data());
      assertArrayEquals(new int[] {0, 1, 1}, batch.target().ints());
      float[] second = Arrays.copyOfRange(batch.feature().floats(), 351, 702);
      assertClose("rgb.png", HostTensor.of(second, 3, 13, 9), 0);
    }
  }

  @Test
  void oneSize() throws IOException, URISyntaxException {
    copy("rgb.png", "a/1.png");
    Files.createDirectories(directory.resolve("b"));
    java.awt.image.BufferedImage small =
        new java.awt.image.BufferedImage(4, 5, java.awt.image.BufferedImage.TYPE_INT_RGB);
    javax.imageio.ImageIO.write(small, "png", directory.resolve("b/1.png").toFile());
    assertEquals(
        directory.resolve("b/1.png")
            + ": 5 x 4 pixels where the first image has 13 x 9; give a size that all are brought to",
        refused(ImageOptions.AS_THEY_ARE));
    ImageFolder.read(directory, ImageOptions.AS_THEY_ARE.withSize(8, 8));
  }

  @Test
  void badImages() throws IOException, URISyntaxException {
    copy("rgb.png", "a/1.png");
    copy("rgb.png", "b/1.png");
    Path bad = directory.resolve("b/2.jpg");
    for (String name : List.of("photo.jpg", "rgb.png")) {
      byte[] bytes = Files.readAllBytes(file(name));
      Files.write(bad, Arrays.copyOf(bytes, bytes.length * 2 / 3));
      String message = refused(ImageOptions.AS_THEY_ARE);
      assertTrue(message.startsWith(bad + ": the image cannot be decoded ("), message);
      assertTrue(message.endsWith("); get it again, or save it as PNG in RGB"), message);
    }
    Files.copy(file("cmyk.jpg"), bad, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    assertTrue(
        refused(ImageOptions.AS_THEY_ARE).startsWith(bad + ": the image cannot be decoded ("));
    Files.writeString(bad, "this is text");
    assertEquals(
        bad + ": not a PNG or JPEG image, whatever its name says",
        refused(ImageOptions.AS_THEY_ARE));
    Files.writeString(bad, "");
    assertEquals(
        bad + ": not a PNG or JPEG image, whatever its name says",
        refused(ImageOptions.AS_THEY_ARE));
    byte[] giant = Files.readAllBytes(file("rgb.png"));
    giant[16] = 0x40;
    giant[20] = 0x40;
    Files.write(bad, giant);
    String message = refused(ImageOptions.AS_THEY_ARE);
    assertTrue(
        message.startsWith(bad + ": 1073741833 x 1073741837 pixels are too many")
            || message.contains("cannot be decoded"),
        message);
  }

  @Test
  void noClasses() throws IOException {
    assertEquals(
        directory + ": 0 directories; expected one for each class, two at least",
        refused(ImageOptions.AS_THEY_ARE));
    Files.createDirectories(directory.resolve("a"));
    Files.createDirectories(directory.resolve("b"));
    assertEquals(
        directory.resolve("a") + ": no PNG or JPEG images in it",
        refused(ImageOptions.AS_THEY_ARE));
    Path none = directory.resolve("none");
    assertEquals(
        none + ": no such directory",
        assertThrows(TarnException.class, () -> ImageFolder.read(none, ImageOptions.AS_THEY_ARE))
            .getMessage());
  }
}
