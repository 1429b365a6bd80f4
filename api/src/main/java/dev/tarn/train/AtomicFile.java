package dev.tarn.train;

import dev.tarn.TarnException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * Writes files so that at any moment either the old or the new one is there, whole: a temporary
 * file beside it is written, forced to the disk and renamed, and the directory is forced.
 */
public final class AtomicFile {
  /** What the temporary file's name ends with. */
  public static final String TEMPORARY = ".tmp";

  /** Writes a file's content. */
  @FunctionalInterface
  public interface Content {
    /** Writes everything to the channel. */
    void writeTo(FileChannel channel) throws IOException;
  }

  private AtomicFile() {}

  /**
   * Writes a file.
   *
   * @throws TarnException naming the file if it cannot be written; the old one is unharmed then
   */
  public static void write(Path file, Content content) {
    Path target = file.toAbsolutePath();
    Path directory = target.getParent();
    if (directory == null) {
      throw new TarnException(file + ": not a file");
    }
    Path temporary = target.resolveSibling(target.getFileName() + TEMPORARY);
    try {
      try (FileChannel channel =
          FileChannel.open(
              temporary,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.WRITE)) {
        content.writeTo(channel);
        channel.force(true);
      }
      Files.move(
          temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      force(directory);
    } catch (IOException e) {
      try {
        Files.deleteIfExists(temporary);
      } catch (IOException ignored) {
        e.addSuppressed(ignored);
      }
      String old = Files.exists(target) ? "; what was there is unharmed" : "";
      throw new TarnException(file + ": cannot be written: " + reason(e) + old, e);
    }
  }

  /**
   * Writes a text in UTF-8.
   *
   * @throws TarnException naming the file if it cannot be written; the old one is unharmed then
   */
  public static void write(Path file, String text) {
    ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    write(file, channel -> writeFully(channel, bytes));
  }

  /** Writes all that remains in a buffer. */
  public static void writeFully(FileChannel channel, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }

  /** Why an access to a file failed, in a few words. */
  public static String reason(IOException e) {
    if (e instanceof AccessDeniedException) {
      return "permission denied";
    }
    if (e instanceof NoSuchFileException) {
      return "no such directory";
    }
    String message = e.getMessage();
    if (e instanceof java.nio.file.FileSystemException file && file.getReason() != null) {
      return file.getReason();
    }
    return message == null || message.isEmpty() ? e.getClass().getSimpleName() : message;
  }

  /** Makes a rename in a directory survive a power cut, where the system can. */
  private static void force(Path directory) {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException e) {
      // Windows cannot open directories; its renames are durable without.
    }
  }
}
