package dev.tarn.cuda.driver;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * A directory that only this user can enter, for files that are loaded into the process.
 *
 * <p>Writes go to a temporary file that is renamed, so that processes that start at once never see
 * half a file.
 */
final class PrivateDirectory {
  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rwx------");
  private static final FileAttribute<Set<PosixFilePermission>> MODE =
      PosixFilePermissions.asFileAttribute(OWNER_ONLY);

  private final Path path;

  private PrivateDirectory(Path path) {
    this.path = path;
  }

  /**
   * Opens a directory, creating it with mode 0700, and verifies that it is ours and writable.
   *
   * @throws IOException if it cannot be created or written, or belongs to someone else
   */
  static PrivateDirectory open(Path path) throws IOException {
    Path absolute = path.toAbsolutePath();
    Files.createDirectories(absolute, MODE);
    if (!Files.isDirectory(absolute, LinkOption.NOFOLLOW_LINKS)) {
      throw new IOException(absolute + " is not a directory");
    }
    Object owner = Files.getAttribute(absolute, "unix:uid", LinkOption.NOFOLLOW_LINKS);
    if (!owner.equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"))) {
      throw new IOException(absolute + " belongs to another user");
    }
    if (!Files.getPosixFilePermissions(absolute).equals(OWNER_ONLY)) {
      Files.setPosixFilePermissions(absolute, OWNER_ONLY);
    }
    Files.delete(Files.createTempFile(absolute, ".probe", null));
    return new PrivateDirectory(absolute);
  }

  /**
   * Creates a fresh directory under {@code java.io.tmpdir}.
   *
   * @throws IOException if it cannot be created
   */
  static PrivateDirectory temporary(String prefix) throws IOException {
    return new PrivateDirectory(Files.createTempDirectory(prefix, MODE));
  }

  /**
   * Returns where Tarn keeps what it can make again: property {@code tarn.cache}, else {@code
   * XDG_CACHE_HOME/tarn}, else {@code ~/.cache/tarn}; without a home, under {@code java.io.tmpdir}.
   */
  static Path cacheRoot() {
    return cacheRoot(System::getProperty, System::getenv);
  }

  static Path cacheRoot(UnaryOperator<String> property, UnaryOperator<String> environment) {
    String configured = property.apply("tarn.cache");
    if (configured != null && !configured.isBlank()) {
      return Path.of(configured);
    }
    String xdg = environment.apply("XDG_CACHE_HOME");
    if (xdg != null && xdg.startsWith("/")) {
      return Path.of(xdg, "tarn");
    }
    String home = property.apply("user.home");
    if (home != null && home.startsWith("/")) {
      return Path.of(home, ".cache", "tarn");
    }
    // A container's user without an entry in passwd has the home "?".
    return Path.of(property.apply("java.io.tmpdir"), "tarn-" + property.apply("user.name"));
  }

  Path path() {
    return path;
  }

  Path resolve(String name) {
    return path.resolve(name);
  }

  /** Writes a file and renames it into place. */
  void write(String name, byte[] content) throws IOException {
    Path temporary = Files.createTempFile(path, "." + name, ".tmp");
    try {
      Files.write(temporary, content);
      Files.move(
          temporary,
          resolve(name),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  /** Makes the file hold exactly {@code content}: kept if it does, else written anew. */
  Path ensure(String name, byte[] content) throws IOException {
    Path file = resolve(name);
    if (!holds(file, content)) {
      write(name, content);
    }
    return file;
  }

  private static boolean holds(Path file, byte[] content) throws IOException {
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
        || Files.size(file) != content.length) {
      return false;
    }
    try {
      return Arrays.equals(Files.readAllBytes(file), content);
    } catch (NoSuchFileException e) {
      return false;
    }
  }
}
