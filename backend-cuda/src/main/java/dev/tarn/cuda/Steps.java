package dev.tarn.cuda;

import dev.tarn.DType;
import dev.tarn.Shape;
import dev.tarn.TarnException;
import dev.tarn.backend.Buffer;
import dev.tarn.cuda.driver.Copy;
import dev.tarn.cuda.driver.Fill;
import dev.tarn.ir.Node;
import java.util.List;

/** Steps that several lowerings add, and how the work of others is dealt to blocks. */
final class Steps {
  /** Rows up to this length are given to a warp, longer ones to a block. */
  static final int WARP_ROW = 1024;

  static final int BLOCK = 256;
  static final int WARPS = BLOCK / 32;

  private Steps() {}

  /** A step that casts elements. */
  static Step cast(Kernels kernels, DType from, DType to, Buffer x, Buffer y, long elements) {
    return kernel(kernels, "cast.cu", from + "_to_" + to)
        .reads(x)
        .writes(y)
        .whole(elements)
        .grid(ceil(elements, BLOCK), 1)
        .block(BLOCK, 1)
        .build(elements);
  }

  /** A step that launches a kernel of a source. */
  static KernelStep kernel(Kernels kernels, String file, String name) {
    return kernel(kernels, file, name, List.of());
  }

  /** The same with definitions for the compiler. */
  static KernelStep kernel(Kernels kernels, String file, String name, List<String> definitions) {
    return new KernelStep(name, kernels.of(file, name, definitions));
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

  /** The number of elements of a kernel that counts them with 31 bits. */
  static int count(Node node, Shape shape) {
    if (shape.size() > Integer.MAX_VALUE - 1024) {
      throw new TarnException(
          node.op().name()
              + ": "
              + shape
              + " has more elements than a CUDA kernel of Tarn counts, 2^31"
              + node.origin().suffix());
    }
    return (int) shape.size();
  }

  /** A quotient, rounded up. */
  static long ceil(long count, long by) {
    return (count + by - 1) / by;
  }
}
