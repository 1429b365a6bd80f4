package dev.tarn.cuda.driver;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compiled kernels on disk, so that NVRTC runs once per source, options and chip.
 *
 * <p>An entry is named by the SHA-256 of everything that decides the code: source, headers,
 * options, NVRTC's version and target. It begins with the SHA-256 of its code: a damaged one is
 * compiled again. The least recently used go when the cache grows beyond its bound.
 */
public final class KernelCache {
  private static final Logger LOG = LoggerFactory.getLogger(KernelCache.class);
  private static final long MAX_BYTES = 256L << 20;
  private static final int CHECKSUM_BYTES = 32;

  /** Changes when the format of entries does. */
  private static final String FORMAT = "tarn kernel 1";

  private static final String SUFFIX = ".kernel";

  private volatile @Nullable PrivateDirectory directory;
  private final long maxBytes;

  KernelCache(Path path, long maxBytes) {
    this.maxBytes = maxBytes;
    PrivateDirectory opened = null;
    try {
      opened = PrivateDirectory.open(path);
    } catch (IOException e) {
      warnWithout(path, e);
    }
    this.directory = opened;
  }

  /**
   * Opens the cache of this user, {@code kernels} under property {@code tarn.cache} or {@code
   * ~/.cache/tarn}; where that cannot be written, kernels are compiled anew in each process.
   */
  public static KernelCache open() {
    return new KernelCache(PrivateDirectory.cacheRoot().resolve("kernels"), MAX_BYTES);
  }

  /**
   * Returns the compiled source, from the cache or from {@link Nvrtc#compile}, whose parameters
   * these are.
   *
   * @throws KernelCompileException if the source has errors
   */
  public KernelImage get(
      String name,
      String source,
      Map<String, String> headers,
      List<String> options,
      String target) {
    String key = key(name, source, headers, options, target);
    byte[] code = read(key, name);
    if (code == null) {
      code = Nvrtc.compile(name, source, headers, options, target).code();
      write(key, code);
    }
    return new KernelImage(name, code);
  }

  private static String key(
      String name,
      String source,
      Map<String, String> headers,
      List<String> options,
      String target) {
    MessageDigest digest = sha256();
    List<String> parts = new ArrayList<>(List.of(FORMAT, Nvrtc.version(), target, name, source));
    new TreeMap<>(headers).forEach((header, text) -> parts.addAll(List.of(header, text)));
    parts.add("options");
    parts.addAll(options);
    for (String part : parts) {
      byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
      digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, bytes.length));
      digest.update(bytes);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private byte @Nullable [] read(String key, String name) {
    PrivateDirectory place = directory;
    if (place == null) {
      return null;
    }
    Path file = place.resolve(key + SUFFIX);
    try {
      byte[] entry = Files.readAllBytes(file);
      byte[] code = entry.length > CHECKSUM_BYTES ? tail(entry) : new byte[0];
      if (Arrays.equals(sha256().digest(code), Arrays.copyOf(entry, CHECKSUM_BYTES))) {
        Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
        return code;
      }
      LOG.debug("{} of {} is damaged: compiling it again", file, name);
    } catch (NoSuchFileException e) {
      LOG.debug("{} is not in the cache: compiling it", name);
    } catch (IOException e) {
      LOG.debug("{} cannot be read ({}): compiling {} again", file, e.toString(), name);
    }
    return null;
  }

  private static byte[] tail(byte[] entry) {
    return Arrays.copyOfRange(entry, CHECKSUM_BYTES, entry.length);
  }

  private void write(String key, byte[] code) {
    PrivateDirectory place = directory;
    if (place == null) {
      return;
    }
    ByteBuffer entry = ByteBuffer.allocate(CHECKSUM_BYTES + code.length);
    entry.put(sha256().digest(code)).put(code);
    try {
      place.write(key + SUFFIX, entry.array());
      evict(place.path());
    } catch (IOException | DirectoryIteratorException e) {
      giveUp(place.path(), e);
    }
  }

  /** Several threads may fail at once: one of them says so. */
  private synchronized void giveUp(Path path, Exception e) {
    if (directory != null) {
      directory = null;
      warnWithout(path, e);
    }
  }

  private static void warnWithout(Path path, Exception e) {
    LOG.warn(
        "kernels are not cached: {} cannot be written ({}); -Dtarn.cache names another directory",
        path,
        e.toString());
  }

  private record Entry(Path file, long bytes, FileTime used) {}

  /**
   * Deletes the least recently used files beyond the bound, temporary ones of dead processes among
   * them; other processes may do so at the same time.
   */
  private void evict(Path path) throws IOException {
    List<Entry> entries = new ArrayList<>();
    long total = 0;
    try (DirectoryStream<Path> files = Files.newDirectoryStream(path)) {
      for (Path file : files) {
        try {
          Entry entry = new Entry(file, Files.size(file), Files.getLastModifiedTime(file));
          entries.add(entry);
          total += entry.bytes;
        } catch (NoSuchFileException e) {
          LOG.trace("{} was deleted by another process", file);
        }
      }
    }
    entries.sort((a, b) -> a.used.compareTo(b.used));
    for (Entry entry : entries) {
      if (total <= maxBytes) {
        break;
      }
      Files.deleteIfExists(entry.file);
      total -= entry.bytes;
    }
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
