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

  private final int cudaMajor;
  private final PrivateDirectory directory;

  private JcudaNatives(int cudaMajor, PrivateDirectory directory) {
    this.cudaMajor = cudaMajor;
    this.directory = directory;
  }

  /** Opens the directory for one CUDA version under {@code cache}, or a temporary one. */
  static JcudaNatives open(Path cache, int cudaMajor) {
    String name = "jcuda-" + JCudaVersion.get() + "-cuda" + cudaMajor;
    Path wanted = cache.resolve("native").resolve(name);
    try {
      PrivateDirectory.open(wanted.getParent());
      return new JcudaNatives(cudaMajor, PrivateDirectory.open(wanted));
    } catch (IOException e) {
      LOG.warn(
          "cannot use {} ({}): native libraries go to a temporary directory; tarn.cache names"
              + " another",
          wanted,
          e.toString());
      return temporary(cudaMajor);
    }
  }

  private static JcudaNatives temporary(int cudaMajor) {
    try {
      PrivateDirectory directory = PrivateDirectory.temporary("tarn-native");
      directory.path().toFile().deleteOnExit();
      return new JcudaNatives(cudaMajor, directory);
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
   *     libcublas.so}; empty if none
   * @param className the class that declares its native methods
   */
  void load(String library, String linkedTo, String className) {
    String name = "lib" + library + "-" + JCudaVersion.get() + "-linux-x86_64.so";
    byte[] content = read(name, linkedTo);
    try {
      System.load(install(name, content).toString());
    } catch (UnsatisfiedLinkError | IOException e) {
      // A cache on a file system that is full, or mounted noexec: the temporary directory may do.
      LOG.warn("{} does not load from {} ({})", name, directory.path(), e.getMessage());
      JcudaNatives retry = temporary(cudaMajor);
      try {
        System.load(retry.install(name, content).toString());
      } catch (UnsatisfiedLinkError | IOException again) {
        throw damaged(name, "does not load: " + again.getMessage(), again);
      }
      retry.initialize(name, className);
      return;
    }
    initialize(name, className);
  }

  private Path install(String name, byte[] content) throws IOException {
    Path file = directory.ensure(name, content);
    if (directory.path().getFileName().toString().startsWith("tarn-native")) {
      file.toFile().deleteOnExit();
    }
    return file;
  }

  private byte[] read(String name, String linkedTo) {
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

  private void initialize(String name, String className) {
    String before = System.getProperty("java.io.tmpdir");
    System.setProperty("java.io.tmpdir", directory.path().toString());
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
