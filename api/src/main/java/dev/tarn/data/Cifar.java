package dev.tarn.data;

import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.TarnException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;

/**
 * The binary version of CIFAR-10: in each file 10,000 records of a label and an image {@code [3,
 * 32, 32]}, a byte a sample.
 */
final class Cifar {
  static final String[] FILES = {
    "data_batch_1.bin",
    "data_batch_2.bin",
    "data_batch_3.bin",
    "data_batch_4.bin",
    "data_batch_5.bin",
    "test_batch.bin"
  };

  private static final int PER_FILE = 10_000;

  /** The size of a file. */
  static final long BYTES = PER_FILE * 3073L;

  private static final Shape IMAGE = Shape.of(3, 32, 32);
  private static final List<String> LABELS =
      List.of(
          "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck");

  private Cifar() {}

  static DataSource read(List<Path> files) {
    int test = files.size() - 1;
    return new DataSource(
        "cifar10", part(files.subList(0, test)), part(files.subList(test, test + 1)), LABELS, null);
  }

  private static Dataset part(List<Path> files) {
    int size = IMAGE.intSize();
    DataFile.requireHeap((long) files.size() * PER_FILE * size, "cifar10");
    byte[] images = new byte[files.size() * PER_FILE * size];
    int[] labels = new int[files.size() * PER_FILE];
    for (int i = 0; i < files.size(); i++) {
      Path file = files.get(i);
      int first = i * PER_FILE;
      DataFile.reading(
          file,
          () -> {
            try (InputStream in = DataFile.open(file)) {
              for (int n = first; n < first + PER_FILE; n++) {
                byte[] record = DataFile.bytes(in, 1 + size);
                if (record[0] < 0 || record[0] >= LABELS.size()) {
                  throw new TarnException(
                      file
                          + ": image "
                          + (n - first)
                          + " has label "
                          + (record[0] & 0xff)
                          + ", not one of 0 to 9; damaged, or not CIFAR-10: get it again");
                }
                labels[n] = record[0];
                System.arraycopy(record, 1, images, n * size, size);
              }
              if (in.read() >= 0) {
                throw new TarnException(file + ": longer than " + PER_FILE + " images");
              }
              return file;
            }
          });
    }
    return new BytesDataset(images, IMAGE, HostTensor.of(labels, labels.length), LABELS.size());
  }
}
