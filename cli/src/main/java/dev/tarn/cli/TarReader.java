package dev.tarn.cli;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Reads an archive of tar, one entry after the other (POSIX.1-1988, ustar). */
final class TarReader implements AutoCloseable {
  /** Thrown where an archive cannot be read further. */
  static final class Damaged extends IOException {
    private static final long serialVersionUID = 1;

    Damaged(String why) {
      super(why);
    }
  }

  private static final int BLOCK = 512;
  private static final int SIZE = 124;
  private static final int SIZE_LENGTH = 12;
  private static final int NAME_LENGTH = 100;

  private final InputStream in;
  private long size;
  private long left;
  private long padding;

  /** An archive, unpacked. */
  TarReader(InputStream in) {
    this.in = in;
  }

  /**
   * Goes on to the next entry.
   *
   * @return its name, or null at the end
   * @throws Damaged if the archive is none, or cut off
   */
  @Nullable String next() throws IOException {
    skip(left + padding);
    byte[] header = in.readNBytes(BLOCK);
    if (header.length == 0 || header[0] == 0) {
      return null;
    }
    if (header.length < BLOCK) {
      throw new Damaged("cut off");
    }
    String octal = text(header, SIZE, SIZE_LENGTH).strip();
    if (!octal.matches("[0-7]{1,11}")) {
      throw new Damaged("not an archive of tar");
    }
    size = Long.parseLong(octal, 8);
    left = size;
    padding = (BLOCK - size % BLOCK) % BLOCK;
    return text(header, 0, NAME_LENGTH);
  }

  /** The size of the entry's content. */
  long size() {
    return size;
  }

  /** The entry's content, once; to close it does not close the archive. */
  InputStream content() {
    return new FilterInputStream(in) {
      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
      }

      @Override
      public int read(byte[] to, int offset, int length) throws IOException {
        if (left == 0) {
          return -1;
        }
        int count = readSome(to, offset, (int) Math.min(length, left));
        left -= count;
        return count;
      }

      @Override
      public void close() {
        // The archive goes on.
      }
    };
  }

  private void skip(long bytes) throws IOException {
    byte[] buffer = new byte[1 << 16];
    for (long rest = bytes; rest > 0; ) {
      rest -= readSome(buffer, 0, (int) Math.min(buffer.length, rest));
    }
  }

  private int readSome(byte[] to, int offset, int length) throws IOException {
    int count = in.read(to, offset, length);
    if (count < 0) {
      throw new Damaged("cut off");
    }
    return count;
  }

  private static String text(byte[] header, int from, int length) {
    int end = from;
    while (end < from + length && header[end] != 0) {
      end++;
    }
    return new String(header, from, end - from, StandardCharsets.ISO_8859_1);
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
