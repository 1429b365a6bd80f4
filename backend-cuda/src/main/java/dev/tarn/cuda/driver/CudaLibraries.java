package dev.tarn.cuda.driver;

import dev.tarn.cuda.driver.CudaUnavailableException.Reason;
import dev.tarn.cuda.driver.LibrarySearch.Found;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import jcuda.nvrtc.JNvrtc;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds and loads the NVIDIA driver, NVRTC and cuBLAS of CUDA 12 or 13, or says what is missing.
 *
 * <p>The order of the search is that of the property {@code tarn.cuda.libraries} (or environment
 * {@code TARN_CUDA_LIBRARIES}), {@code CUDA_PATH}, the loader's path, {@code /usr/local/cuda*}, and
 * pip's {@code nvidia/*}{@code /lib}. CUDA 12 needs a driver for 12 or newer, CUDA 13 one for 13;
 * where both are usable, the first in the order is taken, 12 if they lie side by side.
 */
public final class CudaLibraries {
  private static final Logger LOG = LoggerFactory.getLogger(CudaLibraries.class);
  private static final String DRIVER = "libcuda.so.1";
  private static final int OLDEST_DRIVER = 12000;
  private static final List<Integer> MAJORS = List.of(12, 13);

  private static @Nullable Loaded loaded;
  private static @Nullable CudaUnavailableException failure;

  /**
   * What was loaded.
   *
   * @param driverVersion the newest CUDA version that the driver supports, 1000 major + 10 minor
   * @param cudaMajor the CUDA version of NVRTC and cuBLAS, 12 or 13
   * @param nvrtcVersion NVRTC's version, such as {@code 13.0}
   * @param cublasVersion cuBLAS's version as its file is named, such as {@code 13.0.2.14}
   * @param deviceCount the number of GPUs, at least 1
   * @param files the CUDA libraries in the order they were loaded
   */
  public record Loaded(
      int driverVersion,
      int cudaMajor,
      String nvrtcVersion,
      String cublasVersion,
      int deviceCount,
      List<Path> files) {
    /** Returns one line: versions of driver, NVRTC and cuBLAS. */
    @Override
    public String toString() {
      return "driver for CUDA "
          + versionText(driverVersion)
          + ", NVRTC "
          + nvrtcVersion
          + ", cuBLAS "
          + cublasVersion;
    }
  }

  private record Toolkit(int major, Found cublas, Found nvrtc) {
    int rank() {
      return Math.max(cublas.rank(), nvrtc.rank());
    }
  }

  private CudaLibraries() {}

  /**
   * Loads the libraries on the first call, and gives the first call's outcome ever after.
   *
   * @throws CudaUnavailableException if CUDA cannot be used, with the reason and the remedy
   */
  public static Loaded load() {
    return load(LibrarySearch::ofSystem, PrivateDirectory.cacheRoot());
  }

  static synchronized Loaded load(Supplier<LibrarySearch> search, Path cache) {
    if (failure != null) {
      throw failure;
    }
    if (loaded == null) {
      try {
        requirePlatform(System::getProperty);
        loaded = load(search.get(), cache);
      } catch (CudaUnavailableException e) {
        failure = e;
        throw e;
      }
      LOG.debug("{}: {}", loaded, loaded.files());
    }
    return loaded;
  }

  /** Refuses platforms for which JCuda has no native libraries. */
  static void requirePlatform(UnaryOperator<String> property) {
    String os = String.valueOf(property.apply("os.name"));
    String arch = String.valueOf(property.apply("os.arch"));
    if (!os.equals("Linux") || !(arch.equals("amd64") || arch.equals("x86_64"))) {
      throw new CudaUnavailableException(
          Reason.PLATFORM,
          "CUDA needs Linux on x86-64; this is " + os + " on " + arch + ": use device cpu",
          List.of("os.name=" + os, "os.arch=" + arch),
          null);
    }
  }

