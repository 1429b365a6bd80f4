package dev.tarn.data;

import dev.tarn.DType;
import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.TarnException;
import dev.tarn.data.NumberArray.Element;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * NumPy's {@code .npy} format, versions 1 to 3: one array.
 *
 * <p>Read are {@code u1, i1, b1, i2, u2, i4, i8, f4, f8} in either byte order, in C or Fortran
 * order. Arrays of Python objects are refused: they are programs. Source: NumPy Enhancement
 * Proposal 1 and the documentation of {@code numpy.lib.format}.
 */
public final class Npy {
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final int MAX_HEADER = 1 << 16;
  private static final int ALIGNMENT = 64;
  private static final int MAX_AXES = 32;
  private static final Pattern DESCR =
      Pattern.compile("['\"]descr['\"]\\s*:\\s*['\"]([^'\"]*)['\"]");
  private static final Pattern ORDER =
      Pattern.compile("['\"]fortran_order['\"]\\s*:\\s*(True|False)");
  private static final Pattern SHAPE =
      Pattern.compile("['\"]shape['\"]\\s*:\\s*\\(([0-9L,\\s]*)\\)");
  private static final Map<String, Element> ELEMENTS =
      Map.of(
          "u1",
          Element.U8,
          "i1",
          Element.I8,
          "b1",
          Element.BOOL,
          "i2",
          Element.I16,
          "u2",
          Element.U16,
          "i4",
          Element.I32,
          "i8",
          Element.I64,
          "f4",
          Element.F32,
          "f8",
          Element.F64);

  private Npy() {}

  /**
   * Reads an array, in C order whatever the file's order is.
   *
   * @throws TarnException naming the file if it is missing, not {@code .npy}, cut off, longer than
   *     its header says, of another element type, or too large for the Java heap
   */
  public static NumberArray read(Path file) {
    return DataFile.reading(
        file,
        () -> {
          try (InputStream in = DataFile.open(file)) {
            return read(in, file.toString(), DataFile.mostBytes(file));
          }
        });
  }

  /** Reads from a stream of at most so many bytes; {@code name} stands for it in messages. */
  static NumberArray read(InputStream in, String name, long most) throws IOException {
    byte[] magic = in.readNBytes(8);
    if (magic.length < 8 || !Arrays.equals(magic, 0, 6, MAGIC, 0, 6)) {
      throw new TarnException(name + ": not a .npy file of NumPy: its first bytes are others");
    }
    if (magic[6] < 1 || magic[6] > 3) {
      throw new TarnException(
          name + ": version " + magic[6] + " of .npy is unknown; save it with version 1, 2 or 3");
    }
    String header;
    try {
      int bytes = magic[6] == 1 ? 2 : 4;
      ByteBuffer length =
          ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).put(DataFile.bytes(in, bytes));
      int size = length.getInt(0);
      if (size < 0 || size > MAX_HEADER) {
        throw new TarnException(
            name + ": a header of " + (size & 0xffffffffL) + " bytes; the file is damaged");
      }
      header = new String(DataFile.bytes(in, size), StandardCharsets.UTF_8);
    } catch (EOFException e) {
      throw new TarnException(name + ": cut off in its header; get the file again", e);
    }
    String descr = field(DESCR, header, "descr", name);
    Element element = descr.length() == 3 ? ELEMENTS.get(descr.substring(1)) : null;
    if (element == null || "<>|=".indexOf(descr.charAt(0)) < 0) {
      throw new TarnException(
          name
              + ": elements of type "
              + DataFile.quote(descr)
              + " are not read; convert with astype('float32') or astype('int32')");
    }
    boolean fortran = field(ORDER, header, "fortran_order", name).equals("True");
    int[] dims = dims(field(SHAPE, header, "shape", name), name);
    byte[] values = values(in, dims, element.bytes(), name, most);
    return new NumberArray(
        name,
        element,
        Shape.of(dims),
        fortran ? rowMajor(values, dims, element.bytes()) : values,
        descr.charAt(0) == '>' ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
  }

  private static String field(Pattern pattern, String header, String key, String name) {
    Matcher matcher = pattern.matcher(header);
    if (!matcher.find()) {
      throw new TarnException(
          name
              + ": no plain '"
              + key
              + "' in the header "
              + DataFile.quote(header.strip())
              + "; save an array of plain numbers");
    }
    return matcher.group(1);
  }

