package dev.tarn.cuda;

import dev.tarn.DType;
import java.util.List;

/**
 * How the threads of {@code softmax_rows.cuh} share rows of a length.
 *
 * @param width elements of an access: 4, or 1 where a row is not a multiple of 16 bytes
 * @param lanes threads a row: some of a warp, or a block
 * @param held accesses of a row that a thread holds; 0 if the row is too long for that
 */
record SoftmaxRows(int width, int lanes, int held) {
  private static final int WARP = 32;

  /** So many accesses of a thread are under way together before another thread is given the row. */
  private static final int AHEAD = 4;

  /** A thread of a block holds so many elements; with more of them registers would spill. */
  private static final int MOST_HELD = 16;

  private static final int MOST_LANES = 1024;

  static SoftmaxRows of(int columns) {
    int together = Kernels.together(DType.F32);
    int width = columns % together == 0 ? together : 1;
    int accesses = columns / width;
    int lanes = 1;
    while (lanes < WARP && accesses > AHEAD * lanes) {
      lanes *= 2;
    }
    if (columns > Steps.WARP_ROW) {
      lanes = Steps.BLOCK;
      while (lanes < MOST_LANES && columns > MOST_HELD * lanes) {
        lanes *= 2;
      }
    }
    boolean holds = columns <= Math.max(Steps.WARP_ROW, MOST_HELD * lanes);
    int each = (int) Steps.ceil(accesses, lanes);
    return new SoftmaxRows(width, lanes, holds ? Integer.highestOneBit(2 * each - 1) : 0);
  }

  /** What the kernels are compiled with. */
  List<String> definitions() {
    return List.of(
        "-DTARN_SINGLE=" + (width == 1 ? 1 : 0), "-DTARN_LANES=" + lanes, "-DTARN_HELD=" + held);
  }

  /** Threads of a block. */
  int block() {
    return Math.max(Steps.BLOCK, lanes);
  }

  /** Rows of a block. */
  int rows() {
    return block() / lanes;
  }
}
