package dev.tarn.cuda.driver;

import java.nio.file.Path;

/** Loads the CUDA libraries and prints what came of it; argument: the root of the search. */
final class LoadMain {
  private LoadMain() {}

  public static void main(String[] arguments) {
    Path root = Path.of(arguments[0]);
    String tmpdir = System.getProperty("java.io.tmpdir");
    try {
      CudaLibraries.Loaded loaded =
          CudaLibraries.load(
              () -> new LibrarySearch(System::getProperty, System::getenv, root),
              PrivateDirectory.cacheRoot());
      System.out.println("loaded: " + loaded);
      loaded.files().forEach(file -> System.out.println("file: " + file));
      System.out.println("tmpdir restored: " + tmpdir.equals(System.getProperty("java.io.tmpdir")));
      if (arguments.length > 1) {
        try (CudaContext context = Device.open(0)) {
          System.out.println("opened: " + context.device());
          DeviceMemory.allocate(context, 5L << 30);
        } catch (CudaOutOfMemoryException e) {
          System.out.println("out of memory: " + e.getMessage());
        }
      }
    } catch (CudaUnavailableException e) {
      System.out.println("reason: " + e.reason());
      System.out.println("message: " + e.getMessage());
      e.details().forEach(line -> System.out.println("detail: " + line));
    }
  }
}