  private static int[] dims(String text, String name) {
    String[] parts =
        Arrays.stream(text.split(","))
            .map(part -> part.strip().replaceFirst("L$", ""))
            .filter(part -> !part.isEmpty())
            .toArray(String[]::new);
    if (parts.length > MAX_AXES) {
      throw new TarnException(name + ": " + parts.length + " axes; NumPy has at most " + MAX_AXES);
    }
    int[] dims = new int[parts.length];
    for (int i = 0; i < dims.length; i++) {
      try {
        dims[i] = Integer.parseInt(parts[i]);
      } catch (NumberFormatException e) {
        throw new TarnException(
            name + ": an extent of " + DataFile.quote(parts[i]) + " in the header; damaged", e);
      }
    }
    return dims;
  }

  private static byte[] values(InputStream in, int[] dims, int width, String name, long most)
      throws IOException {
    long bytes = width;
    for (int dim : dims) {
      // beyond any file's size the product need not be exact
      bytes = Math.min(Integer.MAX_VALUE, bytes) * dim;
    }
    DataFile.requireSome(bytes, dims, name);
    if (bytes > most) {
      throw new TarnException(
          name
              + ": the header promises "
              + Arrays.toString(dims)
              + ", more than the file can hold; it is cut off or damaged: get it again");
    }
    if (bytes > Integer.MAX_VALUE - 8) {
      throw new TarnException(
          name + ": " + Arrays.toString(dims) + " is more than 2 GB; split the array");
    }
    DataFile.requireHeap(bytes, name);
    byte[] values;
    try {
      values = DataFile.bytes(in, (int) bytes);
    } catch (EOFException e) {
      throw new TarnException(
          name
              + ": cut off: the header promises "
              + Arrays.toString(dims)
              + ", the file has less; get it again",
          e);
    }
    if (in.read() >= 0) {
      throw new TarnException(
          name + ": longer than the " + Arrays.toString(dims) + " that its header promises");
    }
    return values;
  }

  /** Turns column-major bytes into row-major ones. */
  private static byte[] rowMajor(byte[] from, int[] dims, int width) {
    byte[] to = new byte[from.length];
    int[] at = new int[dims.length];
    for (int i = 0; i < from.length; i += width) {
      int index = 0;
      for (int axis = 0; axis < dims.length; axis++) {
        index = index * dims[axis] + at[axis];
      }
      System.arraycopy(from, i, to, index * width, width);
      for (int axis = 0; axis < dims.length && ++at[axis] == dims[axis]; axis++) {
        at[axis] = 0;
      }
    }
    return to;
  }

  /**
   * Writes a tensor as a little-endian array in C order, version 1.
   *
   * @throws UncheckedIOException if the file cannot be written
   */
  public static void write(Path file, HostTensor tensor) {
    try (OutputStream out = Files.newOutputStream(file)) {
      write(out, tensor);
    } catch (IOException e) {
      throw new UncheckedIOException(file + ": cannot be written: " + e.getMessage(), e);
    }
  }

  static void write(OutputStream out, HostTensor tensor) throws IOException {
    DType dtype = tensor.spec().dtype();
    String descr =
        switch (dtype) {
          case F32 -> "<f4";
          case F64 -> "<f8";
          case I32 -> "<i4";
          case BF16 -> throw new IllegalArgumentException("data on the host is never bf16");
        };
    String dims =
        Arrays.stream(tensor.shape().dims())
            .mapToObj(String::valueOf)
            .collect(Collectors.joining(", "));
    String header =
        "{'descr': '"
            + descr
            + "', 'fortran_order': False, 'shape': ("
            + dims
            + (tensor.shape().rank() == 1 ? ",), }" : "), }");
    int used = 10 + header.length() + 1;
    header += " ".repeat((ALIGNMENT - used % ALIGNMENT) % ALIGNMENT) + "\n";
    ByteBuffer start =
        ByteBuffer.allocate(10 + header.length()).order(ByteOrder.LITTLE_ENDIAN).put(MAGIC);
    start.put((byte) 1).put((byte) 0).putShort((short) header.length());
    start.put(header.getBytes(StandardCharsets.ISO_8859_1));
    out.write(start.array());
    ByteBuffer block = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < tensor.size(); i++) {
      switch (dtype) {
        case F32 -> block.putFloat(tensor.floats()[i]);
        case F64 -> block.putDouble(tensor.doubles()[i]);
        case I32 -> block.putInt(tensor.ints()[i]);
      }
      if (!block.hasRemaining()) {
        out.write(block.array());
        block.clear();
      }
    }
    out.write(block.array(), 0, block.position());
  }
}
