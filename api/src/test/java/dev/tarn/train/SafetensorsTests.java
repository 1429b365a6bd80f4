package dev.tarn.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.HostTensor;
import dev.tarn.TarnException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of tensors: what is written is read, and what was damaged is noticed. */
final class SafetensorsTests {
  @TempDir private Path directory = Path.of("");

  /** A file that another program wrote. */
  private static byte[] file(String header, float... values) {
    byte[] text = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(8 + text.length + 4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(text.length).put(text);
    for (float value : values) {
      bytes.putFloat(value);
    }
    return bytes.array();
  }

  /** CRC-32C bit by bit, as RFC 3720 defines it. */
  private static int crc(byte[] bytes) {
    int crc = -1;
    for (byte b : bytes) {
      crc ^= b & 0xff;
      for (int bit = 0; bit < 8; bit++) {
        crc = (crc & 1) == 0 ? crc >>> 1 : crc >>> 1 ^ 0x82f63b78;
      }
    }
    return ~crc;
  }

  private Path example() {
    Map<String, HostTensor> tensors = new LinkedHashMap<>();
    tensors.put("a", HostTensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3));
    tensors.put("b", HostTensor.of(new int[] {7, 8}, 2));
    Path file = directory.resolve("best.safetensors");
    new Safetensors(tensors, Map.of("why", "\"crc32c\":\"00000000\" \u00e9")).write(file);
    return file;
  }

  @Test
  void whatIsWrittenIsRead() {
    Safetensors read = Safetensors.read(example());
    assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, read.tensors().get("a").floats());
    assertArrayEquals(new int[] {7, 8}, read.tensors().get("b").ints());
    assertEquals(Map.of("why", "\"crc32c\":\"00000000\" \u00e9"), read.metadata());
  }

  @Test
  void theOrderInWhichTextsWereGivenChangesNoByte() throws IOException {
    Map<String, String> texts = new LinkedHashMap<>();
    texts.put("config", "name: a");
    texts.put("diagnosis", "{}");
    Path first = directory.resolve("first.safetensors");
    Path second = directory.resolve("second.safetensors");
    new Safetensors(Map.of(), texts).write(first);
    texts.put("config", texts.remove("config"));
    new Safetensors(Map.of(), texts).write(second);
    assertArrayEquals(Files.readAllBytes(first), Files.readAllBytes(second));
  }

  @Test
  void theChecksumIsThatOfTheFileWithZerosInItsPlace() throws IOException {
    byte[] bytes = Files.readAllBytes(example());
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    int at = text.indexOf("\"crc32c\":\"") + "\"crc32c\":\"".length();
    String checksum = text.substring(at, at + 8);
    System.arraycopy("00000000".getBytes(StandardCharsets.US_ASCII), 0, bytes, at, 8);
    assertEquals(0xe3069283, crc("123456789".getBytes(StandardCharsets.US_ASCII)));
    assertEquals(String.format("%08x", crc(bytes)), checksum);
  }

  @Test
  void everyChangedByteIsNoticed() throws IOException {
    Path file = example();
    byte[] bytes = Files.readAllBytes(file);
    int key = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("\"crc32c\":\"");
    for (int i = 0; i < bytes.length; i++) {
      if (i >= key && i < key + "\"crc32c\"".length()) {
        continue; // Under another name it is no checksum; all else is whole.
      }
      bytes[i] ^= 4;
      Files.write(file, bytes);
      int at = i;
      assertThrows(TarnException.class, () -> Safetensors.read(file), () -> "byte " + at);
      bytes[i] ^= 4;
    }
  }

  @Test
  void theOtherCheckpointIsNamed() throws IOException {
    Path file = example();
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length - 20] ^= 1;
    Files.write(file, bytes);
    String message = assertThrows(TarnException.class, () -> Safetensors.read(file)).getMessage();
    assertTrue(
        message.startsWith(file + ": damaged: it does not fit its checksum; take another"),
        message);
    Path last = directory.resolve("last.safetensors");
    Files.write(last, bytes);
    message = assertThrows(TarnException.class, () -> Safetensors.read(file)).getMessage();
    assertTrue(message.contains("; take " + last + " ("), message);
    message = assertThrows(TarnException.class, () -> Safetensors.read(last)).getMessage();
    assertTrue(message.contains("; take " + file + " ("), message);
  }

  @Test
  void filesWithoutChecksumAreRead() throws IOException {
    Path file = directory.resolve("foreign.safetensors");
    Files.write(
        file, file("{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 1.5f, 2));
    Safetensors read = Safetensors.read(file);
    assertArrayEquals(new float[] {1.5f, 2}, read.tensors().get("w").floats());
    assertEquals(Map.of(), read.metadata());
    Files.write(
        file,
        file(
            "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
                + "\"__metadata__\":{\"format\":\"pt\"}}",
            3));
    assertEquals(Map.of("format", "pt"), Safetensors.read(file).metadata());
  }
}
