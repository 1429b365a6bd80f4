package dev.tarn.cpu;

import java.lang.reflect.Constructor;
import java.util.Locale;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the OpenMP library that oneDNN runs on from starting threads of its own.
 *
 * <p>{@code omp_set_num_threads} has no binding in Java. JavaCPP's native deallocators are the one
 * way it has to call a function by its address; their constructor is not public, hence reflection
 * and the superclass.
 */
final class OpenMp extends Pointer {
  private final ThreadLocal<Boolean> limited = ThreadLocal.withInitial(() -> false);
  private final long function;
  private final @Nullable Constructor<NativeDeallocator> call;

  /** Looks for the function in the libraries that JavaCPP has loaded. */
  OpenMp() {
    function = find();
    call = function == 0 ? null : constructor();
  }

  private static long find() {
    try {
      for (String path : Loader.getLoadedLibraries().values()) {
        if (path != null
            && path.toLowerCase(Locale.ROOT)
                .matches(".*[/\\\\](lib)?(gomp|iomp|omp|vcomp)[^/\\\\]*")) {
          Loader.loadGlobal(path);
        }
      }
      Pointer symbol = Loader.addressof("omp_set_num_threads");
      return symbol == null ? 0 : symbol.address();
    } catch (LinkageError | RuntimeException e) {
      return 0;
    }
  }

  private static @Nullable Constructor<NativeDeallocator> constructor() {
    try {
      Constructor<NativeDeallocator> found =
          NativeDeallocator.class.getDeclaredConstructor(Pointer.class, long.class, long.class);
      found.setAccessible(true);
      return found;
    } catch (ReflectiveOperationException | RuntimeException e) {
      return null;
    }
  }

  /** Whether threads can be limited. */
  boolean available() {
    return call != null;
  }

  /** Makes parallel regions that the calling thread opens run on that thread alone. */
  void limitThisThread() {
    if (call == null || limited.get()) {
      return;
    }
    try {
      call.newInstance(this, 1L, function).deallocate();
      limited.set(true);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cpu: omp_set_num_threads cannot be called", e);
    }
  }
}
