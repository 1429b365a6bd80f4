package dev.tarn.cpu;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;

/**
 * Native memory as 4-byte elements that are copied to and from Java arrays in bulk.
 *
 * <p>A Java buffer holds less than 2 GiB, so a view is a row of buffers of 1 GiB each.
 */
final class View {
  private static final int SHIFT = 28;
  private static final int SEGMENT = 1 << SHIFT;

  private final FloatBuffer[] floats;
  private final IntBuffer[] ints;

  /** The elements at an address, which must stay allocated as long as the view is used. */
  View(long address, long elements) {
    int segments = (int) Math.max(1, (elements + SEGMENT - 1) >>> SHIFT);
    floats = new FloatBuffer[segments];
    ints = new IntBuffer[segments];
    for (int i = 0; i < segments; i++) {
      long first = (long) i << SHIFT;
      ByteBuffer bytes = bytes(address + 4 * first, 4 * Math.min(SEGMENT, elements - first));
      floats[i] = bytes.asFloatBuffer();
      ints[i] = bytes.asIntBuffer();
    }
  }

  private static ByteBuffer bytes(long address, long size) {
    if (size == 0) {
      return ByteBuffer.allocateDirect(0);
    }
    try (Memory.Address pointer = new Memory.Address(address)) {
      pointer.limit(size);
      return pointer.asByteBuffer().order(ByteOrder.nativeOrder());
    }
  }

  float getFloat(long at) {
    return floats[(int) (at >>> SHIFT)].get((int) at & (SEGMENT - 1));
  }

  int getInt(long at) {
    return ints[(int) (at >>> SHIFT)].get((int) at & (SEGMENT - 1));
  }

  void putFloat(long at, float value) {
    floats[(int) (at >>> SHIFT)].put((int) at & (SEGMENT - 1), value);
  }

  void putInt(long at, int value) {
    ints[(int) (at >>> SHIFT)].put((int) at & (SEGMENT - 1), value);
  }

  void get(long at, float[] to, int start, int count) {
    for (int n; count > 0; at += n, start += n, count -= n) {
      int offset = (int) at & (SEGMENT - 1);
      n = Math.min(count, SEGMENT - offset);
      floats[(int) (at >>> SHIFT)].get(offset, to, start, n);
    }
  }

  void put(long at, float[] from, int start, int count) {
    for (int n; count > 0; at += n, start += n, count -= n) {
      int offset = (int) at & (SEGMENT - 1);
      n = Math.min(count, SEGMENT - offset);
      floats[(int) (at >>> SHIFT)].put(offset, from, start, n);
    }
  }

  void get(long at, int[] to, int start, int count) {
    for (int n; count > 0; at += n, start += n, count -= n) {
      int offset = (int) at & (SEGMENT - 1);
      n = Math.min(count, SEGMENT - offset);
      ints[(int) (at >>> SHIFT)].get(offset, to, start, n);
    }
  }

  void put(long at, int[] from, int start, int count) {
    for (int n; count > 0; at += n, start += n, count -= n) {
      int offset = (int) at & (SEGMENT - 1);
      n = Math.min(count, SEGMENT - offset);
      ints[(int) (at >>> SHIFT)].put(offset, from, start, n);
    }
  }

  /** Copies elements of another view, which do not overlap these. */
  void put(long at, View from, long begin, long count) {
    for (long n; count > 0; at += n, begin += n, count -= n) {
      int to = (int) at & (SEGMENT - 1);
      int offset = (int) begin & (SEGMENT - 1);
      n = Math.min(count, SEGMENT - Math.max(to, offset));
      ints[(int) (at >>> SHIFT)].put(to, from.ints[(int) (begin >>> SHIFT)], offset, (int) n);
    }
  }
}
