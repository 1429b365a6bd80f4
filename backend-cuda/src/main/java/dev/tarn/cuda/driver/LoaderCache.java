package dev.tarn.cuda.driver;

import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The dynamic loader's list of known libraries, {@code /etc/ld.so.cache}.
 *
 * <p>The format is glibc's {@code struct cache_file_new} (elf/dl-cache.h): a header of 48 bytes,
 * entries of 24, then the strings.
 */
final class LoaderCache {
  private static final byte[] MAGIC = "glibc-ld.so.cache1.1".getBytes(StandardCharsets.US_ASCII);
  private static final int HEADER = 48;
  private static final int ENTRY = 24;

  /** FLAG_ELF_LIBC6 | FLAG_X8664_LIB64. */
  private static final int X86_64 = 0x0303;

  private LoaderCache() {}

  /**
   * Returns the paths of the x86-64 libraries whose name begins with {@code prefix}, in order; none
   * if there is no cache, or not in this format.
   */
  static List<Path> libraries(Path cache, String prefix) {
    try {
      return parse(Files.readAllBytes(cache), prefix);
    } catch (IOException | IndexOutOfBoundsException | BufferUnderflowException e) {
      return List.of();
    }
  }

  private static List<Path> parse(byte[] bytes, String prefix) {
    int start = indexOfMagic(bytes);
    if (start < 0) {
      return List.of();
    }
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int count = in.getInt(start + MAGIC.length);
    List<Path> found = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int entry = start + HEADER + i * ENTRY;
      boolean usable = in.getInt(entry) == X86_64;
      if (usable && string(bytes, start + in.getInt(entry + 4)).startsWith(prefix)) {
        found.add(Path.of(string(bytes, start + in.getInt(entry + 8))));
      }
    }
    return found;
  }

  /** The format follows an older one in the caches of old systems. */
  private static int indexOfMagic(byte[] bytes) {
    for (int i = 0; i + MAGIC.length <= bytes.length; i += 4) {
      if (Arrays.equals(bytes, i, i + MAGIC.length, MAGIC, 0, MAGIC.length)) {
        return i;
      }
    }
    return -1;
  }

  private static String string(byte[] bytes, int start) {
    int end = start;
    while (bytes[end] != 0) {
      end++;
    }
    return new String(bytes, start, end - start, StandardCharsets.UTF_8);
  }
}
