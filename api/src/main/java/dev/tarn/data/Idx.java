package dev.tarn.data;

import dev.tarn.Shape;
import dev.tarn.TarnException;
import dev.tarn.data.NumberArray.Element;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * The IDX format of the MNIST data set: big-endian arrays of numbers, plain or in gzip.
 *
 * <p>Two zero bytes, the code of the element type, the number of axes, each extent in four bytes,
 * then the elements in row-major order (Y. LeCun, C. Cortes, C. Burges, "The MNIST database of
 * handwritten digits").
 */
public final class Idx {
  private static final int MAX_AXES = 8;

  private Idx() {}

  /**
   * Reads an array.
   *
   * @throws TarnException naming the file if it is missing, not IDX, cut off, longer than its
   *     header says, or too large for the Java heap
   */
  public static NumberArray read(Path file) {
    return DataFile.reading(
        file,
        () -> {
          try (InputStream in = DataFile.open(file)) {
            return read(in, file, DataFile.mostBytes(file));
          }
        });
  }

  /** Reads several files at once, each on a thread of its own. */
  static List<NumberArray> readAll(List<Path> files) {
    List<CompletableFuture<NumberArray>> all =
        files.stream().map(file -> CompletableFuture.supplyAsync(() -> read(file))).toList();
    try {
      return all.stream().map(CompletableFuture::join).toList();
    } catch (CompletionException e) {
      if (e.getCause() instanceof TarnException explained) {
        throw explained;
      }
      throw e;
    }
  }

  private static NumberArray read(InputStream in, Path file, long most) throws IOException {
    byte[] magic = in.readNBytes(4);
    if (magic.length < 4 || magic[0] != 0 || magic[1] != 0) {
      throw new TarnException(
          file + ": not an IDX file: it begins with " + hex(magic) + " rather than 0000");
    }
    Element element = element(magic[2], file);
    int axes = magic[3];
    if (axes < 1 || axes > MAX_AXES) {
      throw new TarnException(
          file + ": an IDX file of 1 to " + MAX_AXES + " axes was expected, this one has " + axes);
    }
    int[] dims = new int[axes];
    ByteBuffer extents = ByteBuffer.wrap(DataFile.bytes(in, axes * 4));
    long count = 1;
    for (int axis = 0; axis < axes; axis++) {
      long extent = extents.getInt() & 0xffffffffL;
      dims[axis] = (int) Math.min(extent, Integer.MAX_VALUE);
      // beyond any file's size the product need not be exact
      count = Math.min(Integer.MAX_VALUE, count) * dims[axis];
    }
    long bytes = Math.min(1L << 59, count) * element.bytes();
    DataFile.requireSome(bytes, dims, file.toString());
    if (bytes > most) {
      throw new TarnException(
          file
              + ": the header promises "
              + Arrays.toString(dims)
              + ", more than the file can hold; it is cut off or damaged: get it again");
    }
    if (bytes > Integer.MAX_VALUE - 8) {
      throw new TarnException(
          file + ": " + Arrays.toString(dims) + " is more than 2 GB; split the file");
    }
    DataFile.requireHeap(bytes, file.toString());
    byte[] values;
    try {
      values = DataFile.bytes(in, (int) bytes);
    } catch (EOFException e) {
      throw new TarnException(
          file
              + ": cut off: the header promises "
              + Arrays.toString(dims)
              + ", the file has less; get it again",
          e);
    }
    if (in.read() >= 0) {
      throw new TarnException(
          file
              + ": longer than the "
              + Arrays.toString(dims)
              + " that its header promises; damaged: get it again");
    }
    return new NumberArray(file.toString(), element, Shape.of(dims), values, ByteOrder.BIG_ENDIAN);
  }

  private static Element element(byte code, Path file) {
    return switch (code) {
      case 0x08 -> Element.U8;
      case 0x09 -> Element.I8;
      case 0x0B -> Element.I16;
      case 0x0C -> Element.I32;
      case 0x0D -> Element.F32;
      case 0x0E -> Element.F64;
      default ->
          throw new TarnException(
              file
                  + ": IDX element type "
                  + String.format("0x%02X", code)
                  + " is unknown; there are 08, 09, 0B, 0C, 0D and 0E");
    };
  }

  private static String hex(byte[] bytes) {
    StringBuilder out = new StringBuilder();
    for (byte b : bytes) {
      out.append(String.format("%02x", b));
    }
    return out.isEmpty() ? "nothing" : out.toString();
  }
}
