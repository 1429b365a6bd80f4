package dev.tarn.cuda;

import dev.tarn.CudaKernel;
import dev.tarn.DType;
import dev.tarn.backend.Debug;
import dev.tarn.cuda.driver.CudaContext;
import dev.tarn.cuda.driver.Kernel;
import dev.tarn.cuda.driver.KernelCache;
import dev.tarn.cuda.driver.KernelModule;
import dev.tarn.cuda.driver.Nvrtc;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The kernels of a backend, each compiled and loaded once.
 *
 * <p>A source of the class path is compiled when its first kernel is asked for. Generated kernels
 * are requested first and then compiled together: NVRTC takes about as long for ten as for one.
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

  private final CudaContext context;
  private final KernelCache cache = KernelCache.open();
  private final Map<List<Object>, KernelModule> files = new HashMap<>();
  private final List<KernelModule> generated = new ArrayList<>();
  private final Map<String, Kernel> tapes = new HashMap<>();
  private final Map<List<String>, KernelModule> custom = new HashMap<>();
  private final Map<String, String> requested = new LinkedHashMap<>();

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
  Kernel get(String file, String kernel) {
    return get(file, kernel, List.of());
  }

  /** A kernel of a source of the class path that is compiled with definitions, {@code -DNAME=1}. */
  Kernel get(String file, String kernel, List<String> definitions) {
    return get(file, kernel, definitions, Map.of());
  }

  /** The same where generated texts take the place of some headers, by name. */
  Kernel get(
      String file, String kernel, List<String> definitions, Map<String, String> replacements) {
    KernelModule module =
        files.computeIfAbsent(
            List.of(file, definitions, replacements),
            key -> compile(file, KernelSources.read(file), definitions, replacements));
    return module.kernel(kernel);
  }

  /** A kernel of a source that a user gave. */
  Kernel custom(CudaKernel kernel) {
    return custom
        .computeIfAbsent(
            List.of(kernel.file(), kernel.source()),
            k -> compile(kernel.file(), kernel.source(), List.of(), Map.of()))
        .kernel(kernel.function());
  }

  /**
   * Asks for a generated kernel; {@link #tape} gives it after {@link #compileRequested}.
   *
   * @param text its CUDA C++
   */
  void request(String name, String text) {
    if (!tapes.containsKey(name)) {
      requested.put(name, text);
    }
  }

  /** Takes the requests back: their programs are not compiled. */
  void forgetRequested() {
    requested.clear();
  }

  /** Compiles the generated kernels that were requested and are not there yet. */
  void compileRequested() {
    if (requested.isEmpty()) {
      return;
    }
    String source = TapeSource.PREAMBLE + String.join("\n", requested.values());
    Debug.print(4, "generated CUDA\n", source);
    List<String> names = List.copyOf(requested.keySet());
    requested.clear();
    KernelModule module = compile("generated.cu", source, List.of(), Map.of());
    generated.add(module);
    names.forEach(name -> tapes.put(name, module.kernel(name)));
  }

  /** A generated kernel by its name. */
  Kernel tape(String name) {
    Kernel kernel = tapes.get(name);
    if (kernel == null) {
      throw new IllegalStateException("the kernel " + name + " was not compiled");
    }
    return kernel;
  }

  private KernelModule compile(
      String name, String source, List<String> definitions, Map<String, String> replacements) {
    replacements.forEach((header, text) -> Debug.print(4, name + " with " + header + "\n", text));
    String target = Nvrtc.target(context.device().capability());
    if (definitions.contains(WITH_WGMMA)) {
      target += "a"; // what this chip alone has
    }
    List<String> options = new ArrayList<>(OPTIONS);
    options.addAll(definitions);
    Map<String, String> headers = KernelSources.headers(source, replacements);
    return KernelModule.load(context, cache.get(name, source, headers, options, target));
  }

  @Override
  public void close() {
    files.values().forEach(KernelModule::close);
    generated.forEach(KernelModule::close);
    custom.values().forEach(KernelModule::close);
  }
}
