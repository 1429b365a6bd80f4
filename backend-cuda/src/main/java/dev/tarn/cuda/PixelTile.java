package dev.tarn.cuda;

import java.util.ArrayList;
import java.util.List;

/**
 * How {@code convolution_tensor.cu} cuts its product: {@link #PIXELS} pixels and some channels of a
 * block, and the pixels and channels of a warp. A larger tile of a warp reads less of shared memory
 * for each product, and leaves fewer warps. The bits are the same with each, but that those of
 * {@code wgmma} may be others.
 */
record PixelTile(int channels, int warpPixels, int warpChannels, boolean wgmma) {
  /** The pixels of a block. */
  static final int PIXELS = 128;

  private static final PixelTile NARROW = new PixelTile(32, 32, 32);
  private static final PixelTile MIDDLE = new PixelTile(64, 64, 32);
  private static final PixelTile WIDE = new PixelTile(128, 64, 32);

  /** So many blocks of the wide tile are enough to take it unmeasured. */
  private static final int WIDE_BLOCKS = 256;

  private static final int WARP = 32;

  /** Warps that multiply together by {@code wgmma}. */
  private static final int WARPGROUP = 4;

  /**
   * Tiles that may be the fastest; first what is a good guess.
   *
   * @param m channels
   * @param rows of blocks
   * @param sums whether results are summed too, of which the bits depend on the pixels of a warp
   * @param wgmma whether to multiply by that, of which the bits may differ from the others'
   */
  static List<PixelTile> candidates(int m, long rows, boolean sums, boolean wgmma) {
    if (wgmma) {
      PixelTile narrow = wgmma(m <= NARROW.channels ? NARROW.channels : MIDDLE.channels);
      return m < WIDE.channels ? List.of(narrow) : List.of(wgmma(WIDE.channels), narrow);
    }
    if (m <= NARROW.channels) {
      return sums ? List.of(NARROW) : List.of(NARROW, new PixelTile(32, 64, 32));
    }
    PixelTile square = new PixelTile(64, 64, 64);
    if (m < WIDE.channels) {
      return List.of(MIDDLE, square);
    }
    boolean many = rows * Steps.ceil(m, WIDE.channels) >= WIDE_BLOCKS;
    PixelTile large = new PixelTile(128, 64, 64);
    return many ? List.of(WIDE, MIDDLE, large, square) : List.of(MIDDLE, WIDE, square, large);
  }

  PixelTile(int channels, int warpPixels, int warpChannels) {
    this(channels, warpPixels, warpChannels, false);
  }

  /** A warpgroup with all channels of a block. */
  private static PixelTile wgmma(int channels) {
    return new PixelTile(channels, PIXELS / WARPGROUP, channels, true);
  }

  List<String> definitions() {
    List<String> all = new ArrayList<>();
    all.add("-DTARN_CHANNELS=" + channels);
    all.add("-DTARN_WARP_PIXELS=" + warpPixels);
    all.add("-DTARN_WARP_CHANNELS=" + warpChannels);
    if (wgmma) {
      all.add(Kernels.WITH_WGMMA);
    }
    return all;
  }

  /** How many channels' sums the last block combines, of m in all. */
  int width(int m) {
    return channels == NARROW.channels ? m : channels;
  }

  int threads() {
    return WARP * (PIXELS / warpPixels) * (channels / warpChannels);
  }
}
