package dev.tarn.cpu;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;

/**
 * The heap tiles and other scratch of one thread.
 *
 * <p>C2 turns a loop over Java arrays with one index into vector code, but not one over native
 * memory, and not {@code Float.floatToRawIntBits}: so data is copied into tiles that stay in the
 * first-level cache, and bits change their type by a copy through a native tile.
 */
final class Workspace {
  /** Elements in a tile. */
  static final int TILE = 2048;

  /**
   * The length of the array of a tile. Java lays arrays that are made one after another side by
   * side: those of this length begin at the same place of a 64-byte line, so that the loops'
   * vectors cross lines in none if they do not in one, and the 41st of 64 sets of the first-level
   * cache further, so that the beginnings of ten lie far apart there.
   */
  private static final int LENGTH = TILE + (41 * 64 - 16) / Float.BYTES;

  /** Float tiles for the registers of tapes; see {@link #reserve}. */
  float[][] floats = new float[0][];

  /** Integer tiles for the registers of tapes. */
  int[][] ints = new int[0][];

  /** The registers of a tape that hold one value for all elements. */
  float[] scalars = new float[0];

  /** Tiles that a kernel may use while it runs. */
  final float[] f0 = tile();

  final float[] f1 = tile();
  final float[] f2 = tile();
  final float[] f3 = tile();
  final int[] i0 = new int[LENGTH];
  final int[] i1 = new int[LENGTH];
  final int[] sign = new int[LENGTH];
  final double[] sums = new double[TILE];
  final double[] d0 = new double[TILE];
  final double[] d1 = new double[TILE];
  final int[][] lanes = new int[8][TILE / 4];

  final ChannelTiles.Scratch channels = new ChannelTiles.Scratch();

  final MaxPooling.Scratch pooling = new MaxPooling.Scratch();

  private final float[][] large = new float[3][0];
  private final FloatBuffer floatBits;
  private final IntBuffer intBits;

  Workspace() {
    ByteBuffer bytes = ByteBuffer.allocateDirect(4 * TILE).order(ByteOrder.nativeOrder());
    floatBits = bytes.asFloatBuffer();
    intBits = bytes.asIntBuffer();
  }

  /** An array for a tile of floats. */
  static float[] tile() {
    return new float[LENGTH];
  }

  /** Makes sure that a tape finds enough registers. */
  void reserve(int floatTiles, int intTiles, int scalarCount) {
    if (floats.length < floatTiles) {
      floats = new float[floatTiles][LENGTH];
    }
    if (ints.length < intTiles) {
      ints = new int[intTiles][LENGTH];
    }
    if (scalars.length < scalarCount) {
      scalars = new float[scalarCount];
    }
  }

  /** One of three arrays of at least so many floats, for data that does not fit a tile. */
  float[] large(int which, int count) {
    if (large[which].length < count) {
      large[which] = new float[count];
    }
    return large[which];
  }

  /** Copies the bits of floats into integers. */
  void toInts(float[] from, int[] to, int n) {
    floatBits.put(0, from, 0, n);
    intBits.get(0, to, 0, n);
  }

  /** Copies the bits of integers into floats. */
  void toFloats(int[] from, float[] to, int count) {
    for (int done = 0; done < count; done += TILE) {
      int n = Math.min(TILE, count - done);
      intBits.put(0, from, done, n);
      floatBits.get(0, to, done, n);
    }
  }
}
