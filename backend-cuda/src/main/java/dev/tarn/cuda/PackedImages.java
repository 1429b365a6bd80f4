package dev.tarn.cuda;

import dev.tarn.DType;
import dev.tarn.backend.Buffer;
import dev.tarn.ir.Value;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The images that were packed last for convolutions on tensor cores.
 *
 * <p>The two gradients of a convolution follow each other and share dy. Only a few are remembered:
 * one that is used again lives until then, and an image from the forward pass would fill memory
 * until the backward pass.
 */
final class PackedImages {
  private static final int REMEMBERED = 2;

  /** An image as it was packed: its groups of channels, and in which type. */
  record Key(Value image, int groups, DType type) {}

  private final Map<Key, Buffer> buffers = new LinkedHashMap<>();

  /** The packed image, or null if it is not among the last. */
  @Nullable Buffer get(Key key) {
    return buffers.get(key);
  }

  /** Remembers an image, and forgets the oldest. */
  void put(Key key, Buffer buffer) {
    buffers.put(key, buffer);
    if (buffers.size() > REMEMBERED) {
      buffers.remove(buffers.keySet().iterator().next());
    }
  }
}
