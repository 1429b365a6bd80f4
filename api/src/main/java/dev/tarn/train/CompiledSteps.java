package dev.tarn.train;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compiled steps by what they were compiled for. A bounded number is kept, and fewer where the
 * device's memory does not hold them at once; the least recently used goes first.
 */
final class CompiledSteps<K> implements AutoCloseable {
  /** How many are kept. */
  static final int MAX = 16;

  private static final Logger LOG = LoggerFactory.getLogger(CompiledSteps.class);

  private final Map<K, CompiledStep> steps = new LinkedHashMap<>(16, 0.75f, true);

  /** The step of a key, compiled when it is asked for first. */
  CompiledStep get(K key, Supplier<CompiledStep> compile) {
    CompiledStep known = steps.get(key);
    if (known != null) {
      return known;
    }
    CompiledStep made = compile.get();
    steps.put(key, made);
    if (steps.size() > MAX) {
      K oldest = steps.keySet().iterator().next();
      drop(oldest);
      LOG.warn(
          "more than {} shapes of batches are in use; the step for {} was dropped and will be"
              + " compiled again: pad or bucket the batches",
          MAX,
          oldest);
    }
    return made;
  }

  /** Drops the least recently used step for one that does not fit; false if there is none. */
  boolean makeRoom() {
    if (steps.isEmpty()) {
      return false;
    }
    K oldest = steps.keySet().iterator().next();
    drop(oldest);
    LOG.warn(
        "the device's memory does not hold the steps of all batches at once; the one for {} was"
            + " dropped and will be compiled again: use smaller batches",
        oldest);
    return true;
  }

  private void drop(K key) {
    CompiledStep step = steps.remove(key);
    if (step != null) {
      step.close();
    }
  }

  /** Bytes of device memory of all. */
  long bytes() {
    return steps.values().stream().mapToLong(CompiledStep::bytes).sum();
  }

  @Override
  public void close() {
    steps.values().forEach(CompiledStep::close);
    steps.clear();
  }
}
