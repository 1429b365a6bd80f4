package dev.tarn.kernels.emulator;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import jcuda.driver.JCudaDriver;
import jcuda.jcublas.JCublas2;
import jcuda.nvrtc.JNvrtc;

/** Loads JCuda on top of the emulator. */
final class Jcuda {

  private static boolean loaded;

  private Jcuda() {}

  /** Loads emulator and natives once, from a private directory, and turns exceptions on. */
  static synchronized void load() {
    if (loaded) {
      return;
    }
    Emulator.load();
    // JCuda unpacks its natives into java.io.tmpdir and trusts what is already there.
    String tmp = System.getProperty("java.io.tmpdir");
    try {
      Path directory = Files.createTempDirectory("tarn-jcuda");
      System.setProperty("java.io.tmpdir", directory.toString());
      JCudaDriver.setExceptionsEnabled(true);
      JNvrtc.setExceptionsEnabled(true);
      JCublas2.setExceptionsEnabled(true);
      try (Stream<Path> files = Files.list(directory)) {
        for (Path file : files.toList()) {
          Files.delete(file);
        }
      }
      Files.delete(directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      System.setProperty("java.io.tmpdir", tmp);
    }
    loaded = true;
  }
}
