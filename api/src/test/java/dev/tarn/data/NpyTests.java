package dev.tarn.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.TarnException;
import dev.tarn.data.NumberArray.Element;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files that NumPy wrote (numpy/write.py), and damaged ones. */
final class NpyTests {
  @TempDir Path directory;

  static Path numpy(String name) throws URISyntaxException {
    return Path.of(NpyTests.class.getResource("numpy/" + name).toURI());
  }

  /** The numbers from -6 to 5 as another type holds them. */
  private static float[] expected(String name) {
    float[] out = new float[12];
    for (int i = 0; i < 12; i++) {
      int v = i - 6;
      out[i] =
          switch (name) {
            case "u1" -> v & 0xff;
            case "u2" -> v & 0xffff;
            case "b1" -> v == 0 ? 0 : 1;
            case "f4" -> v + 0.5f;
            default -> v;
          };
    }
    return out;
  }

  @ParameterizedTest
  @CsvSource({
    "u1, U8",
    "i1, I8",
    "b1, BOOL",
    "i2, I16",
    "u2, U16",
    "i4, I32",
    "i8, I64",
    "f4, F32",
    "f4big, F32",
    "f8, F64",
    "fortran, F32",
    "v2, I32",
    "v3, I32"
  })
  void everyKind(String name, Element element) throws URISyntaxException {
    NumberArray array = Npy.read(numpy(name + ".npy"));
    assertEquals(Shape.of(2, 3, 2), array.shape());
    assertEquals(element, array.element());
    assertArrayEquals(expected(name), array.floats().floats());
    if (!name.equals("f4")) {
      int[] ints = IntStream.range(0, 12).map(i -> (int) expected(name)[i]).toArray();
      assertArrayEquals(ints, array.ints().ints());
    }
  }

  @Test
  void scalar() throws URISyntaxException {
    assertEquals(2.5, Npy.read(numpy("scalar.npy")).floats().item());
  }

  @Test
  void arraysByName() throws URISyntaxException {
    for (String name : List.of("plain.npz", "packed.npz")) {
      Path file = numpy(name);
      assertEquals(List.of("x", "y"), Npz.names(file));
      assertEquals(Shape.of(6, 2), Npz.read(file, "x").shape());
      assertEquals(6, Npz.read(file, "y").ints().size());
      assertEquals(
          file + ": no array 'z'; there are [x, y]",
          assertThrows(TarnException.class, () -> Npz.read(file, "z")).getMessage());
    }
  }

  /** NumPy writes the same bytes for the same array. */
  @Test
  void writes() throws IOException, URISyntaxException {
    Path file = directory.resolve("x.npy");
    Npy.write(file, HostTensor.of(expected("f4"), 2, 3, 2));
    assertArrayEquals(Files.readAllBytes(numpy("f4.npy")), Files.readAllBytes(file));
    double[] values = Npy.read(numpy("f8.npy")).floats().toDoubles();
    Npy.write(file, HostTensor.of(values, Shape.of(2, 3, 2)));
    assertArrayEquals(Files.readAllBytes(numpy("f8.npy")), Files.readAllBytes(file));
    HostTensor large = HostTensor.zeros(Spec.i32(40_001));
    Arrays.setAll(large.ints(), i -> i * 7);
    Npy.write(file, large);
    assertEquals(large, Npy.read(file).ints());
  }

  private Path file(int version, String header, int bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(0x93);
    out.writeBytes("NUMPY".getBytes(StandardCharsets.ISO_8859_1));
    out.write(version);
    out.write(0);
    out.write(header.length());
    out.write(header.length() >> 8);
    out.writeBytes(header.getBytes(StandardCharsets.ISO_8859_1));
    out.writeBytes(new byte[bytes]);
    return Files.write(directory.resolve("a.npy"), out.toByteArray());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'descr': '#O', 'fortran_order': False, 'shape': (1,)} | 8 | elements of type '#O' are not read; convert with astype('float32') or astype('int32')",
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)} | 4 | no plain 'descr' in the header '{'descr': [('a', '<f4')], 'fortran_order...'; save an array of plain numbers",
        "{'descr': '<f4', 'shape': (1,)} | 4 | no plain 'fortran_order' in the header '{'descr': '<f4', 'shape': (1,)}'; save an array of plain numbers",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3,)} | 8 | cut off: the header promises [3], the file has less; get it again",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2000000000, 2000000000)} | 8 | the header promises [2000000000, 2000000000], more than the file can hold",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999,)} | 8 | an extent of '99999999999' in the header; damaged",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} | 12 | longer than the [2] that its header promises",
      })
  void bad(String header, int bytes, String message) throws IOException {
    Path file = file(1, header, bytes);
    String told = assertThrows(TarnException.class, () -> Npy.read(file)).getMessage();
    assertTrue(told.startsWith(file + ": " + message), told);
  }

  @Test
  void notNumPy() throws IOException {
    Path version = file(4, "{}", 0);
    assertEquals(
        version + ": version 4 of .npy is unknown; save it with version 1, 2 or 3",
        assertThrows(TarnException.class, () -> Npy.read(version)).getMessage());
    Path text = Files.writeString(directory.resolve("b.npy"), "1,2,3\n4,5,6\n");
    assertEquals(
        text + ": not a .npy file of NumPy: its first bytes are others",
        assertThrows(TarnException.class, () -> Npy.read(text)).getMessage());
    String message = assertThrows(TarnException.class, () -> Npz.names(text)).getMessage();
    assertTrue(message.startsWith(text + ": packed data are damaged ("), message);
    Path cut =
        Files.write(directory.resolve("c.npy"), Arrays.copyOf(Files.readAllBytes(version), 9));
    assertThrows(TarnException.class, () -> Npy.read(cut));
  }
}
