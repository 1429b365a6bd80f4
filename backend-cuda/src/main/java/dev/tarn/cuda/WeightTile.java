package dev.tarn.cuda;

import java.util.ArrayList;
import java.util.List;

/**
 * How {@code convolution_tensor_weight.cu} cuts its product: tiles of a block and of a warp in
 * channels and in terms, and stages of shared memory. A larger tile reads less for each product,
 * and leaves fewer blocks. The bits are the same with each.
 */
record WeightTile(int down, int across, int warpDown, int warpAcross, int stages) {
  /** The tile by which the pixels are cut into chunks, whatever tile runs. */
  static final int SIDE = 64;

  /** Rows of a tile are so much further apart, against conflicts of banks. */
  private static final int GAP = 8;

  /** Bytes that a stage has of each channel and term. */
  private static final int DEPTH = 64;

  private static final int WARP = 32;

  /** Tiles that may be the fastest; first what is a good guess. */
  static List<WeightTile> candidates(int channels, long terms) {
    List<WeightTile> all = new ArrayList<>();
    if (channels <= 16) {
      all.add(new WeightTile(16, 64, 16, 32, 4));
    }
    if (channels <= 32) {
      all.add(new WeightTile(32, 64, 32, 32, 4));
      all.add(new WeightTile(32, 128, 32, 32, 4));
    } else {
      all.add(new WeightTile(64, 64, 32, 32, 4));
      all.add(new WeightTile(64, 128, 64, 32, 4));
    }
    if (channels > SIDE && terms > SIDE) {
      all.add(new WeightTile(128, 128, 64, 32, 3));
      all.add(new WeightTile(128, 128, 64, 64, 3));
    }
    return all;
  }

  List<String> definitions() {
    return List.of(
        "-DTARN_DOWN=" + down,
        "-DTARN_ACROSS=" + across,
        "-DTARN_WARP_DOWN=" + warpDown,
        "-DTARN_WARP_ACROSS=" + warpAcross,
        "-DTARN_STAGES=" + stages);
  }

  int threads() {
    return WARP * (down / warpDown) * (across / warpAcross);
  }

  /** The bytes of shared memory that a block needs. */
  int sharedBytes() {
    return stages * DEPTH * (down + across + 2 * GAP);
  }
}
