package dev.tarn.cuda.driver;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What was found out about a device by measuring, by keys, on disk: a line for each, the SHA-256 of
 * the key and a number. A file that is damaged or cannot be written costs new measurements, nothing
 * else.
 */
public final class Choices {
  private static final Logger LOG = LoggerFactory.getLogger(Choices.class);

  /** The oldest lines go when there are more. */
  private static final int MOST = 10_000;

  private static final Pattern LINE = Pattern.compile("[0-9a-f]{64} [0-9]{1,4}");
  private static final String SUFFIX = ".choices";

  private final Path directory;
  private final String file;
  private @Nullable Map<String, Integer> known;

  private Choices(Path directory, String device) {
    this.directory = directory;
    this.file = hash(device) + SUFFIX;
  }

  /**
   * Those about a device, in {@code choices} where {@link KernelCache} has its kernels.
   *
   * @param device what measurements depend on: the product, the driver
   */
  public static Choices open(String device) {
    return of(PrivateDirectory.cacheRoot().resolve("choices"), device);
  }

  /** Those in a directory. */
  public static Choices of(Path directory, String device) {
    return new Choices(directory, device);
  }

  /** What was put by a key, in this process or another. */
  public OptionalInt get(String key) {
    Map<String, Integer> all = known != null ? known : read();
    known = all;
    Integer value = all.get(hash(key));
    return value == null ? OptionalInt.empty() : OptionalInt.of(value);
  }

  /** Remembers a number from 0 on, beside what other processes have put since. */
  public void put(String key, int value) {
    Map<String, Integer> all = read();
    all.put(hash(key), value);
    known = all;
    StringBuilder text = new StringBuilder();
    all.entrySet().stream()
        .skip(Math.max(0, all.size() - MOST))
        .forEach(e -> text.append(e.getKey()).append(' ').append(e.getValue()).append('\n'));
    try {
      PrivateDirectory.open(directory)
          .write(file, text.toString().getBytes(StandardCharsets.US_ASCII));
    } catch (IOException e) {
      LOG.debug("{} is not kept: {}", directory.resolve(file), e.toString());
    }
  }

  private Map<String, Integer> read() {
    Map<String, Integer> lines = new LinkedHashMap<>();
    Path path = directory.resolve(file);
    try {
      String text = new String(Files.readAllBytes(path), StandardCharsets.ISO_8859_1);
      text.lines()
          .filter(LINE.asMatchPredicate())
          .map(line -> line.split(" "))
          .forEach(parts -> lines.put(parts[0], Integer.valueOf(parts[1])));
    } catch (NoSuchFileException e) {
      LOG.trace("{} is not there yet", path);
    } catch (IOException e) {
      LOG.debug("{} cannot be read: {}", path, e.toString());
    }
    return lines;
  }

  private static String hash(String text) {
    return HexFormat.of()
        .formatHex(KernelCache.sha256().digest(text.getBytes(StandardCharsets.UTF_8)));
  }
}
