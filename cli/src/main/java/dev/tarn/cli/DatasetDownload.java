package dev.tarn.cli;

import dev.tarn.TarnException;
import dev.tarn.cli.Download.Failure;
import dev.tarn.data.NamedDataset;
import dev.tarn.data.NamedDataset.DataPart;
import dev.tarn.train.AtomicFile;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * Brings the files of a named data set into a directory. Each is fetched under a temporary name,
 * compared with its checksum, and only then gets its own: there is never half a file.
 *
 * @param set what to fetch
 * @param directory where its files go
 * @param mirrors where they are looked for, in this order
 * @param download how they are fetched
 * @param out is told how it goes
 * @param terminal whether a line may be written anew
 */
record DatasetDownload(
    NamedDataset set,
    Path directory,
    List<URI> mirrors,
    Download download,
    PrintStream out,
    boolean terminal) {
  private static final String PART = ".part";
  private static final String CLEAR = "\r\033[K";
  private static final long REDRAW_NANOS = 200_000_000;

  /** What packing, and the headers of an archive, may add to files. */
  private static final long OVERHEAD = 1 << 20;

  /** What is done with a fetched file, if it is what was asked for. */
  @FunctionalInterface
  private interface Install {
    void accept(Path fetched) throws Failure, IOException;
  }

  /**
   * Fetches the files that are not there yet, or are there and damaged.
   *
   * @throws TarnException if one cannot be had or written; those that are there stay
   */
  void run() {
    List<DataPart> wanted = missing(set, directory);
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      throw unwritable(e);
    }
    String archive = set.archive();
    if (archive != null) {
      long bytes = set.files().stream().mapToLong(DataPart::bytes).sum();
      fetch(archive, bytes + OVERHEAD, fetched -> unpack(fetched, wanted));
    } else {
      for (DataPart part : wanted) {
        String file = part.name() + ".gz";
        fetch(file, part.bytes() + OVERHEAD, fetched -> install(part, fetched, file));
      }
    }
    out.println(set.name() + " is in " + directory);
  }

  /** The files of a set that a directory does not have, or has damaged. */
  static List<DataPart> missing(NamedDataset set, Path directory) {
    return set.files().stream()
        .filter(
            part -> {
              Path file = NamedDataset.file(directory, part.name());
              return !Files.exists(file) || !part.isIn(file);
            })
        .toList();
  }

  private void fetch(String file, long limit, Install install) {
    List<String> failures = new ArrayList<>();
    for (URI mirror : mirrors) {
      Path temporary = temporary(file);
      try {
        try (FileChannel channel =
            FileChannel.open(
                temporary,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE)) {
          download.fetch(mirror.resolve(file), channel, limit, progress(file));
          channel.force(true);
        }
        String size = Training.bytes(Files.size(temporary));
        install.accept(temporary);
        clear();
        out.printf("%s  %s from %s%n", file, size, mirror.getHost());
        return;
      } catch (Failure e) {
        clear();
        failures.add(mirror.getHost() + ": " + e.getMessage());
        if (Thread.interrupted()) {
          break;
        }
      } catch (IOException e) {
        clear();
        throw unwritable(e);
      } finally {
        delete(temporary);
      }
    }
    throw new TarnException(
        String.format(
            "%s: no %s (%s)%nCheck the network (behind a proxy:"
                + " TARN_JAVA_OPTS=-Dhttps.proxyHost=HOST), or put the file into %s",
            set.name(), file, String.join("; ", failures), directory));
  }

  private void install(DataPart part, Path fetched, String file) throws Failure, IOException {
    check(part, fetched);
    move(fetched, file);
    // What was there under the plain name was damaged, and would be found first.
    Files.deleteIfExists(directory.resolve(part.name()));
  }

  private static void check(DataPart part, Path fetched) throws Failure {
    if (!part.isIn(fetched)) {
      throw new Failure("gave something else: wrong checksum");
    }
  }

  /** Takes files out of an archive, whatever directory they are in there. */
  private void unpack(Path archive, List<DataPart> wanted) throws Failure, IOException {
    List<DataPart> missing = new ArrayList<>(wanted);
    try (TarReader tar = new TarReader(new GZIPInputStream(Files.newInputStream(archive)))) {
      for (String name = tar.next(); name != null && !missing.isEmpty(); name = tar.next()) {
        String last = name.substring(name.lastIndexOf('/') + 1);
        for (DataPart part : List.copyOf(missing)) {
          if (part.name().equals(last) && tar.size() == part.bytes()) {
            unpack(tar, part);
            missing.remove(part);
          }
        }
      }
    } catch (TarReader.Damaged | ZipException | EOFException e) {
      throw new Failure("gave a damaged archive: " + e.getMessage());
    }
    if (!missing.isEmpty()) {
      throw new Failure("gave an archive without " + missing.get(0).name());
    }
  }

  private void unpack(TarReader tar, DataPart part) throws Failure, IOException {
    Path temporary = temporary(part.name());
    try {
      try (InputStream content = tar.content()) {
        Files.copy(content, temporary, StandardCopyOption.REPLACE_EXISTING);
      }
      check(part, temporary);
      move(temporary, part.name());
    } finally {
      delete(temporary);
    }
  }

  private void move(Path temporary, String file) throws IOException {
    Files.move(
        temporary,
        directory.resolve(file),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
  }

  /** A name that no other process uses; whoever may read the file later may read it. */
  private Path temporary(String file) {
    return directory.resolve(file + "." + ProcessHandle.current().pid() + PART);
  }

  private static void delete(Path temporary) {
    try {
      Files.deleteIfExists(temporary);
    } catch (IOException e) {
      // A leftover is never taken for the file.
    }
  }

  private TarnException unwritable(IOException e) {
    String why = e instanceof FileAlreadyExistsException ? "it is a file" : AtomicFile.reason(e);
    return new TarnException(
        directory + ": cannot be written: " + why + "; TARN_DATA=DIR names another directory", e);
  }

  private void clear() {
    out.print(terminal ? CLEAR : "");
    out.flush();
  }

  private LongConsumer progress(String file) {
    long[] drawn = new long[1];
    return bytes -> {
      long now = System.nanoTime();
      if (terminal && now - drawn[0] >= REDRAW_NANOS) {
        drawn[0] = now;
        out.print(CLEAR + file + "  " + Training.bytes(bytes));
        out.flush();
      }
    };
  }
}
