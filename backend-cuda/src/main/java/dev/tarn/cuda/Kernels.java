package dev.tarn.cuda;

import dev.tarn.CudaKernel;
import dev.tarn.DType;
import dev.tarn.backend.Debug;
import dev.tarn.cuda.driver.CudaContext;
import dev.tarn.cuda.driver.CudaException;
import dev.tarn.cuda.driver.Kernel;
import dev.tarn.cuda.driver.KernelCache;
import dev.tarn.cuda.driver.KernelImage;
import dev.tarn.cuda.driver.KernelModule;
import dev.tarn.cuda.driver.Nvrtc;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * The kernels of a backend, each compiled and loaded once.
 *
 * <p>A plan requests all its kernels before it gets one, so that their sources are compiled side by
 * side; the generated ones are one source: NVRTC takes about as long for ten as for one.
 */
final class Kernels implements AutoCloseable {
  /**
   * Without contraction of products and sums, a chain of elementwise operations gives the same bits
   * however it is cut into kernels.
   */
  private static final List<String> OPTIONS = List.of("--std=c++17", "--fmad=false");

  /** The property that turns {@code wgmma} on, and the definition of kernels with it. */
  static final String WGMMA = "tarn.wgmma";

  static final String WITH_WGMMA = "-DTARN_WGMMA=1";

  private static final int WGMMA_CAPABILITY = 90;

  /** Behind a target: what is specific to this architecture, as wgmma is. */
  private static final String SPECIFIC = "a";

  private final CudaContext context;
  private final KernelCache cache = KernelCache.open();
  private final Map<CudaSource, KernelModule> modules = new HashMap<>();
  private final Map<CudaSource, CudaException> failures = new HashMap<>();
  private final Map<String, CudaSource> tapes = new HashMap<>();
  private final Set<CudaSource> requested = new LinkedHashSet<>();
  private final Map<String, String> requestedTapes = new LinkedHashMap<>();
  private int compilations;

  Kernels(CudaContext context) {
    this.context = context;
  }

  /**
   * Whether the device multiplies tf32 and bf16 on tensor cores: from compute capability 8.0 on.
   * Below, tf32 is f32, and bf16 values are f32 which tapes round.
   */
  boolean hasTensorCores() {
    return context.device().capability().major() >= 8;
  }

  /**
   * Whether convolutions multiply by {@code wgmma}: only the code of compute capability 9.0 has it,
   * and only if it was asked for.
   */
  boolean hasWgmma() {
    return context.device().capability().number() == WGMMA_CAPABILITY && Debug.isOn(WGMMA);
  }

  /** The definitions that make kernels work on elements of a type. */
  static List<String> elements(DType type) {
    return type == DType.BF16 ? List.of("-DTARN_BF16=1") : List.of();
  }

  /**
   * The definitions that make kernels work on rows of elements of a type: on elements one by one
   * where the rows are not a multiple of 16 bytes.
   */
  static List<String> elements(DType type, long columns) {
    List<String> definitions = new ArrayList<>(elements(type));
    definitions.add("-DTARN_SINGLE=" + (columns % together(type) == 0 ? 0 : 1));
    return definitions;
  }

  /** How many elements of a type an access of 16 bytes moves. */
  static int together(DType type) {
    return 16 / type.bytes();
  }

  /** A kernel of a source of the class path. */
  LazyKernel of(String file, String kernel) {
    return of(file, kernel, List.of());
  }

  /** A kernel of a source of the class path that is compiled with definitions, {@code -DNAME=1}. */
  LazyKernel of(String file, String kernel, List<String> definitions) {
    return of(file, kernel, definitions, Map.of());
  }

  /** The same where generated texts take the place of some headers, by name. */
  LazyKernel of(
      String file, String kernel, List<String> definitions, Map<String, String> replacements) {
    return of(CudaSource.ofFile(file, definitions, replacements), kernel);
  }

  /** A kernel of a source that a user gave. */
  LazyKernel custom(CudaKernel kernel) {
    return of(CudaSource.of(kernel), kernel.function());
  }

