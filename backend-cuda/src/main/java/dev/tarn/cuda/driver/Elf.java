package dev.tarn.cuda.driver;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What a 64-bit little-endian ELF library needs of other libraries: names, and symbol versions.
 *
 * <p>Reads the dynamic section (System V ABI, chapter 5; symbol versions as in the Linux Standard
 * Base). Offsets are positions in the file, so that {@link NativePatch} can write there. Every read
 * is checked: malformed input is an {@link IllegalArgumentException}, never a loop.
 */
final class Elf {
  /** A name in the string table, at a position in the file. */
  record Name(String text, int offset) {}

  /** A version of symbols that is required of a library; its hash lies at {@code hashOffset}. */
  record Version(Name name, int hash, int hashOffset) {}

  /** The versions required of the library {@code file}. */
  record Requirement(Name file, List<Version> versions) {}

  private static final int HEADER_BYTES = 64;
  private static final int PT_LOAD = 1;
  private static final int PT_DYNAMIC = 2;
  private static final long DT_NEEDED = 1;
  private static final long DT_STRTAB = 5;
  private static final long DT_STRSZ = 10;
  private static final long DT_VERNEED = 0x6ffffffeL;
  private static final long DT_VERNEEDNUM = 0x6fffffffL;
  private static final int SMALLEST_STEP = 16;
  private static final int MAX_NAMES = 10_000;
  private static final short ET_DYN = 3;
  private static final short EM_X86_64 = 62;

  private record Segment(long address, long offset, long size) {}

  private final ByteBuffer file;
  private final List<Segment> segments = new ArrayList<>();
  private final List<Name> needed = new ArrayList<>();
  private final List<Requirement> requirements = new ArrayList<>();
  private long stringTable;
  private long stringTableSize;
  private int names;

  private Elf(byte[] bytes) {
    this.file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asReadOnlyBuffer();
    file.order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Reads the dependencies of a library.
   *
   * @throws IllegalArgumentException if the bytes are not an x86-64 shared library, or malformed
   */
  static Elf parse(byte[] bytes) {
    if (!isX86Library(bytes)) {
      throw malformed("not an x86-64 shared library");
    }
    Elf elf = new Elf(bytes);
    elf.readSegments();
    return elf;
  }

  /**
   * Returns whether a file is an x86-64 shared library with all its segments; false if it cannot be
   * read. Loading one that was cut short would end the process with SIGBUS.
   */
  static boolean isX86Library(Path path) {
    try (FileChannel file = FileChannel.open(path)) {
      byte[] header = read(file, 0, HEADER_BYTES);
      if (!isX86Library(header)) {
        return false;
      }
      ByteBuffer in = ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN);
      int entrySize = in.getShort(54) & 0xffff;
      int count = in.getShort(56) & 0xffff;
      byte[] table = read(file, in.getLong(32), entrySize * count);
      ByteBuffer entries = ByteBuffer.wrap(table).order(ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < count; i++) {
        int entry = i * entrySize;
        long end = entries.getLong(entry + 8) + entries.getLong(entry + 32);
        if (entries.getInt(entry) == PT_LOAD && end > file.size()) {
          return false;
        }
      }
      return true;
    } catch (IOException | IllegalArgumentException | IndexOutOfBoundsException e) {
      return false;
    }
  }

