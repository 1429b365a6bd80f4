package dev.tarn.cuda;

import dev.tarn.backend.Buffer;
import dev.tarn.cuda.driver.Command;
import dev.tarn.cuda.driver.Kernel;
import java.util.List;
import java.util.function.BiFunction;

/**
 * One piece of device work before it has addresses.
 *
 * @param name what it is, for tables and messages
 * @param reads the buffers it reads
 * @param writes the buffers it writes
 * @param flops the floating point operations it does
 * @param binder makes the command once buffers have addresses
 */
record Step(String name, List<Buffer> reads, List<Buffer> writes, long flops, Binder binder) {
  /** Makes commands. */
  @FunctionalInterface
  interface Binder {
    /** The command of a step. */
    Command bind(Binding binding);

    /** Requests the kernels that it may need. */
    default void request(Tuner tuner) {}

    /** A binder that needs one kernel. */
    static Binder of(LazyKernel kernel, BiFunction<Binding, Kernel, Command> launch) {
      return new Binder() {
        @Override
        public Command bind(Binding binding) {
          return launch.apply(binding, kernel.get());
        }

        @Override
        public void request(Tuner tuner) {
          kernel.request();
        }
      };
    }
  }

  /** The bytes it must move at least. */
  long bytes() {
    return reads.stream().mapToLong(Buffer::bytes).sum()
        + writes.stream().mapToLong(Buffer::bytes).sum();
  }
}
