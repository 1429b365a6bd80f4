package dev.tarn.cuda;

import dev.tarn.DType;
import dev.tarn.backend.Buffer;
import dev.tarn.cuda.driver.Copy;
import dev.tarn.cuda.driver.Fill;
import java.util.List;

/** Steps that several lowerings add. */
final class Steps {
  private Steps() {}

  /** A step that casts elements. */
  static Step cast(Kernels kernels, DType from, DType to, Buffer x, Buffer y, long elements) {
    return kernel(kernels, "cast.cu", from + "_to_" + to)
        .reads(x)
        .writes(y)
        .whole(elements)
        .grid(CudaLowering.ceil(elements, CudaLowering.BLOCK), 1)
        .block(CudaLowering.BLOCK, 1)
        .build(elements);
  }

  /** A step that launches a kernel of a source; the source is compiled when it is bound. */
  static KernelStep kernel(Kernels kernels, String file, String name) {
    return new KernelStep(name, () -> kernels.get(file, name));
  }

  /** The same with definitions for the compiler. */
  static KernelStep kernel(Kernels kernels, String file, String name, List<String> definitions) {
    List<String> all = List.copyOf(definitions);
    return new KernelStep(name, () -> kernels.get(file, name, all));
  }

  /** A step that copies a buffer. */
  static Step copy(String name, Buffer from, Buffer to) {
    return new Step(
        name,
        List.of(from),
        List.of(to),
        0,
        binding -> Copy.onDevice(binding.address(to), binding.address(from), to.bytes()));
  }

  /** A step that fills a buffer with zeros. */
  static Step zeros(String name, Buffer to) {
    return new Step(
        name,
        List.of(),
        List.of(to),
        0,
        binding -> Fill.bytes(binding.address(to), (byte) 0, to.bytes()));
  }
}