  private static Loaded load(LibrarySearch search, Path cache) {
    search
        .missingConfigured()
        .ifPresent(
            directory -> {
              throw unavailable(
                  Reason.CONFIGURATION,
                  "The configured directory of CUDA libraries does not exist: "
                      + directory
                      + " (-D"
                      + LibrarySearch.PROPERTY
                      + " or "
                      + LibrarySearch.VARIABLE
                      + ")",
                  search);
            });
    List<Path> files = new ArrayList<>();
    Found driver =
        search
            .find(DRIVER)
            .orElseThrow(
                () ->
                    unavailable(
                        Reason.NO_DRIVER,
                        "No NVIDIA driver: "
                            + DRIVER
                            + " was not found; install the driver (a container needs"
                            + " '--gpus all') or use device cpu",
                        search));
    preload(driver.file(), Reason.NO_DRIVER, search, files);
    JcudaNatives natives = JcudaNatives.open(cache);
    natives.load("JCudaDriver", "", MAJORS.get(0), "jcuda.driver.JCudaDriver");
    int driverVersion = driverVersion(search);
    int devices = startDriver(search);
    Toolkit toolkit = chooseToolkit(search, driverVersion);
    Path nvrtcDirectory = directoryOf(toolkit.nvrtc().file());
    String builtins = "libnvrtc-builtins.so." + toolkit.major() + ".*";
    for (Path file : LibrarySearch.matching(nvrtcDirectory, builtins)) {
      preload(file, Reason.LIBRARY_DAMAGED, search, files);
    }
    preload(toolkit.nvrtc().file(), Reason.LIBRARY_DAMAGED, search, files);
    Path cublasDirectory = directoryOf(toolkit.cublas().file());
    for (Path file : LibrarySearch.matching(cublasDirectory, "libcublasLt.so." + toolkit.major())) {
      preload(file, Reason.LIBRARY_DAMAGED, search, files);
    }
    preload(toolkit.cublas().file(), Reason.LIBRARY_DAMAGED, search, files);
    natives.load("JNvrtc", "libnvrtc.so", toolkit.major(), "jcuda.nvrtc.JNvrtc");
    natives.load("JCublas2", "libcublas.so", toolkit.major(), "jcuda.jcublas.JCublas2");
    int[] major = new int[1];
    int[] minor = new int[1];
    int status = JNvrtc.nvrtcVersion(major, minor);
    if (status != 0) {
      throw unavailable(
          Reason.LIBRARY_DAMAGED, toolkit.nvrtc().file() + " fails with " + status, search);
    }
    return new Loaded(
        driverVersion,
        toolkit.major(),
        major[0] + "." + minor[0],
        fileVersion(toolkit.cublas().file()),
        devices,
        List.copyOf(files));
  }

  private static int driverVersion(LibrarySearch search) {
    int[] version = new int[1];
    int status = JCudaDriver.cuDriverGetVersion(version);
    if (status != 0) {
      throw unavailable(
          Reason.NO_DRIVER, "The NVIDIA driver fails with " + CUresult.stringFor(status), search);
    }
    if (version[0] < OLDEST_DRIVER) {
      throw unavailable(
          Reason.DRIVER_TOO_OLD,
          "NVIDIA driver supports CUDA "
              + versionText(version[0])
              + "; Tarn needs 12.0 or newer: update the driver",
          search);
    }
    return version[0];
  }

  /** Initialises the driver and returns the number of devices. */
  private static int startDriver(LibrarySearch search) {
    int status = JCudaDriver.cuInit(0);
    int[] count = new int[1];
    if (status == 0) {
      status = JCudaDriver.cuDeviceGetCount(count);
    }
    if (status == 0 && count[0] > 0) {
      return count[0];
    }
    String visible = System.getenv("CUDA_VISIBLE_DEVICES");
    String limited = visible == null ? "" : " (CUDA_VISIBLE_DEVICES='" + visible + "')";
    String name = CUresult.stringFor(status);
    String message =
        switch (status) {
          case 0, 100 ->
              "The NVIDIA driver finds no GPU"
                  + limited
                  + "; see what nvidia-smi says, or use device cpu";
          case 2 -> "The GPU is full: the driver cannot start (" + name + "); free its memory";
          case 34 -> "libcuda.so.1 is the toolkit's stub, not a driver; install the NVIDIA driver";
          case 803, 804 ->
              "The NVIDIA driver's library does not fit its kernel module ("
                  + name
                  + "); restart the machine after a driver update, or remove compat libraries";
          default ->
              "The NVIDIA driver does not start: " + name + limited + "; see what nvidia-smi says";
        };
    throw unavailable(status == 34 ? Reason.NO_DRIVER : Reason.NO_DEVICE, message, search);
  }

