package dev.tarn.cuda;

import java.util.List;

/**
 * How {@code convolution.cu} cuts its product: channels and pixels of a block. A larger tile loads
 * less for each product, and leaves fewer blocks. The bits are the same with each.
 */
record StrictTile(int channels, int pixels) {
  /** With fewer channels than this a tile would be mostly empty: a thread computes one result. */
  static final int LEAST = 8;

  private static final StrictTile NARROW = new StrictTile(32, 256);
  private static final StrictTile MIDDLE = new StrictTile(64, 128);
  private static final StrictTile LONG = new StrictTile(64, 256);
  private static final StrictTile WIDE = new StrictTile(128, 128);

  /** The most taps of a window that a mask holds. */
  private static final int MOST_TAPS = 64;

  /** So many blocks of a large tile are enough to take it unmeasured. */
  private static final int LARGE_BLOCKS = 96;

  /**
   * Tiles that may be the fastest; first what is a good guess.
   *
   * @param m channels of a group
   */
  static List<StrictTile> candidates(int groups, int m, long pixels, int taps) {
    if (m <= NARROW.channels) {
      return List.of(NARROW);
    }
    if (taps > MOST_TAPS) {
      return List.of(MIDDLE);
    }
    StrictTile large = WIDE.rows(m) * 2 > LONG.rows(m) ? LONG : WIDE;
    return large.blocks(groups, m, pixels) >= LARGE_BLOCKS
        ? List.of(large, MIDDLE)
        : List.of(MIDDLE, large);
  }

  /** How many tiles the channels of a group take. */
  long rows(int m) {
    return Steps.ceil(m, channels);
  }

  private long blocks(int groups, int m, long pixels) {
    return groups * rows(m) * Steps.ceil(pixels, this.pixels);
  }

  /**
   * The definitions that say how taps are found in the image: by masks of so many bits, or each.
   */
  static String taps(int taps) {
    return "-DTARN_TAPS=" + (taps <= 32 ? 32 : taps <= MOST_TAPS ? MOST_TAPS : 0);
  }

  List<String> definitions(int taps) {
    return List.of("-DTARN_CHANNELS=" + channels, "-DTARN_PIXELS=" + pixels, taps(taps));
  }
}
