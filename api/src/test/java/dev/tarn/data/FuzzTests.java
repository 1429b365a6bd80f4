package dev.tarn.data;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.TarnException;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Files that were good until bytes of them changed: they are read, or refused with their name.
 *
 * <p>{@code -Dtarn.fuzz.seconds} says for how long each format is tried, {@code -Dtarn.fuzz.seed}
 * where to begin; a failure tells the seed that shows it again.
 */
@Timeout(600)
final class FuzzTests {
  private static final double SECONDS =
      Double.parseDouble(System.getProperty("tarn.fuzz.seconds", "0.4"));
  private static final long SEED = Long.getLong("tarn.fuzz.seed", 1);

  @TempDir static Path directory;

  /** What reads a file; more than opening it, so that values are looked at. */
  interface Reader {
    void read(Path file);
  }

  record Format(String name, byte[] good, Reader reader) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static byte[] resource(String name) throws IOException, URISyntaxException {
    return Files.readAllBytes(Path.of(FuzzTests.class.getResource(name).toURI()));
  }

  static List<Format> formats() throws IOException, URISyntaxException {
    byte[] idx = HexFormat.of().parseHex("00000803000000020000000200000002" + "0102030405060708");
    Reader readIdx = file -> Idx.read(file).requireFinite().ints();
    byte[] csv =
        "a,town,\"x \"\"y\"\"\",class\n1,York,2.5,no\n,\"Bath, old\",-3e-2,yes\r\n7,,0.125,no\n"
            .getBytes(StandardCharsets.UTF_8);
    CsvFormat table =
        CsvFormat.labelled("class").withCategorical(List.of("1")).withMissing(Set.of(""));
    Reader readCsv = file -> CsvTableTests.all(CsvTable.read(file, table).dataset());
    Reader readNpz = file -> LabelledArrays.npz(file, "x", "y", false);
    Reader readImage = file -> ImageFolder.image(file, ImageOptions.AS_THEY_ARE.withSize(4, 4));
    return List.of(
        new Format("idx", idx, readIdx),
        new Format("idx.gz", IdxTests.gzip(idx), readIdx),
        new Format("csv", csv, readCsv),
        new Format("csv.gz", IdxTests.gzip(csv), readCsv),
        new Format("f4.npy", resource("numpy/f4.npy"), file -> Npy.read(file).requireFinite()),
        new Format("fortran.npy", resource("numpy/fortran.npy"), file -> Npy.read(file).floats()),
        new Format("plain.npz", resource("numpy/plain.npz"), readNpz),
        new Format("packed.npz", resource("numpy/packed.npz"), readNpz),
        new Format("rgb.png", resource("images/rgb.png"), readImage),
        new Format("gray16.png", resource("images/gray16.png"), readImage),
        new Format("palette.png", resource("images/palette.png"), readImage),
        new Format("photo.jpg", resource("images/photo.jpg"), readImage),
        new Format("gray.jpg", resource("images/gray.jpg"), readImage));
  }

  @ParameterizedTest
  @MethodSource("formats")
  void onlyExplainedFailures(Format format) throws IOException {
    Path file = directory.resolve(format.name);
    Files.write(file, format.good);
    format.reader.read(file);
    long end = System.nanoTime() + (long) (SECONDS * 1e9);
    int refused = 0;
    for (int i = 0; System.nanoTime() < end; i++) {
      long seed = SEED + i;
      Files.write(file, mutate(format.good, new Random(seed)));
      try {
        format.reader.read(file);
      } catch (TarnException e) {
        refused++;
        assertNotNull(e.getMessage());
        assertTrue(
            e.getMessage().contains(file.toString()) && e.getMessage().lines().count() <= 2,
            () -> "seed " + seed + ": " + e.getMessage());
      } catch (Throwable e) {
        throw new AssertionError(format + ", -Dtarn.fuzz.seed=" + seed, e);
      }
    }
    assertTrue(refused > 0);
  }

  /** A few bytes are changed, taken out, put in, repeated, or the file is cut off. */
  private static byte[] mutate(byte[] good, Random random) {
    byte[] bytes = good.clone();
    for (int n = 1 + random.nextInt(4); n > 0 && bytes.length > 0; n--) {
      int at = random.nextInt(random.nextBoolean() ? Math.min(32, bytes.length) : bytes.length);
      switch (random.nextInt(7)) {
        case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> bytes[at] = (byte) random.nextInt(256);
        case 2 -> bytes[at] = new byte[] {0, -1, 0x7f, -128, '"', '\n'}[random.nextInt(6)];
        case 3 -> bytes = Arrays.copyOf(bytes, at);
        case 4 ->
            bytes =
                spliced(
                    bytes, at, at + random.nextInt(Math.min(9, bytes.length - at)), new byte[0]);
        case 5 -> {
          byte[] more = new byte[random.nextInt(9)];
          random.nextBytes(more);
          bytes = spliced(bytes, at, at, more);
        }
        default -> {
          int end = at + random.nextInt(bytes.length - at);
          bytes = spliced(bytes, at, at, Arrays.copyOfRange(bytes, at, end));
        }
      }
    }
    return bytes;
  }

  private static byte[] spliced(byte[] bytes, int from, int to, byte[] with) {
    byte[] out = Arrays.copyOf(bytes, bytes.length - (to - from) + with.length);
    System.arraycopy(with, 0, out, from, with.length);
    System.arraycopy(bytes, to, out, from + with.length, bytes.length - to);
    return out;
  }
}
