package dev.tarn.cuda.driver;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Retargets a native library from one version of a library it is linked to, to another.
 *
 * <p>JCuda is linked to {@code libcublas.so.12} and to that name as symbol version; the same
 * symbols exist in {@code libcublas.so.13} under the other name. The linker keeps one copy of the
 * name in the string table for DT_NEEDED, the file and the version of verneed, so that writing the
 * new name there and its hash in verneed is all.
 */
final class NativePatch {
  private NativePatch() {}

  /**
   * Returns a copy of {@code library} that needs {@code to} where it needed {@code from}.
   *
   * @param from a DT_NEEDED name, such as {@code libcublas.so.12}
   * @param to a name of equal length
   * @throws IllegalArgumentException if the library is malformed, does not need {@code from}, or
   *     the lengths differ
   */
  static byte[] retarget(byte[] library, String from, String to) {
    if (from.length() != to.length()) {
      throw new IllegalArgumentException("names of different length: " + from + ", " + to);
    }
    Elf elf = Elf.parse(library);
    if (elf.needed().stream().noneMatch(name -> name.text().equals(from))) {
      throw new IllegalArgumentException("the library does not need " + from);
    }
    byte[] copy = library.clone();
    ByteBuffer out = ByteBuffer.wrap(copy).order(ByteOrder.LITTLE_ENDIAN);
    byte[] name = to.getBytes(StandardCharsets.US_ASCII);
    for (Elf.Name needed : elf.needed()) {
      if (needed.text().equals(from)) {
        out.put(needed.offset(), name);
      }
    }
    for (Elf.Requirement requirement : elf.requirements()) {
      if (!requirement.file().text().equals(from)) {
        continue;
      }
      out.put(requirement.file().offset(), name);
      for (Elf.Version version : requirement.versions()) {
        if (version.name().text().equals(from)) {
          out.put(version.name().offset(), name);
          out.putInt(version.hashOffset(), Elf.hash(to));
        }
      }
    }
    return copy;
  }
}
