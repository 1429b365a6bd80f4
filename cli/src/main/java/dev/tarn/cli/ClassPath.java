package dev.tarn.cli;

import dev.tarn.TarnException;
import java.io.File;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where classes of models are looked for beside Tarn's own. */
final class ClassPath {
  @Option(
      names = "--classpath",
      paramLabel = "PATH",
      description =
          "Jars and directories of classes, with : between them (; on Windows), for a run file with 'model: {class: ...}'; default: none.")
  private @Nullable String path;

  /**
   * Makes the classes known to this thread until the process ends.
   *
   * @throws TarnException if a jar or directory is not there
   */
  void use() {
    String given = path;
    if (given == null) {
      return;
    }
    String[] parts = given.split(File.pathSeparator);
    URL[] urls = new URL[parts.length];
    for (int i = 0; i < parts.length; i++) {
      Path part = Path.of(parts[i]);
      if (!Files.exists(part)) {
        throw new TarnException("--classpath: " + part + ": no such file or directory");
      }
      try {
        urls[i] = part.toUri().toURL();
      } catch (MalformedURLException e) {
        throw new TarnException("--classpath: " + part + ": " + e.getMessage(), e);
      }
    }
    // Never closed: a model may load more of its classes until the process ends.
    Thread.currentThread()
        .setContextClassLoader(new URLClassLoader(urls, ClassPath.class.getClassLoader()));
  }
}
