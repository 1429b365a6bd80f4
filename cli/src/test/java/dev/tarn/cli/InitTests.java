package dev.tarn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.HostTensor;
import dev.tarn.data.NamedDataset;
import dev.tarn.data.Npy;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** 'tarn init' on every kind of data: the file it writes trains as it is. */
final class InitTests {
  private static final int PER_CLASS = 12;

  @TempDir private Path directory;
  private String before = "";

  @BeforeEach
  void dataDirectory() {
    before = System.getProperty(NamedDataset.DIRECTORY, "");
    System.setProperty(NamedDataset.DIRECTORY, directory.resolve("sets").toString());
  }

  @AfterEach
  void restore() {
    if (before.isEmpty()) {
      System.clearProperty(NamedDataset.DIRECTORY);
    } else {
      System.setProperty(NamedDataset.DIRECTORY, before);
    }
  }

  private Path write(String name, byte[] bytes) throws IOException {
    Path file = directory.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.write(file, bytes);
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream packed = new GZIPOutputStream(out)) {
      packed.write(bytes);
    }
    return out.toByteArray();
  }

  /** Writes the run file, trains three steps with it as it is, and gives its text. */
  private String initAndTrain(String data, String... options) throws IOException {
    Path yaml = directory.resolve("run.yaml");
    List<String> init = new ArrayList<>(List.of("init", data, "-o", yaml.toString()));
    init.addAll(List.of(options));
    Tarn.ok(init.toArray(String[]::new));
    Tarn.Result trained =
        Tarn.ok(
            "train",
            yaml.toString(),
            "train.stop={steps: 3}",
            "--no-report",
            "--json",
            "--runs",
            directory.resolve("runs").toString());
    assertEquals(3, trained.json().get("steps").getAsInt());
    return Files.readString(yaml);
  }

  /** Images of two classes, one of them brighter. */
  private static byte[] images(int count, int side) {
    ByteBuffer out = ByteBuffer.allocate(16 + count * side * side);
    out.putInt(0x803).putInt(count).putInt(side).putInt(side);
    for (int i = 0; out.hasRemaining(); i++) {
      out.put((byte) (i / (side * side) % 2 * 90 + i * 31 % 100));
    }
    return out.array();
  }

  private static byte[] labels(int count, int classes) {
    ByteBuffer out = ByteBuffer.allocate(8 + count);
    out.putInt(0x801).putInt(count);
    for (int i = 0; i < count; i++) {
      out.put((byte) (i % classes));
    }
    return out.array();
  }

  @ParameterizedTest
  @CsvSource({
    "digits-images.idx3-ubyte, digits-labels.idx1-ubyte, false",
    "train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, true",
    "images.idx, labels.idx, false",
    "images.idx.gz, labels.idx.gz, true",
  })
  void idx(String features, String classes, boolean packed) throws IOException {
    byte[] x = images(2 * PER_CLASS, 9);
    byte[] y = labels(2 * PER_CLASS, 2);
    Path file = write(features, packed ? gzip(x) : x);
    write(classes, packed ? gzip(y) : y);
    String text = initAndTrain(file.toString());
    assertTrue(text.contains("idx: " + features), text);
    assertTrue(text.contains("label: " + classes), text);
    assertTrue(text.contains("- conv2d:") && text.contains("- dense: 2 #"), text);
  }

  @Test
  void idxWithLabelsOfAnotherName() throws IOException {
    Path file = write("pictures.idx", images(2 * PER_CLASS, 9));
    Path classes = write("kinds/all.idx", labels(2 * PER_CLASS, 2));
    String text = initAndTrain(file.toString(), "--label", classes.toString());
    assertTrue(text.contains("label: kinds/all.idx"), text);
    assertRefused(
        file + ": no file of its classes beside it; name it with --label FILE", file.toString());
  }

  private Path npz(Map<String, HostTensor> arrays) throws IOException {
    Path file = directory.resolve("data.npz");
    Path npy = directory.resolve("array.npy");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
      for (Map.Entry<String, HostTensor> each : new TreeMap<>(arrays).entrySet()) {
        Npy.write(npy, each.getValue());
        zip.putNextEntry(new ZipEntry(each.getKey() + ".npy"));
        zip.write(Files.readAllBytes(npy));
      }
    }
    return file;
  }

  private static HostTensor numbers(int... dims) {
    int size = 1;
    for (int dim : dims) {
      size *= dim;
    }
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (i * 37 % 101) / 10f;
    }
    return HostTensor.of(values, dims);
  }

  private static HostTensor classes(int count) {
    int[] values = new int[count];
    for (int i = 0; i < count; i++) {
      values[i] = i % 3;
    }
    return HostTensor.of(values, count);
  }

  @Test
  void npzOfClassesAndOfNumbers() throws IOException {
    String text = initAndTrain(npz(Map.of("x", numbers(40, 5), "y", classes(40))).toString());
    assertTrue(text.contains("label: y") && text.contains("- dense: 3 #"), text);
    Files.delete(directory.resolve("run.yaml"));
    text =
        initAndTrain(
            npz(Map.of("X_train", numbers(40, 2, 12, 12), "y_train", numbers(40))).toString());
    assertTrue(text.contains("targets: y_train") && text.contains("loss: mse"), text);
    Files.delete(directory.resolve("run.yaml"));
    String file =
        npz(Map.of("x", numbers(40, 5), "rent", numbers(40, 2), "kind", classes(40))).toString();
    assertTrue(initAndTrain(file, "--target", "rent").contains("units: 2"), "two numbers");
    Files.delete(directory.resolve("run.yaml"));
    assertTrue(initAndTrain(file, "--label", "kind").contains("label: kind"), "a class");
    Files.delete(directory.resolve("run.yaml"));
    assertRefused(
        file
            + ": expected an array x of features and y of classes; there are [kind, rent, x]; name"
            + " the classes with --label or --target",
        file);
    assertRefused(
        file
            + ": expected an array x of features and y of classes; there are [kind, rent, x]; name"
            + " the classes with --label or --target",
        file,
        "--label",
        "colour");
  }

  @ParameterizedTest
  @ValueSource(strings = {"size,town,colour,kind", "town,kind"})
  void columnsOfManyCategories(String header) throws IOException {
    StringBuilder table = new StringBuilder(header).append('\n');
    for (int i = 0; i < 200; i++) {
      String row = header.replace("size", i % 7 + ".5").replace("town", "t" + i % 30);
      row = row.replace("colour", i % 3 == 0 ? "red" : "blue");
      table.append(row.replace("kind", i % 2 == 0 ? "a" : "b")).append('\n');
    }
    Path file = Files.writeString(directory.resolve("towns.csv"), table);
    String text = initAndTrain(file.toString());
    assertTrue(text.contains("  embed: #") && text.contains("    town: auto"), text);
    assertFalse(text.contains("colour: auto"), text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"gray", "colour", "sizes"})
  void imageDirectories(String kind) throws IOException {
    for (String name : List.of("cats & dogs", "mice")) {
      for (int i = 0; i < PER_CLASS; i++) {
        int side = kind.equals("sizes") ? 70 + 5 * i : 10;
        BufferedImage image = new BufferedImage(side, side, BufferedImage.TYPE_INT_RGB);
        for (int p = 0; p < side * side; p++) {
          int v = (name.length() * 13 + p * i) % 256;
          image.setRGB(p % side, p / side, kind.equals("gray") ? v * 0x10101 : v << 16 | 30);
        }
        Path file = directory.resolve("photos").resolve(name).resolve(i + ".png");
        Files.createDirectories(file.getParent());
        ImageIO.write(image, "png", file.toFile());
      }
    }
    Path photos = directory.resolve("photos");
    Files.writeString(photos.resolve("mice/notes.txt"), "no image");
    Files.writeString(photos.resolve("about.txt"), "no image");
    Files.writeString(photos.resolve("mice/.hidden"), "no image");
    Tarn.Result found = Tarn.run("init", photos.toString(), "-o", photos + ".yaml");
    String pixels = kind.equals("sizes") ? "up to 125 x 125" : "10 x 10";
    assertEquals(
        List.of(
            "24 "
                + (kind.equals("gray") ? "gray" : "colour")
                + " images in 2 classes, "
                + pixels
                + " pixels",
            "left out: about.txt, mice/notes.txt (no PNG or JPEG files in a class's directory)"),
        found.out().lines().limit(2).toList());
    String text = initAndTrain(photos.toString());
    assertEquals(kind.equals("gray"), text.contains("gray: true"), text);
    assertEquals(kind.equals("sizes"), text.contains("size: [64, 64]"), text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"digits", "iris", "mnist", "fashion-mnist"})
  void namedSets(String name) throws IOException {
    if (name.endsWith("mnist")) {
      for (String part : List.of("train", "t10k")) {
        write("sets/" + name + "/" + part + "-images-idx3-ubyte.gz", gzip(images(200, 28)));
        write("sets/" + name + "/" + part + "-labels-idx1-ubyte", labels(200, 10));
      }
    }
    String text = initAndTrain(name);
    assertTrue(text.contains("set: " + name), text);
    assertTrue(text.contains(name.equals("iris") ? "- dense: 3 #" : "- dense: 10 #"), text);
  }

  /** Its files have a fixed size: the model is made for them, and not trained here. */
  @Test
  void cifar() throws IOException {
    byte[] records = new byte[10_000 * 3073];
    for (int i = 0; i < 10_000; i++) {
      records[i * 3073] = (byte) (i % 10);
      records[i * 3073 + 1 + i % 3072] = (byte) 200;
    }
    byte[] packed = gzip(records);
    for (int i = 1; i <= 5; i++) {
      write("sets/cifar10/data_batch_" + i + ".bin.gz", packed);
    }
    write("sets/cifar10/test_batch.bin.gz", packed);
    String yaml = directory.resolve("run.yaml").toString();
    assertEquals(0, Tarn.run("init", "cifar10", "-o", yaml).code());
    Tarn.Result summary = Tarn.ok("summary", yaml, "--batch", "2", "--device", "cpu");
    assertTrue(summary.out().contains("[3,32,32]"), summary.out());
  }

  @Test
  void setsThatAreNotHere() {
    Path place = directory.resolve("sets/cifar10");
    assertRefused(
        "data set 'cifar10': not found in ["
            + place
            + ", /usr/share/datasets/cifar10]; 'tarn datasets --download cifar10' puts it into "
            + place,
        "cifar10");
  }

  private void assertRefused(String message, String... arguments) {
    List<String> init = new ArrayList<>(List.of("init"));
    init.addAll(List.of(arguments));
    init.addAll(List.of("-o", directory.resolve("none.yaml").toString()));
    Tarn.Result result = Tarn.run(init.toArray(String[]::new));
    assertEquals("tarn: " + message, result.err().strip());
    assertEquals(1, result.code());
    assertEquals("", result.out());
    assertFalse(Files.exists(directory.resolve("none.yaml")));
  }

  @Test
  void badData() throws IOException {
    byte[] x = images(2 * PER_CLASS, 9);
    Path file = write("bad-images.idx", java.util.Arrays.copyOf(x, 100));
    write("bad-labels.idx", labels(2 * PER_CLASS, 2));
    assertRefused(
        file
            + ": the header promises [24, 9, 9], more than the file can hold; it is cut off or"
            + " damaged: get it again",
        file.toString());
    write("bad-images.idx", x);
    Path labels = write("bad-labels.idx", labels(3, 2));
    assertRefused(
        labels
            + ": [3] does not fit the features [24,9,9] of "
            + file
            + "; one label for each example was expected",
        file.toString());
    Path text = write("text.npz", "text".getBytes());
    assertRefused(
        text + ": packed data are damaged (zip END header not found); get the file again",
        text.toString());
    Path sheet = write("table.xlsx", new byte[10]);
    assertRefused(
        sheet
            + ": expected a table (.csv), a directory with a directory of images for each class, an"
            + " .npz, an IDX file or the name of a data set",
        sheet.toString());
    Path image = write("photos/a/1.png", new byte[10]);
    assertRefused(
        image + ": not a PNG or JPEG image, whatever its name says",
        directory.resolve("photos").toString());
    ImageIO.write(
        new BufferedImage(9, 9, BufferedImage.TYPE_INT_RGB),
        "png",
        Files.createDirectory(directory.resolve("photos/b")).resolve("1.png").toFile());
    write("photos/b/2.png", new byte[10]);
    assertRefused(
        image + ": not a PNG or JPEG image, whatever its name says\n(and 1 more such images)",
        directory.resolve("photos").toString());
  }
}