  private static byte[] read(FileChannel file, long position, int size) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(size);
    int count = 0;
    while (count >= 0 && bytes.hasRemaining()) {
      count = file.read(bytes, position + bytes.position());
    }
    return Arrays.copyOf(bytes.array(), bytes.position());
  }

  private static boolean isX86Library(byte[] bytes) {
    if (bytes.length < HEADER_BYTES) {
      return false;
    }
    ByteBuffer header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    boolean magic = header.getInt(0) == 0x464c457f;
    boolean littleEndian64 = bytes[4] == 2 && bytes[5] == 1;
    return magic
        && littleEndian64
        && header.getShort(16) == ET_DYN
        && header.getShort(18) == EM_X86_64;
  }

  /** Returns the names of the libraries it is linked to (DT_NEEDED), in order. */
  List<Name> needed() {
    return needed;
  }

  /** Returns the symbol versions it requires (verneed), in order. */
  List<Requirement> requirements() {
    return requirements;
  }

  /** Returns the System V hash by which the loader compares version names. */
  static int hash(String name) {
    int hash = 0;
    for (int i = 0; i < name.length(); i++) {
      hash = (hash << 4) + name.charAt(i);
      int high = hash & 0xf0000000;
      hash ^= high >>> 24;
      hash &= ~high;
    }
    return hash;
  }

  private void readSegments() {
    long table = getLong(32);
    int entrySize = getShort(54);
    int count = getShort(56);
    if (entrySize < 56) {
      throw malformed("program header entries of " + entrySize + " bytes");
    }
    Segment dynamic = null;
    for (int i = 0; i < count; i++) {
      long entry = table + (long) i * entrySize;
      int type = getInt(entry);
      if (type == PT_LOAD || type == PT_DYNAMIC) {
        Segment s = new Segment(getLong(entry + 16), getLong(entry + 8), getLong(entry + 32));
        if (s.offset < 0 || s.size < 0 || s.offset > file.limit() - s.size) {
          throw malformed("a segment ends after the file: cut short?");
        }
        if (type == PT_LOAD) {
          segments.add(s);
        } else {
          dynamic = s;
        }
      }
    }
    if (dynamic == null) {
      throw malformed("no dynamic section");
    }
    readDynamic(dynamic);
  }

  private void readDynamic(Segment dynamic) {
    List<Long> neededNames = new ArrayList<>();
    long strings = -1;
    long versions = -1;
    long versionCount = 0;
    for (long entry = dynamic.offset; entry + 16 <= dynamic.offset + dynamic.size; entry += 16) {
      long tag = getLong(entry);
      long value = getLong(entry + 8);
      if (tag == 0) {
        break;
      } else if (tag == DT_NEEDED) {
        neededNames.add(value);
      } else if (tag == DT_STRTAB) {
        strings = value;
      } else if (tag == DT_STRSZ) {
        stringTableSize = value;
      } else if (tag == DT_VERNEED) {
        versions = value;
      } else if (tag == DT_VERNEEDNUM) {
        versionCount = value;
      }
    }
    if (strings < 0) {
      throw malformed("no string table");
    }
    stringTable = position(strings);
    if (stringTableSize < 0 || stringTable > file.limit() - stringTableSize) {
      throw malformed("the string table ends after the file");
    }
    for (long name : neededNames) {
      needed.add(name(name));
    }
    if (versions >= 0) {
      readRequirements(position(versions), versionCount);
    }
  }

  private void readRequirements(long start, long count) {
    long entry = start;
    for (long i = 0; i < count; i++) {
      int versionCount = getShort(entry + 2);
      Name library = name(getUnsignedInt(entry + 4));
      List<Version> versions = new ArrayList<>();
      long aux = entry + getUnsignedInt(entry + 8);
      for (int k = 0; k < versionCount; k++) {
        Name version = name(getUnsignedInt(aux + 8));
        versions.add(new Version(version, getInt(aux), Math.toIntExact(aux)));
        aux += step(getUnsignedInt(aux + 12), k == versionCount - 1);
      }
      requirements.add(new Requirement(library, List.copyOf(versions)));
      entry += step(getUnsignedInt(entry + 12), i == count - 1);
    }
  }

  /** The distance to the next entry of a chain, which must lead forward: so that chains end. */
  private static long step(long distance, boolean last) {
    if (distance < SMALLEST_STEP && !last) {
      throw malformed("a chain of symbol versions does not lead forward");
    }
    return distance;
  }

  private long position(long address) {
    for (Segment s : segments) {
      if (address >= s.address && address - s.address < s.size) {
        return address - s.address + s.offset;
      }
    }
    throw malformed("address 0x" + Long.toHexString(address) + " is in no segment");
  }

  private Name name(long offset) {
    if (++names > MAX_NAMES) {
      throw malformed("more than " + MAX_NAMES + " names");
    }
    if (offset < 0 || offset >= stringTableSize) {
      throw malformed("a name outside the string table");
    }
    int start = Math.toIntExact(stringTable + offset);
    int limit = Math.toIntExact(stringTable + stringTableSize);
    int end = start;
    while (end < limit && file.get(end) != 0) {
      end++;
    }
    if (end == limit) {
      throw malformed("a name without an end");
    }
    byte[] text = new byte[end - start];
    file.get(start, text);
    return new Name(new String(text, StandardCharsets.US_ASCII), start);
  }

  private int check(long offset, int size) {
    if (offset < 0 || offset > file.limit() - size) {
      throw malformed("offset " + offset + " is outside the file: cut short?");
    }
    return (int) offset;
  }

  private int getShort(long offset) {
    return file.getShort(check(offset, 2)) & 0xffff;
  }

  private int getInt(long offset) {
    return file.getInt(check(offset, 4));
  }

  private long getUnsignedInt(long offset) {
    return getInt(offset) & 0xffffffffL;
  }

  private long getLong(long offset) {
    return file.getLong(check(offset, 8));
  }

  private static IllegalArgumentException malformed(String what) {
    return new IllegalArgumentException("malformed ELF file: " + what);
  }
}
