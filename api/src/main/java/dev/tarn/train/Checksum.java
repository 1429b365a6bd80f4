package dev.tarn.train;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * The CRC-32C (RFC 3720, appendix B.4) of a safetensors file as it would be with {@link #UNKNOWN}
 * in the place of the checksum itself. Processors have an instruction for it.
 */
final class Checksum {
  /** Its name among the file's metadata. */
  static final String KEY = "crc32c";

  /** What stands for it while it is not known. */
  static final String UNKNOWN = "00000000";

  private final CRC32C crc = new CRC32C();

  /** Adds what remains in a buffer, whose position stays. */
  void add(ByteBuffer bytes) {
    crc.update(bytes.duplicate());
  }

  /** As many digits as {@link #UNKNOWN}. */
  String text() {
    return String.format("%08x", crc.getValue());
  }

  /** A header's text with no checksum in it. */
  static String without(String checksum, String header) {
    return header.replace(entry(checksum), entry(UNKNOWN));
  }

  private static String entry(String checksum) {
    return '"' + KEY + "\":\"" + checksum + '"';
  }
}
