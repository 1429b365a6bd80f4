package dev.tarn.cuda;

import java.util.Locale;

/** Sizes of memory as text. */
final class Bytes {
  private Bytes() {}

  /** A size such as {@code 1.5 MiB}. */
  static String text(long bytes) {
    if (bytes < 1L << 20) {
      return String.format(Locale.ROOT, "%.1f KiB", bytes / 1024.0);
    }
    return bytes < 1L << 30
        ? String.format(Locale.ROOT, "%.1f MiB", bytes / (double) (1L << 20))
        : String.format(Locale.ROOT, "%.1f GiB", bytes / (double) (1L << 30));
  }
}