  LazyKernel of(CudaSource source, String kernel) {
    return new LazyKernel() {
      @Override
      public void request() {
        Kernels.this.request(source);
      }

      @Override
      public Kernel get() {
        return module(source).kernel(kernel);
      }
    };
  }

  /**
   * A generated kernel.
   *
   * @param text its CUDA C++
   */
  LazyKernel generated(String name, String text) {
    return new LazyKernel() {
      @Override
      public void request() {
        if (!tapes.containsKey(name)) {
          requestedTapes.put(name, text);
        }
      }

      @Override
      public Kernel get() {
        if (!tapes.containsKey(name)) {
          request();
          compileRequested();
        }
        return module(tapes.get(name)).kernel(name);
      }
    };
  }

  private void request(CudaSource source) {
    if (!modules.containsKey(source)) {
      requested.add(source);
    }
  }

  private KernelModule module(CudaSource source) {
    if (!modules.containsKey(source) && !failures.containsKey(source)) {
      request(source);
      compileRequested();
    }
    CudaException failure = failures.remove(source);
    if (failure != null) {
      throw failure;
    }
    return modules.get(source);
  }

  /**
   * Compiles the sources of the kernels that were requested and are not there yet, on all
   * processors. Throws nothing if one does not compile: who gets a kernel of it learns why.
   */
  void compileRequested() {
    List<CudaSource> sources = new ArrayList<>();
    if (!requestedTapes.isEmpty()) {
      // Often the longest, so first.
      CudaSource generated = CudaSource.ofGenerated(requestedTapes.values());
      requestedTapes.keySet().forEach(name -> tapes.put(name, generated));
      requestedTapes.clear();
      sources.add(generated);
    }
    sources.addAll(requested);
    requested.clear();
    if (!sources.isEmpty()) {
      sources.forEach(Kernels::print);
      compilations++;
      load(sources);
    }
  }

  /** How many times something was compiled or found in the cache. */
  int compilations() {
    return compilations;
  }

  /** Threads of its own: an application may use those that all share for other things. */
  private void load(List<CudaSource> sources) {
    String target = Nvrtc.target(context.device().capability());
    int processors = Runtime.getRuntime().availableProcessors();
    ExecutorService threads =
        Executors.newFixedThreadPool(Math.min(processors, sources.size()), Kernels::thread);
    Map<CudaSource, CompletableFuture<KernelImage>> images = new LinkedHashMap<>();
    for (CudaSource source : sources) {
      images.put(source, CompletableFuture.supplyAsync(() -> compile(source, target), threads));
    }
    threads.shutdown();
    images.forEach(
        (source, image) -> {
          try {
            modules.put(source, KernelModule.load(context, image.join()));
          } catch (CudaException e) {
            failures.put(source, e);
          } catch (CompletionException e) {
            if (!(e.getCause() instanceof CudaException)) {
              throw e;
            }
            failures.put(source, (CudaException) e.getCause());
          }
        });
  }

  private static Thread thread(Runnable work) {
    Thread thread = new Thread(work, "tarn-nvrtc");
    thread.setDaemon(true);
    return thread;
  }

  private static void print(CudaSource source) {
    if (source.name().equals(CudaSource.GENERATED)) {
      Debug.print(4, "generated CUDA\n", source.text());
    }
    source
        .replacements()
        .forEach((header, text) -> Debug.print(4, source.name() + " with " + header + "\n", text));
  }

  private KernelImage compile(CudaSource source, String target) {
    String chip = source.definitions().contains(WITH_WGMMA) ? target + SPECIFIC : target;
    List<String> options = new ArrayList<>(OPTIONS);
    options.addAll(source.definitions());
    Map<String, String> headers = KernelSources.headers(source.text(), source.replacements());
    return cache.get(source.name(), source.text(), headers, options, chip);
  }

  @Override
  public void close() {
    modules.values().forEach(KernelModule::close);
  }
}
