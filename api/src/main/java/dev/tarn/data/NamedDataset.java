package dev.tarn.data;

import dev.tarn.TarnException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A data set that is known by name: what it is, which files it has, and where they are looked for.
 *
 * @param name what run files call it
 * @param about one sentence on what it has
 * @param origin who made it, and where it is described
 * @param files its files; none if it comes with Tarn
 * @param get how one gets the files
 */
public record NamedDataset(
    String name, String about, String origin, List<DataPart> files, String get) {
  /** The system property, and as {@code TARN_DATA} the environment variable, of the directory. */
  public static final String DIRECTORY = "tarn.data";

  private static final List<Path> SYSTEM = List.of(Path.of("/usr/share/datasets"));

  /**
   * A file.
   *
   * @param name its name, without {@code .gz}: it may be packed
   * @param sha256 the checksum of its unpacked bytes, or null where it was not established
   */
  public record DataPart(String name, @Nullable String sha256) {}

  /** Copies the list. */
  public NamedDataset {
    files = List.copyOf(files);
  }

  /** Where it is looked for, in this order. */
  public List<Path> places() {
    List<Path> places = new ArrayList<>();
    String given = System.getProperty(DIRECTORY);
    if (given == null) {
      given = System.getenv(DIRECTORY.toUpperCase(Locale.ROOT).replace('.', '_'));
    }
    if (given != null && !given.isBlank()) {
      places.add(Path.of(given).resolve(name));
    }
    SYSTEM.forEach(place -> places.add(place.resolve(name)));
    return places;
  }

  /** The first place that has all files, or null. */
  public @Nullable Path find() {
    for (Path place : places()) {
      if (missing(place).isEmpty()) {
        return place;
      }
    }
    return null;
  }

  private List<String> missing(Path directory) {
    return files.stream()
        .map(DataPart::name)
        .filter(file -> !Files.exists(file(directory, file)))
        .toList();
  }

  /** A file or, if there is only that, its packed form. */
  static Path file(Path directory, String name) {
    Path plain = directory.resolve(name);
    return Files.exists(plain) ? plain : directory.resolve(name + ".gz");
  }

  /**
   * Its files in a directory, or where {@link #places} has them.
   *
   * @throws TarnException saying where they were looked for and how one gets them
   */
  List<Path> files(@Nullable Path directory) {
    Path place = directory == null ? find() : directory;
    if (place == null) {
      throw new TarnException("data set '" + name + "': not found in " + places() + "; " + get);
    }
    List<String> missing = missing(place);
    if (!missing.isEmpty()) {
      throw new TarnException("data set '" + name + "': no " + missing + " in " + place);
    }
    return files.stream().map(file -> file(place, file.name())).toList();
  }

  /**
   * The files whose contents differ from those that Tarn was tested with; a checksum that was not
   * established is not looked at.
   *
   * @param directory where they are, or null to look for them
   * @throws TarnException if they are not there or cannot be read
   */
  public List<Path> changed(@Nullable Path directory) {
    List<Path> changed = new ArrayList<>();
    List<Path> paths = files(directory);
    for (int i = 0; i < paths.size(); i++) {
      String wanted = files.get(i).sha256();
      if (wanted != null && !wanted.equals(sha256(paths.get(i)))) {
        changed.add(paths.get(i));
      }
    }
    return changed;
  }

  private static String sha256(Path file) {
    return DataFile.reading(
        file,
        () -> {
          try (InputStream in = DataFile.open(file)) {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            byte[] buffer = new byte[1 << 16];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
              digest.update(buffer, 0, n);
            }
            return HexFormat.of().formatHex(digest.digest());
          } catch (NoSuchAlgorithmException e) {
            throw new IOException(e);
          }
        });
  }
}
