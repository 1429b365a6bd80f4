package dev.tarn.data;

import dev.tarn.TarnException;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/** What all readers share: opening, unpacking, and turning failures into explanations. */
final class DataFile {
  /** Deflate packs at most 1032 bytes into one. */
  private static final long MAX_RATIO = 1032;

  private static final int BUFFER = 1 << 16;
  private static final int FIRST_PIECE = 1 << 20;

  private DataFile() {}

  /** Something that reads. */
  interface Reading<T> {
    T read() throws IOException;
  }

  /** Runs what reads a file; an {@link IOException} becomes a {@link TarnException}. */
  static <T> T reading(Path file, Reading<T> body) {
    try {
      return body.read();
    } catch (NoSuchFileException e) {
      throw new TarnException(file + ": no such file", e);
    } catch (AccessDeniedException e) {
      throw new TarnException(file + ": access denied", e);
    } catch (EOFException e) {
      throw new TarnException(file + ": cut off before its end; get the file again", e);
    } catch (ZipException e) {
      throw new TarnException(
          file + ": packed data are damaged (" + e.getMessage() + "); get the file again", e);
    } catch (CharacterCodingException e) {
      throw new TarnException(file + ": not UTF-8 text; save it as UTF-8", e);
    } catch (IOException e) {
      String what = Files.isDirectory(file) ? "a directory, not a file" : "cannot be read: " + e;
      throw new TarnException(file + ": " + what, e);
    }
  }

  /** The bytes of a file, unpacked if the file begins as gzip does, whatever its name. */
  static InputStream open(Path file) throws IOException {
    InputStream raw = Files.newInputStream(file);
    InputStream in = new BufferedInputStream(Files.isRegularFile(file) ? raw : pipe(raw), BUFFER);
    try {
      in.mark(2);
      boolean packed = in.read() == 0x1f && in.read() == 0x8b;
      in.reset();
      return packed ? new GZIPInputStream(in, BUFFER) : in;
    } catch (IOException | RuntimeException e) {
      in.close();
      throw e;
    }
  }

  /** A stream that is not asked how much it holds: a pipe answers that with an error. */
  private static InputStream pipe(InputStream in) {
    return new FilterInputStream(in) {
      @Override
      public int available() {
        return 0;
      }
    };
  }

  /** The most bytes that {@link #open} can give, from the file's size alone. */
  static long mostBytes(Path file) throws IOException {
    long size = Files.size(file);
    try (InputStream in = Files.newInputStream(file)) {
      return in.read() == 0x1f && in.read() == 0x8b ? size * MAX_RATIO : size;
    }
  }

  /**
   * Exactly so many bytes; memory grows with what is there, not with what a header promises.
   *
   * @throws EOFException if there are fewer
   */
  static byte[] bytes(InputStream in, int count) throws IOException {
    byte[] bytes = new byte[Math.min(count, FIRST_PIECE)];
    int filled = 0;
    while (true) {
      int n = in.readNBytes(bytes, filled, bytes.length - filled);
      filled += n;
      if (filled < bytes.length) {
        throw new EOFException();
      }
      if (filled == count) {
        return bytes;
      }
      bytes = Arrays.copyOf(bytes, (int) Math.min(count, filled * 4L));
    }
  }

  /**
   * Refuses arrays of nothing.
   *
   * @throws TarnException if there are no bytes
   */
  static void requireSome(long bytes, int[] dims, String what) {
    if (bytes == 0) {
      throw new TarnException(what + ": an array of " + Arrays.toString(dims) + " has no values");
    }
  }

  /**
   * Refuses what cannot fit the Java heap.
   *
   * @throws TarnException naming {@code what}, its size and the remedy
   */
  static void requireHeap(long bytes, String what) {
    long most = Runtime.getRuntime().maxMemory();
    if (bytes > most / 4 * 3) {
      throw new TarnException(
          what
              + " needs "
              + megabytes(bytes)
              + " of memory, the Java heap has at most "
              + megabytes(most)
              + "; raise it with -Xmx");
    }
  }

  /** A text from a file, fit for a message. */
  static String quote(String text) {
    StringBuilder out = new StringBuilder("'");
    text.chars().limit(40).forEach(c -> out.append(c < ' ' ? '?' : (char) c));
    return out.append(text.length() > 40 ? "...'" : "'").toString();
  }

  private static String megabytes(long bytes) {
    return (bytes >> 20) + " MB";
  }
}
