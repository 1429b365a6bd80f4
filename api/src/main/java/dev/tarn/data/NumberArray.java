package dev.tarn.data;

import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.TarnException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * An array of numbers as a file holds it: element type, shape and row-major bytes.
 *
 * <p>It is kept as it is, so images of bytes take one byte a pixel; {@link #floats()} and {@link
 * #ints()} convert.
 */
public final class NumberArray {
  /** The type of an element. */
  public enum Element {
    /** 8-bit unsigned integer. */
    U8(1),
    /** 8-bit signed integer. */
    I8(1),
    /** One byte, 0 for false. */
    BOOL(1),
    /** 16-bit signed integer. */
    I16(2),
    /** 16-bit unsigned integer. */
    U16(2),
    /** 32-bit signed integer. */
    I32(4),
    /** 64-bit signed integer. */
    I64(8),
    /** 32-bit floating point. */
    F32(4),
    /** 64-bit floating point. */
    F64(8);

    private final int bytes;

    Element(int bytes) {
      this.bytes = bytes;
    }

    /** The size of one element. */
    public int bytes() {
      return bytes;
    }

    /** Whether elements are whole numbers. */
    public boolean isInteger() {
      return this != F32 && this != F64;
    }
  }

  private final String name;
  private final Element element;
  private final Shape shape;
  private final ByteBuffer bytes;

  NumberArray(String name, Element element, Shape shape, byte[] bytes, ByteOrder order) {
    this.name = name;
    this.element = element;
    this.shape = shape;
    this.bytes = ByteBuffer.wrap(bytes).order(order);
  }

  /** The file, and the entry in it, for messages. */
  public String name() {
    return name;
  }

  /** The type of the elements in the file. */
  public Element element() {
    return element;
  }

  /** The shape. */
  public Shape shape() {
    return shape;
  }

  /** The storage in the file's byte order, not a copy. */
  byte[] bytes() {
    return bytes.array();
  }

  /** The element at a flat row-major index. */
  public double get(int index) {
    return switch (element) {
      case U8 -> bytes.get(index) & 0xff;
      case I8 -> bytes.get(index);
      case BOOL -> bytes.get(index) == 0 ? 0 : 1;
      case I16 -> bytes.getShort(index * 2);
      case U16 -> bytes.getShort(index * 2) & 0xffff;
      case I32 -> bytes.getInt(index * 4);
      case I64 -> bytes.getLong(index * 8);
      case F32 -> bytes.getFloat(index * 4);
      case F64 -> bytes.getDouble(index * 8);
    };
  }

  /** The values as f32 of the same shape, rounded. */
  public HostTensor floats() {
    int size = shape.intSize();
    DataFile.requireHeap(4L * size, name);
    float[] out = new float[size];
    if (element == Element.F32) {
      bytes.duplicate().order(bytes.order()).asFloatBuffer().get(out);
    } else if (element == Element.U8) {
      byte[] from = bytes.array();
      for (int i = 0; i < size; i++) {
        out[i] = from[i] & 0xff;
      }
    } else {
      for (int i = 0; i < size; i++) {
        out[i] = (float) get(i);
      }
    }
    return HostTensor.of(out, shape);
  }

  /**
   * The values as i32 of the same shape.
   *
   * @throws TarnException naming the first value that is not a 32-bit integer
   */
  public HostTensor ints() {
    int size = shape.intSize();
    DataFile.requireHeap(4L * size, name);
    int[] out = new int[size];
    for (int i = 0; i < size; i++) {
      double value = get(i);
      out[i] = (int) value;
      boolean whole = element == Element.I64 ? bytes.getLong(i * 8) == out[i] : out[i] == value;
      if (!whole) {
        throw new TarnException(
            name + ": element " + place(i) + " is " + text(i) + ", not a 32-bit integer");
      }
    }
    return HostTensor.of(out, shape);
  }

  /**
   * This array, all of whose values are finite.
   *
   * @throws TarnException naming the first that is not
   */
  public NumberArray requireFinite() {
    if (!element.isInteger()) {
      int size = shape.intSize();
      for (int i = 0; i < size; i++) {
        // a double beyond the range of f32 becomes infinite
        if (!Float.isFinite((float) get(i))) {
          throw new TarnException(
              name
                  + ": element "
                  + place(i)
                  + " is "
                  + text(i)
                  + ", not a finite 32-bit number; drop or replace such examples first");
        }
      }
    }
    return this;
  }

  /** The indices along each axis of a flat index, as {@code [0, 3]}. */
  private String place(int index) {
    int[] at = new int[shape.rank()];
    int rest = index;
    for (int axis = at.length - 1; axis >= 0; axis--) {
      at[axis] = rest % shape.dim(axis);
      rest /= shape.dim(axis);
    }
    return Arrays.toString(at);
  }

  private String text(int index) {
    if (element == Element.I64) {
      return String.valueOf(bytes.getLong(index * 8));
    }
    double value = get(index);
    return value == (long) value ? String.valueOf((long) value) : String.valueOf(value);
  }
}