  private static Toolkit chooseToolkit(LibrarySearch search, int driverVersion) {
    Toolkit best = null;
    List<String> found = new ArrayList<>();
    boolean cublasOnly = false;
    boolean tooNew = false;
    for (int major : MAJORS) {
      Optional<Found> cublas = search.find("libcublas.so." + major);
      Optional<Found> nvrtc = search.find("libnvrtc.so." + major);
      cublas.ifPresent(f -> found.add("found: " + f.file()));
      nvrtc.ifPresent(f -> found.add("found: " + f.file()));
      if (driverVersion < major * 1000) {
        tooNew |= cublas.isPresent() && nvrtc.isPresent();
      } else if (cublas.isPresent() && nvrtc.isPresent()) {
        Toolkit toolkit = new Toolkit(major, cublas.get(), nvrtc.get());
        if (best == null || toolkit.rank() < best.rank()) {
          best = toolkit;
        }
      } else {
        cublasOnly |= cublas.isPresent();
      }
    }
    if (best != null) {
      return best;
    }
    String usable = driverVersion < 13000 ? "12" : "12 or 13";
    String remedy =
        "install the CUDA " + usable + " toolkit, or set -D" + LibrarySearch.PROPERTY + "=DIR";
    String driver = "the driver supports CUDA " + versionText(driverVersion);
    if (tooNew) {
      throw unavailable(
          Reason.LIBRARIES_TOO_NEW,
          "Only libraries of CUDA 13 were found, and "
              + driver
              + ": update the driver, or install cuBLAS and NVRTC of CUDA 12",
          search,
          found);
    }
    Reason reason = cublasOnly ? Reason.NO_NVRTC : Reason.NO_CUBLAS;
    String missing = cublasOnly ? "NVRTC (libnvrtc.so." : "cuBLAS (libcublas.so.";
    throw unavailable(
        reason, missing + usable + ") was not found (" + driver + "): " + remedy, search, found);
  }

  private static void preload(Path file, Reason reason, LibrarySearch search, List<Path> files) {
    try {
      System.load(file.toString());
    } catch (UnsatisfiedLinkError e) {
      // Another class loader's copy serves this one's JCuda too: it is found by its name.
      if (!String.valueOf(e.getMessage()).contains("already loaded in another classloader")) {
        throw unavailable(
            reason, file.getFileName() + " was found but does not load: " + e.getMessage(), search);
      }
    }
    files.add(file);
  }

  /** The file itself: a link to it may lie apart from its companions, and hides its version. */
  private static Path real(Path file) {
    try {
      return file.toRealPath();
    } catch (IOException e) {
      return file;
    }
  }

  private static Path directoryOf(Path file) {
    return Objects.requireNonNull(real(file).getParent());
  }

  /** Returns what follows {@code .so.} in the real file's name. */
  private static String fileVersion(Path file) {
    String name = String.valueOf(real(file).getFileName());
    return name.substring(name.indexOf(".so.") + ".so.".length());
  }

  static String versionText(int version) {
    return version / 1000 + "." + version % 1000 / 10;
  }

  private static CudaUnavailableException unavailable(
      Reason reason, String message, LibrarySearch search) {
    return unavailable(reason, message, search, List.of());
  }

  private static CudaUnavailableException unavailable(
      Reason reason, String message, LibrarySearch search, List<String> found) {
    List<String> details = new ArrayList<>(found);
    details.addAll(search.description());
    return new CudaUnavailableException(reason, message, details, null);
  }
}
