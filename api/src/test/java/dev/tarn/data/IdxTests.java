package dev.tarn.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.tarn.Shape;
import dev.tarn.TarnException;
import dev.tarn.data.NumberArray.Element;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** IDX files written by hand. */
final class IdxTests {
  @TempDir Path directory;

  private Path file(String hex) throws IOException {
    return Files.write(directory.resolve("a.idx"), HexFormat.of().parseHex(hex.replace(" ", "")));
  }

  static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
      out.write(bytes);
    }
    return packed.toByteArray();
  }

  @Test
  void bytesOfAnImage() throws IOException {
    NumberArray array = Idx.read(file("00000803 00000001 00000002 00000003 00 7f 80 ff 01 02"));
    assertEquals(Element.U8, array.element());
    assertEquals(Shape.of(1, 2, 3), array.shape());
    assertArrayEquals(new float[] {0, 127, 128, 255, 1, 2}, array.floats().floats());
    assertArrayEquals(new int[] {0, 127, 128, 255, 1, 2}, array.ints().ints());
  }

  @ParameterizedTest
  @CsvSource({
    "00000901 00000002 ff80, -1, -128",
    "00000B01 00000002 ffff 0102, -1, 258",
    "00000C01 00000002 ffffffff 00010000, -1, 65536",
    "00000D01 00000002 3fc00000 c0200000, 1.5, -2.5",
    "00000E01 00000002 3ff8000000000000 c004000000000000, 1.5, -2.5",
  })
  void everyElementType(String hex, float first, float second) throws IOException {
    assertArrayEquals(new float[] {first, second}, Idx.read(file(hex)).floats().floats());
  }

  @Test
  void packedWhateverTheName() throws IOException {
    byte[] plain = HexFormat.of().parseHex("0000080100000003" + "010203");
    Path file = Files.write(directory.resolve("packed"), gzip(plain));
    assertArrayEquals(new int[] {1, 2, 3}, Idx.read(file).ints().ints());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "89504e47 0d0a | not an IDX file: it begins with 89504e47 rather than 0000",
        "0000 | not an IDX file: it begins with 0000 rather than 0000",
        "00000a01 00000001 00 | IDX element type 0x0A is unknown; there are 08, 09, 0B, 0C, 0D and 0E",
        "00000800 00 | an IDX file of 1 to 8 axes was expected, this one has 0",
        "0000080f 00 | an IDX file of 1 to 8 axes was expected, this one has 15",
        "00000803 00000001 | cut off before its end; get the file again",
        "00000801 00000004 010203 | cut off: the header promises [4], the file has less; get it again",
        "00000803 ffffffff ffffffff ffffffff 01 | the header promises [2147483647, 2147483647, 2147483647], more than the file can hold; it is cut off or damaged: get it again",
        "00000803 00000000 ffffffff ffffffff | an array of [0, 2147483647, 2147483647] has no values",
        "00000801 00000002 010203 | longer than the [2] that its header promises; damaged: get it again",
      })
  void bad(String hex, String message) throws IOException {
    Path file = file(hex);
    assertEquals(
        file + ": " + message,
        assertThrows(TarnException.class, () -> Idx.read(file)).getMessage());
  }

  @Test
  void packedAndCutOff() throws IOException {
    byte[] packed = gzip(HexFormat.of().parseHex("0000080100000003" + "010203"));
    Path half =
        Files.write(directory.resolve("half.gz"), Arrays.copyOf(packed, packed.length - 10));
    assertEquals(
        half + ": cut off: the header promises [3], the file has less; get it again",
        assertThrows(TarnException.class, () -> Idx.read(half)).getMessage());
    packed[packed.length / 2] ^= 0x55;
    Path damaged = Files.write(directory.resolve("damaged.gz"), packed);
    String message = assertThrows(TarnException.class, () -> Idx.read(damaged)).getMessage();
    assertEquals(damaged.toString(), message.substring(0, message.indexOf(": ")));
  }

  @Test
  void notAFile() {
    Path none = directory.resolve("none");
    assertEquals(
        none + ": no such file",
        assertThrows(TarnException.class, () -> Idx.read(none)).getMessage());
    assertEquals(
        directory + ": a directory, not a file",
        assertThrows(TarnException.class, () -> Idx.read(directory)).getMessage());
  }

  @Test
  void valuesThatAreNoLabels() throws IOException {
    Path file = file("00000D02 00000001 00000002 3fc00000 7fc00000");
    assertEquals(
        file + ": element [0, 0] is 1.5, not a 32-bit integer",
        assertThrows(TarnException.class, () -> Idx.read(file).ints()).getMessage());
    assertEquals(
        file
            + ": element [0, 1] is NaN, not a finite 32-bit number; drop or replace such examples"
            + " first",
        assertThrows(TarnException.class, () -> Idx.read(file).requireFinite()).getMessage());
  }
}
