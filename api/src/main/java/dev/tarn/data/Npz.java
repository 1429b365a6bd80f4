package dev.tarn.data;

import dev.tarn.TarnException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** NumPy's {@code .npz} format: arrays by name, as {@code numpy.savez} writes them. */
public final class Npz {
  private static final long MAX_RATIO = 1032;
  private static final String SUFFIX = ".npy";

  private Npz() {}

  /**
   * The names of the arrays in a file, in the file's order.
   *
   * @throws TarnException naming the file if it is missing or not a {@code .npz} file
   */
  public static List<String> names(Path file) {
    return DataFile.reading(
        file,
        () -> {
          try (ZipFile zip = new ZipFile(file.toFile())) {
            List<String> names = new ArrayList<>();
            for (Enumeration<? extends ZipEntry> e = zip.entries(); e.hasMoreElements(); ) {
              String name = e.nextElement().getName();
              if (name.endsWith(SUFFIX)) {
                names.add(name.substring(0, name.length() - SUFFIX.length()));
              }
            }
            return Collections.unmodifiableList(names);
          }
        });
  }

  /**
   * Reads one array.
   *
   * @throws TarnException naming the file and the array if it is not there, or as {@link Npy#read}
   *     does
   */
  public static NumberArray read(Path file, String array) {
    return DataFile.reading(
        file,
        () -> {
          try (ZipFile zip = new ZipFile(file.toFile())) {
            ZipEntry entry = zip.getEntry(array + SUFFIX);
            if (entry == null) {
              throw new TarnException(
                  file + ": no array " + DataFile.quote(array) + "; there are " + names(file));
            }
            try (InputStream in = zip.getInputStream(entry)) {
              long most = Math.min(entry.getSize(), entry.getCompressedSize() * MAX_RATIO);
              return Npy.read(in, file + ":" + array, most);
            }
          }
        });
  }
}
