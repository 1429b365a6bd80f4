package dev.tarn.data;

import dev.tarn.TarnException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Rows of bytes, all of one width, readable in any order: in memory while they are few, else in a
 * temporary file.
 *
 * <p>Text and images are parsed once into such rows, so data larger than memory cost disk space
 * rather than parsing in every epoch. Rows are appended by one thread and then read by any number.
 * The file goes away with the store or the process.
 */
final class RowStore implements AutoCloseable {
  private static final int BLOCK_BYTES = 1 << 22;
  private static final int FIRST_BLOCK = 1 << 14;
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  private final String name;
  private final int width;
  private final int blockBytes;
  private final long memoryBytes;
  private final List<byte[]> blocks = new ArrayList<>();
  private final List<FloatBuffer> numbers = new ArrayList<>();
  private byte[] last = new byte[0];
  private int used;
  private long stored;
  private int rows;
  private @Nullable FileChannel file;

  /**
   * An empty store.
   *
   * @param name what the rows are of, for messages
   * @param width the bytes of a row, at least 1
   * @param memoryBytes how many bytes may lie in memory; beyond, all move to a temporary file
   */
  RowStore(String name, int width, long memoryBytes) {
    this.name = name;
    this.width = width;
    this.blockBytes = Math.max(1, BLOCK_BYTES / width) * width;
    this.memoryBytes = memoryBytes;
  }

  /** The bytes that data of a reader may take in memory: a quarter of the largest Java heap. */
  static long defaultMemory() {
    return Runtime.getRuntime().maxMemory() / 4;
  }

  /** The number of rows. */
  int rows() {
    return rows;
  }

  /** Whether the rows lie in a file. */
  boolean inFile() {
    return file != null;
  }

  /** Appends a row. */
  void append(byte[] row) {
    makeRoom();
    System.arraycopy(row, 0, last, used, width);
    used += width;
    rows++;
  }

  /** Appends a row of 32-bit numbers. */
  void append(float[] row) {
    makeRoom();
    ByteBuffer.wrap(last, used, width).order(ORDER).asFloatBuffer().put(row, 0, width / 4);
    used += width;
    rows++;
  }

  private void makeRoom() {
    if (rows == Integer.MAX_VALUE) {
      throw new TarnException(name + ": more than 2^31 - 1 examples; split the data");
    }
    if (used + width <= last.length) {
      return;
    }
    if (last.length < blockBytes) {
      long larger = Math.max(last.length * 4L, Math.max(FIRST_BLOCK / width, 1L) * width);
      last = Arrays.copyOf(last, (int) Math.min(blockBytes, larger));
      return;
    }
    keepBlock();
    last = file == null ? new byte[blockBytes] : last;
    used = 0;
  }

  /** Moves the full last block to the others. */
  private void keepBlock() {
    if (file == null && stored + used > memoryBytes) {
      write(this::openFile);
      for (byte[] block : blocks) {
        write(() -> put(block, block.length));
      }
      blocks.clear();
    }
    if (file == null) {
      blocks.add(last);
    } else {
      write(() -> put(last, used));
    }
    stored += used;
  }

  /** Ends appending: what is left in memory is not larger than it must be. */
  RowStore finish() {
    if (file != null) {
      write(() -> put(last, used));
      last = new byte[0];
    } else {
      blocks.add(Arrays.copyOf(last, used));
      last = new byte[0];
      blocks.forEach(block -> numbers.add(numbers(ByteBuffer.wrap(block))));
    }
    used = 0;
    return this;
  }

  private interface Writing {
    void write() throws IOException;
  }

  private void write(Writing body) {
    try {
      body.write();
    } catch (IOException e) {
      throw new TarnException(
          name
              + ": larger than the memory for it, and no room for a temporary copy ("
              + e.getMessage()
              + "); set -Djava.io.tmpdir to a disk with space, or raise -Xmx",
          e);
    }
  }

  private void openFile() throws IOException {
    Path path = Files.createTempFile("tarn-data", ".bin");
    file =
        FileChannel.open(
            path,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE,
            StandardOpenOption.DELETE_ON_CLOSE);
  }

  private void put(byte[] bytes, int count) throws IOException {
    ByteBuffer from = ByteBuffer.wrap(bytes, 0, count);
    while (from.hasRemaining() && file != null) {
      file.write(from);
    }
  }

  /** Copies a row of 32-bit numbers. */
  void floats(int row, float[] to, int at) {
    long position = (long) row * width;
    FileChannel channel = file;
    if (channel == null) {
      FloatBuffer block = numbers.get((int) (position / blockBytes));
      block.get((int) (position % blockBytes) / Float.BYTES, to, at, width / Float.BYTES);
    } else {
      numbers(read(channel, position)).get(to, at, width / Float.BYTES);
    }
  }

  private static FloatBuffer numbers(ByteBuffer bytes) {
    return bytes.order(ORDER).asFloatBuffer();
  }

  /** Copies a row of unsigned bytes as numbers from 0 to 255. */
  void unsigned(int row, float[] to, int at) {
    long position = (long) row * width;
    FileChannel channel = file;
    byte[] block;
    int from = 0;
    if (channel == null) {
      block = blocks.get((int) (position / blockBytes));
      from = (int) (position % blockBytes);
    } else {
      block = read(channel, position).array();
    }
    for (int i = 0; i < width; i++) {
      to[at + i] = block[from + i] & 0xff;
    }
  }

  private ByteBuffer read(FileChannel channel, long position) {
    ByteBuffer to = ByteBuffer.allocate(width);
    try {
      while (to.hasRemaining()) {
        if (channel.read(to, position + to.position()) < 0) {
          throw new IOException("it ends early");
        }
      }
    } catch (IOException e) {
      throw new TarnException(name + ": the temporary copy cannot be read: " + e, e);
    }
    return to.flip();
  }

  /** Deletes the temporary file, if there is one. */
  @Override
  public void close() {
    try {
      if (file != null) {
        file.close();
      }
    } catch (IOException e) {
      throw new TarnException(name + ": the temporary copy cannot be closed: " + e, e);
    }
  }
}
