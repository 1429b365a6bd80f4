package dev.tarn.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.Spec;
import dev.tarn.TarnException;
import dev.tarn.data.Batches.Batch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class NamedDatasetTests {
  @TempDir Path directory;

  private static NamedDataset named(String name) {
    return Datasets.catalogue().stream()
        .filter(s -> s.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static byte[] idx(int count, boolean images) {
    ByteBuffer out = ByteBuffer.allocate(images ? 16 + count * 784 : 8 + count);
    out.putInt(images ? 0x803 : 0x801).putInt(count);
    if (images) {
      out.putInt(28).putInt(28);
    }
    for (int i = 0; out.hasRemaining(); i++) {
      out.put((byte) (images ? i * 31 : i % 10));
    }
    return out.array();
  }

  private void mnist() throws IOException {
    Files.write(directory.resolve("train-images-idx3-ubyte.gz"), IdxTests.gzip(idx(30, true)));
    Files.write(directory.resolve("train-labels-idx1-ubyte"), idx(30, false));
    Files.write(directory.resolve("t10k-images-idx3-ubyte"), idx(12, true));
    Files.write(directory.resolve("t10k-labels-idx1-ubyte.gz"), IdxTests.gzip(idx(12, false)));
  }

  @Test
  void mnistFromPlainAndPackedFiles() throws IOException {
    mnist();
    DataSource source = Datasets.source("mnist", directory);
    assertEquals(30, source.data().size());
    assertEquals(List.of(Spec.f32(1, 28, 28)), source.data().features());
    Dataset test = source.test();
    assertNotNull(test);
    assertEquals(12, test.size());
    Batch batch = CsvTableTests.all(test);
    assertArrayEquals(new int[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1}, batch.target().ints());
    assertEquals(31, batch.feature().get(1));
    assertEquals((784 * 31) % 256, batch.feature().get(784));
    Dataset.Split split = source.split(0.8, 0.2, 0, false, 1);
    assertEquals(
        List.of(24, 6, 12),
        List.of(split.train().size(), split.validation().size(), split.test().size()));
  }

  @Test
  void whatIsWrongWithTheFiles() throws IOException {
    mnist();
    Path labels = directory.resolve("train-labels-idx1-ubyte");
    byte[] bytes = idx(30, false);
    bytes[8 + 4] = 17;
    Files.write(labels, bytes);
    assertEquals(labels + ": example 4 has label 17, not one of 0 to 9", refused("mnist"));
    Files.write(labels, idx(29, false));
    assertEquals(
        labels
            + ": [29] does not fit the features [30,28,28] of "
            + directory.resolve("train-images-idx3-ubyte.gz")
            + "; one label for each example was expected",
        refused("mnist"));
    Files.delete(labels);
    assertEquals(
        "data set 'mnist': no [train-labels-idx1-ubyte] in " + directory, refused("mnist"));
    assertTrue(refused("minst").startsWith("no data set 'minst'; there are [digits, iris, mnist"));
  }

  private String refused(String name) {
    return assertThrows(TarnException.class, () -> Datasets.source(name, directory)).getMessage();
  }

  @Test
  void notFoundTellsHowToGetIt() {
    String before = System.getProperty(NamedDataset.DIRECTORY);
    System.setProperty(NamedDataset.DIRECTORY, directory.toString());
    try {
      assertEquals(directory.resolve("cifar10"), named("cifar10").places().get(0));
      String message =
          assertThrows(TarnException.class, () -> Datasets.named("cifar10")).getMessage();
      assertTrue(
          message.startsWith("data set 'cifar10': not found in [" + directory.resolve("cifar10")),
          message);
      assertTrue(
          message.endsWith(
              "; 'tarn datasets --download cifar10' puts it into " + directory.resolve("cifar10")),
          message);
    } finally {
      if (before == null) {
        System.clearProperty(NamedDataset.DIRECTORY);
      } else {
        System.setProperty(NamedDataset.DIRECTORY, before);
      }
    }
  }

  @Test
  void cifar() throws IOException {
    byte[] batch = new byte[10_000 * 3073];
    for (int i = 0; i < 10_000; i++) {
      batch[i * 3073] = (byte) (i % 10);
      batch[i * 3073 + 1 + 1024] = (byte) 200;
    }
    for (String file : Cifar.FILES) {
      Files.write(directory.resolve(file), batch);
    }
    DataSource source = Datasets.source("cifar10", directory);
    assertEquals(50_000, source.data().size());
    assertEquals(10_000, source.test().size());
    Batch one = Batch.zeros(source.data().features(), source.data().targets(), 1);
    source.data().gather(new int[] {20_003}, 0, one);
    assertEquals(3, one.target().get(0));
    assertEquals(200, one.feature().get(1024));
    assertEquals(0, one.feature().get(1023));
    batch[3073 * 7] = 11;
    Path third = directory.resolve(Cifar.FILES[2]);
    Files.write(third, batch);
    assertEquals(
        third + ": image 7 has label 11, not one of 0 to 9; damaged, or not CIFAR-10: get it again",
        refused("cifar10"));
    Files.write(third, java.util.Arrays.copyOf(batch, 3073 * 5 + 8));
    assertEquals(third + ": cut off before its end; get the file again", refused("cifar10"));
  }

  @Test
  void fashionMnistWhereItIsInstalled() {
    NamedDataset set = named("fashion-mnist");
    Assumptions.assumeTrue(set.find() != null, "fashion-mnist is not installed");
    assertEquals(List.of(), set.changed(null));
    DataSource source = Datasets.source("fashion-mnist", null);
    assertEquals(60_000, source.data().size());
    assertEquals("Ankle boot", source.labels().get(9));
    // the first training image is an ankle boot
    Batch one = Batch.zeros(source.data().features(), source.data().targets(), 1);
    source.data().gather(new int[] {0}, 0, one);
    assertEquals(9, one.target().get(0));
  }

  @Test
  void ownData() {
    assertEquals(1797, Datasets.named("digits").size());
    assertEquals(10, Datasets.named("digits").classes());
    assertEquals(
        List.of("setosa", "versicolor", "virginica"), Datasets.source("iris", null).labels());
  }

  @Test
  void examplesFromJava() {
    Dataset classes = Examples.of(new float[][] {{1, 2}, {3, 4}}, new int[] {1, 0}, 2);
    assertArrayEquals(new float[] {1, 2, 3, 4}, CsvTableTests.all(classes).feature().floats());
    assertArrayEquals(new int[] {1, 0}, CsvTableTests.all(classes).target().ints());
    Dataset numbers =
        Examples.collect(List.of(1f, 2f, 3f), x -> new float[] {x}, x -> new float[] {x * x, -x});
    assertArrayEquals(
        new float[] {1, -1, 4, -2, 9, -3}, CsvTableTests.all(numbers).target().floats());
    assertEquals(0, numbers.classes());
    assertEquals(
        "data: example 1 has 1 features, expected 2",
        assertThrows(
                TarnException.class,
                () -> Examples.of(new float[][] {{1, 2}, {3}}, new int[] {1, 0}, 2))
            .getMessage());
    assertEquals(
        "data: example 1 has NaN among its features",
        assertThrows(
                TarnException.class,
                () -> Examples.of(new float[][] {{1}, {Float.NaN}}, new int[] {1, 0}, 2))
            .getMessage());
    assertEquals(
        "data: example 0 has label 2, not one of 0 to 1",
        assertThrows(TarnException.class, () -> Examples.of(new float[][] {{1}}, new int[] {2}, 2))
            .getMessage());
    assertThrows(TarnException.class, () -> Examples.of(new float[0][], new int[0], 2));
    assertThrows(TarnException.class, () -> Examples.of(new float[0][], new float[0][]));
  }
}
