package dev.tarn.train;

import dev.tarn.Precision;
import dev.tarn.Spec;
import dev.tarn.backend.Backend;
import dev.tarn.backend.DeviceMemoryException;
import dev.tarn.backend.Executable;
import dev.tarn.backend.StateStore;
import dev.tarn.ir.Program;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/** Compiles a step, and says which batch would have fitted the device where its own does not. */
final class LargestBatch {
  private LargestBatch() {}

  /**
   * Compiles a step.
   *
   * @param features the features it is for; the first dimension of all is the batch
   * @param trace traces the step for other features
   * @param makeRoom gives up a piece of what else lies on the device; false if there is none
   * @throws DeviceMemoryException if it does not fit the device
   */
  static Executable compile(
      Backend backend,
      List<Program> programs,
      StateStore store,
      Precision precision,
      List<Spec> features,
      Function<List<Spec>, List<Program>> trace,
      BooleanSupplier makeRoom) {
    try {
      return backend.compile(programs, store, precision);
    } catch (DeviceMemoryException e) {
      if (makeRoom.getAsBoolean()) {
        return compile(backend, programs, store, precision, features, trace, makeRoom);
      }
      int batch = features.get(0).shape().dim(0);
      int fits = 0;
      // By bisection: memory grows with the batch.
      for (int tooLarge = batch; e.free() >= 0 && tooLarge - fits > 1; ) {
        int middle = (fits + tooLarge) >>> 1;
        List<Spec> other = features.stream().map(f -> f.withoutFirst().prepend(middle)).toList();
        if (backend.forecast(trace.apply(other), store, precision) <= e.free()) {
          fits = middle;
        } else {
          tooLarge = middle;
        }
      }
      throw new DeviceMemoryException(
          e.getMessage() + "\n" + advice(batch, fits), e.needed(), e.free(), e);
    }
  }

  private static String advice(int batch, int fits) {
    return fits > 0
        ? "The largest batch that fits is " + fits + " in place of " + batch + "."
        : "Not even a batch of one example fits: make the model smaller, or free the device.";
  }
}
