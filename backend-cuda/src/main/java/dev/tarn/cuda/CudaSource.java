package dev.tarn.cuda;

import dev.tarn.CudaKernel;
import java.util.List;
import java.util.Map;

/**
 * A translation unit: what is compiled at once.
 *
 * @param name of a file, for messages
 * @param text CUDA C++
 * @param definitions for the compiler, {@code -DNAME=1}
 * @param replacements texts that take the place of headers, by name
 */
record CudaSource(
    String name, String text, List<String> definitions, Map<String, String> replacements) {
  /** The name of what Tarn wrote. */
  static final String GENERATED = "generated.cu";

  /** A source of the class path. */
  static CudaSource ofFile(
      String file, List<String> definitions, Map<String, String> replacements) {
    return new CudaSource(
        file, KernelSources.read(file), List.copyOf(definitions), Map.copyOf(replacements));
  }

  /** A source that a user gave. */
  static CudaSource of(CudaKernel kernel) {
    return new CudaSource(kernel.file(), kernel.source(), List.of(), Map.of());
  }

  /** Kernels that Tarn wrote. */
  static CudaSource ofGenerated(Iterable<String> kernels) {
    String text = TapeSource.PREAMBLE + String.join("\n", kernels);
    return new CudaSource(GENERATED, text, List.of(), Map.of());
  }
}
