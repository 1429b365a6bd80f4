package dev.tarn.cuda.driver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.IntStream;
import jcuda.JCudaVersion;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ElfTests {
  private static byte[] nativeOf(String library) throws IOException {
    String name = "/lib/lib" + library + "-" + JCudaVersion.get() + "-linux-x86_64.so";
    try (InputStream in = ElfTests.class.getResourceAsStream(name)) {
      return Objects.requireNonNull(in, name).readAllBytes();
    }
  }

  private static List<String> needed(byte[] library) {
    return Elf.parse(library).needed().stream().map(Elf.Name::text).toList();
  }

  /** Checked against readelf -d of the same files. */
  @Test
  void neededLibrariesAreThoseThatReadelfLists() throws IOException {
    assertEquals(
        List.of(
            "libpthread.so.0",
            "librt.so.1",
            "libdl.so.2",
            "libcublas.so.12",
            "libstdc++.so.6",
            "libc.so.6",
            "ld-linux-x86-64.so.2"),
        needed(nativeOf("JCublas2")));
    assertEquals(
        List.of("libnvrtc.so.12", "libstdc++.so.6", "libc.so.6"), needed(nativeOf("JNvrtc")));
    assertTrue(needed(nativeOf("JCudaDriver")).contains("libcuda.so.1"));
  }

  /** The linker wrote the hashes: they are an independent source. */
  @Test
  void storedHashesAreThoseOfTheVersionNames() throws IOException {
    assertEquals(0x09691a75, Elf.hash("GLIBC_2.2.5"), "as in every readelf -V");
    for (String library : List.of("JCublas2", "JNvrtc", "JCudaDriver")) {
      List<Elf.Requirement> requirements = Elf.parse(nativeOf(library)).requirements();
      assertTrue(requirements.size() >= 3);
      for (Elf.Requirement requirement : requirements) {
        for (Elf.Version version : requirement.versions()) {
          assertEquals(version.hash(), Elf.hash(version.name().text()), version.name().text());
        }
      }
    }
  }

  @Test
  void retargetingChangesTheNameEverywhereAndNothingElse() throws IOException {
    byte[] original = nativeOf("JCublas2");
    byte[] patched = NativePatch.retarget(original, "libcublas.so.12", "libcublas.so.13");
    List<String> expected =
        needed(original).stream()
            .map(n -> n.replace("libcublas.so.12", "libcublas.so.13"))
            .toList();
    assertEquals(expected, needed(patched));
    Elf.Requirement cublas =
        Elf.parse(patched).requirements().stream()
            .filter(r -> r.file().text().equals("libcublas.so.13"))
            .findFirst()
            .orElseThrow();
    assertEquals(1, cublas.versions().size());
    assertEquals("libcublas.so.13", cublas.versions().get(0).name().text());
    assertEquals(Elf.hash("libcublas.so.13"), cublas.versions().get(0).hash());
    // One digit of the shared name, and the hash, whose last digit's nibble is all that differs.
    long changed =
        IntStream.range(0, original.length).filter(i -> original[i] != patched[i]).count();
    assertEquals(2, changed);
    assertArrayEquals(
        original,
        NativePatch.retarget(patched, "libcublas.so.13", "libcublas.so.12"),
        "and back again");
  }

  @Test
  void retargetingRefusesWhatItCannotDo() throws IOException {
    byte[] library = nativeOf("JNvrtc");
    assertThrows(
        IllegalArgumentException.class,
        () -> NativePatch.retarget(library, "libcublas.so.12", "libcublas.so.13"));
    assertThrows(
        IllegalArgumentException.class,
        () -> NativePatch.retarget(library, "libnvrtc.so.12", "libnvrtc.so.130"));
  }

  @Test
  void otherFilesAreNotLibraries(@TempDir Path temp) throws IOException {
    byte[] library = nativeOf("JNvrtc");
    for (byte[] content :
        List.of(new byte[0], new byte[63], new byte[64], "#!/bin/sh\n".repeat(20).getBytes())) {
      assertThrows(IllegalArgumentException.class, () -> Elf.parse(content));
      Path file = Files.write(temp.resolve("file"), content);
      assertFalse(Elf.isX86Library(file));
    }
    byte[] arm = library.clone();
    ByteBuffer.wrap(arm).order(ByteOrder.LITTLE_ENDIAN).putShort(18, (short) 183);
    assertThrows(IllegalArgumentException.class, () -> Elf.parse(arm));
    assertFalse(Elf.isX86Library(temp.resolve("missing")));
    assertTrue(Elf.isX86Library(Files.write(temp.resolve("whole"), library)));
  }

  @Test
  void everyTruncationOfTheSegmentsIsNoticed(@TempDir Path temp) throws IOException {
    byte[] library = nativeOf("JNvrtc");
    // Section headers and symbols for debuggers follow the segments: they are not needed.
    int end = 0;
    ByteBuffer in = ByteBuffer.wrap(library).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < in.getShort(56); i++) {
      int entry = (int) in.getLong(32) + 56 * i;
      if (in.getInt(entry) == 1) {
        end = Math.max(end, (int) (in.getLong(entry + 8) + in.getLong(entry + 32)));
      }
    }
    for (int size = 0; size < end; size += 1009) {
      byte[] cut = Arrays.copyOf(library, size);
      assertThrows(IllegalArgumentException.class, () -> Elf.parse(cut), "cut to " + size);
      assertFalse(Elf.isX86Library(Files.write(temp.resolve("cut"), cut)));
    }
  }

  @Test
  void damageIsAnIllegalArgumentOrHarmless() throws IOException {
    byte[] library = nativeOf("JNvrtc");
    Elf.Requirement first = Elf.parse(library).requirements().get(0);
    int versions = first.versions().get(0).hashOffset();
    int names = first.file().offset();
    Random random = new Random(1);
    int refused = 0;
    for (int round = 0; round < 4000; round++) {
      byte[] damaged = library.clone();
      int area = List.of(16, versions - 64, names - 64, damaged.length - 6000).get(round % 4);
      for (int i = 0; i < 8; i++) {
        damaged[area + random.nextInt(600)] = (byte) random.nextInt(256);
      }
      try {
        NativePatch.retarget(damaged, "libnvrtc.so.12", "libnvrtc.so.13");
      } catch (IllegalArgumentException e) {
        refused++;
      }
    }
    assertTrue(refused > 400, "only " + refused + " were refused");
  }
}
