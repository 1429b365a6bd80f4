package dev.tarn.cuda.driver;

import dev.tarn.cuda.driver.CudaUnavailableException.Reason;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import jcuda.JCudaVersion;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * JCuda's native libraries: taken from the class path, retargeted to the CUDA version at hand, and
 * loaded from a private directory.
 *
 * <p>JCuda itself extracts to {@code java.io.tmpdir} and loads a file that is already there without
 * a look, whoever wrote it. Here the property names a directory only this user can write, for as
 * long as JCuda's classes initialise, and each file was compared with its original before.
 */
final class JcudaNatives {
  private static final Logger LOG = LoggerFactory.getLogger(JcudaNatives.class);
  private static final int BUILT_FOR = 12;

  private PrivateDirectory directory;
  private boolean temporary;

  private JcudaNatives(PrivateDirectory directory, boolean temporary) {
    this.directory = directory;
    this.temporary = temporary;
  }

  /** Opens the directory {@code native} under {@code cache}, or else a temporary one. */
  static JcudaNatives open(Path cache) {
    Path wanted = cache.resolve("native");
    try {
      return new JcudaNatives(PrivateDirectory.open(wanted), false);
    } catch (IOException e) {
      LOG.warn(
          "cannot use {} ({}): native libraries go to a temporary directory; -Dtarn.cache names"
              + " another",
          wanted,
          e.toString());
      return new JcudaNatives(temporaryDirectory(), true);
    }
  }

  private static PrivateDirectory temporaryDirectory() {
    try {
      PrivateDirectory directory = PrivateDirectory.temporary("tarn-native");
      directory.path().toFile().deleteOnExit();
      return directory;
    } catch (IOException e) {
      throw new CudaUnavailableException(
          Reason.CACHE,
          "No directory can be written for JCuda's native libraries: neither the cache nor "
              + System.getProperty("java.io.tmpdir")
              + "; set -Dtarn.cache to a writable directory",
          List.of(e.toString()),
          e);
    }
  }

  /**
   * Loads one native library of JCuda and initialises the class that it belongs to.
   *
   * @param library JCuda's name of it, such as {@code JCublas2}
   * @param linkedTo the CUDA library without version that it is linked to, such as {@code
   *     libcublas.so}; empty if it is the same for all versions
   * @param cudaMajor the version of that library that was loaded
   * @param className the class that declares its native methods
   */
  void load(String library, String linkedTo, int cudaMajor, String className) {
    String name = "lib" + library + "-" + JCudaVersion.get() + "-linux-x86_64.so";
    byte[] content = read(name, linkedTo, cudaMajor);
    String version = "jcuda-" + JCudaVersion.get() + "-cuda" + cudaMajor;
    Path file;
    try {
      file = install(version, name, content);
    } catch (UnsatisfiedLinkError | IOException e) {
      if (temporary) {
        throw damaged(name, "does not load: " + e.getMessage(), e);
      }
      // A cache on a file system that is full, or mounted noexec: the temporary directory may do.
      LOG.warn("{} does not load from {} ({})", name, directory.path(), e.getMessage());
      directory = temporaryDirectory();
      temporary = true;
      load(library, linkedTo, cudaMajor, className);
      return;
    }
    initialize(name, className, file.getParent());
  }

  private Path install(String version, String name, byte[] content) throws IOException {
    PrivateDirectory place = PrivateDirectory.open(directory.resolve(version));
    Path file = place.ensure(name, content);
    if (temporary) {
      place.path().toFile().deleteOnExit();
      file.toFile().deleteOnExit();
    }
    System.load(file.toString());
    return file;
  }

  private static byte[] read(String name, String linkedTo, int cudaMajor) {
    byte[] original;
    try (InputStream in = JCudaVersion.class.getResourceAsStream("/lib/" + name)) {
      if (in == null) {
        throw damaged(name, "is not on the class path", null);
      }
      original = in.readAllBytes();
    } catch (IOException e) {
      throw damaged(name, "cannot be read: " + e.getMessage(), e);
    }
    try {
      if (cudaMajor == BUILT_FOR || linkedTo.isEmpty()) {
        Elf.parse(original);
        return original;
      }
      return NativePatch.retarget(original, linkedTo + "." + BUILT_FOR, linkedTo + "." + cudaMajor);
    } catch (IllegalArgumentException e) {
      throw damaged(name, "is damaged: " + e.getMessage(), e);
    }
  }

  private static void initialize(String name, String className, Path directory) {
    String before = System.getProperty("java.io.tmpdir");
    System.setProperty("java.io.tmpdir", directory.toString());
    try {
      Class.forName(className, true, JCudaVersion.class.getClassLoader());
    } catch (ClassNotFoundException | LinkageError e) {
      throw damaged(name, "does not load: " + firstLine(e), e);
    } finally {
      System.setProperty("java.io.tmpdir", before);
    }
  }

  private static String firstLine(Throwable e) {
    Throwable cause = e.getCause() == null ? e : e.getCause();
    return String.valueOf(cause.getMessage()).lines().findFirst().orElse(cause.toString());
  }

  private static CudaUnavailableException damaged(String name, String what, Throwable cause) {
    return new CudaUnavailableException(
        Reason.NATIVE_DAMAGED,
        "JCuda's native library "
            + name
            + " "
            + what
            + "; delete org/jcuda from the local Maven repository and build again",
        List.of("class path resource: lib/" + name),
        cause);
  }
}
