package dev.tarn.data;

import dev.tarn.TarnException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/**
 * A data set that is known by name: what it is, which files it has, and where they are looked for.
 *
 * @param name what run files call it
 * @param about one sentence on what it has
 * @param origin who made it, and where it is described
 * @param files its files; none if it comes with Tarn
 * @param archive the {@code .tar.gz} of a mirror that has all files, or null if a mirror has each
 *     alone, packed with gzip
 * @param mirrors public homes of the files, in the order in which they are tried: what comes before
 *     a file's name, with the last {@code /}
 * @param note how else one gets the files, or empty
 */
public record NamedDataset(
    String name,
    String about,
    String origin,
    List<DataPart> files,
    @Nullable String archive,
    List<URI> mirrors,
    String note) {
  /** The system property, and as {@code TARN_DATA} the environment variable, of the directory. */
  public static final String DIRECTORY = "tarn.data";

  private static final List<Path> SYSTEM = List.of(Path.of("/usr/share/datasets"));

  /**
   * A file.
   *
   * @param name its name, without {@code .gz}: it may be packed
   * @param bytes its size, unpacked
   * @param sha256 the checksum of its unpacked bytes
   */
  public record DataPart(String name, long bytes, String sha256) {
    /**
     * Whether a file, packed or not, is this one; no more of it is read than this one has.
     *
     * @throws TarnException if it cannot be read
     */
    public boolean isIn(Path file) {
      return DataFile.reading(
          file,
          () -> {
            try (InputStream in = DataFile.open(file)) {
              MessageDigest digest = MessageDigest.getInstance("SHA-256");
              byte[] buffer = new byte[1 << 16];
              long size = 0;
              for (int n = in.read(buffer); n >= 0 && size <= bytes; n = in.read(buffer)) {
                digest.update(buffer, 0, n);
                size += n;
              }
              return size == bytes && HexFormat.of().formatHex(digest.digest()).equals(sha256);
            } catch (ZipException | EOFException e) {
              return false; // packed, and damaged
            } catch (NoSuchAlgorithmException e) {
              throw new IOException(e);
            }
          });
    }
  }

  /** Copies the lists. */
  public NamedDataset {
    files = List.copyOf(files);
    mirrors = List.copyOf(mirrors);
  }

  /** How one gets its files, in a sentence. */
  public String get() {
    if (files.isEmpty()) {
      return "comes with Tarn";
    }
    return "'tarn datasets --download "
        + name
        + "' puts it into "
        + home().resolve(name)
        + (note.isEmpty() ? "" : "; " + note);
  }

  /**
   * Where downloads go, a directory for each set: the system property {@code tarn.data}, or else
   * the environment variable {@code TARN_DATA}, or else {@code .tarn/data} in the user's directory.
   */
  public static Path home() {
    String given = System.getProperty(DIRECTORY);
    if (given == null) {
      given = System.getenv(DIRECTORY.toUpperCase(Locale.ROOT).replace('.', '_'));
    }
    return given != null && !given.isBlank()
        ? Path.of(given)
        : Path.of(System.getProperty("user.home"), ".tarn", "data");
  }

  /** Where it is looked for, in this order. */
  public List<Path> places() {
    List<Path> places = new ArrayList<>();
    places.add(home().resolve(name));
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

  /** The names of the files that a directory does not have. */
  public List<String> missing(Path directory) {
    return files.stream()
        .map(DataPart::name)
        .filter(file -> !Files.exists(file(directory, file)))
        .toList();
  }

  /** The path of a file or, if there is only that, of its packed form. */
  public static Path file(Path directory, String name) {
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
      throw new TarnException("data set '" + name + "': not found in " + places() + "; " + get());
    }
    List<String> missing = missing(place);
    if (!missing.isEmpty()) {
      throw new TarnException("data set '" + name + "': no " + missing + " in " + place);
    }
    return files.stream().map(file -> file(place, file.name())).toList();
  }

  /**
   * The files whose contents differ from those that Tarn was tested with.
   *
   * @param directory where they are, or null to look for them
   * @throws TarnException if they are not there or cannot be read
   */
  public List<Path> changed(@Nullable Path directory) {
    List<Path> changed = new ArrayList<>();
    List<Path> paths = files(directory);
    for (int i = 0; i < paths.size(); i++) {
      if (!files.get(i).isIn(paths.get(i))) {
        changed.add(paths.get(i));
      }
    }
    return changed;
  }
}
