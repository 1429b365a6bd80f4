package dev.tarn.cuda;

import dev.tarn.backend.Buffer;
import dev.tarn.cuda.driver.Command;
import dev.tarn.cuda.driver.Kernel;
import dev.tarn.cuda.driver.Launch;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;

/** Builds a {@link Step} that launches a kernel; arguments are added in the kernel's order. */
final class KernelStep {
  /** More dynamic shared memory must be asked for. */
  private static final int UNASKED_SHARED_BYTES = 48 << 10;

  private String name;
  private final LazyKernel kernel;
  private final List<ToLongFunction<Binding>> arguments = new ArrayList<>();
  private final List<Buffer> reads = new ArrayList<>();
  private final List<Buffer> writes = new ArrayList<>();
  private int gridX = 1;
  private int gridY = 1;
  private int blockX = 1;
  private int blockY = 1;
  private int sharedBytes;

  /**
   * Begins a step.
   *
   * @param kernel what it launches
   */
  KernelStep(String name, LazyKernel kernel) {
    this.name = name;
    this.kernel = kernel;
  }

  /** Gives the step another name than the kernel's. */
  KernelStep named(String other) {
    name = other;
    return this;
  }

  /** Sets the number of blocks. */
  KernelStep grid(long x, long y) {
    gridX = Math.toIntExact(x);
    gridY = Math.toIntExact(y);
    return this;
  }

  /** Sets the number of threads of a block. */
  KernelStep block(int x, int y) {
    blockX = x;
    blockY = y;
    return this;
  }

  /** Sets the bytes of dynamic shared memory. */
  KernelStep shared(int bytes) {
    sharedBytes = bytes;
    return this;
  }

  /** Adds the address of a buffer that the kernel reads. */
  KernelStep reads(Buffer buffer) {
    reads.add(buffer);
    return pointer(binding -> binding.address(buffer));
  }

  /** Names a buffer that the kernel reads by another way than an argument. */
  KernelStep touches(Buffer buffer) {
    reads.add(buffer);
    return this;
  }

  /** Adds the address of a buffer that the kernel writes. */
  KernelStep writes(Buffer buffer) {
    writes.add(buffer);
    return pointer(binding -> binding.address(buffer));
  }

  /** Adds an address that is known when the step is bound. */
  KernelStep pointer(ToLongFunction<Binding> address) {
    arguments.add(address);
    return this;
  }

  /** Adds an unsigned integer. */
  KernelStep whole(long value) {
    if (value < 0 || value > 0xffffffffL) {
      throw new IllegalArgumentException(name + ": " + value + " does not fit 32 bits");
    }
    return bits((int) value);
  }

  /** Adds 32 bits of an integer. */
  KernelStep bits(int value) {
    return pointer(binding -> Integer.toUnsignedLong(value));
  }

  /** Adds a float. */
  KernelStep real(float value) {
    return bits(Float.floatToRawIntBits(value));
  }

  /** The buffers that are read so far. */
  List<Buffer> reads() {
    return List.copyOf(reads);
  }

  /** The buffers that are written so far. */
  List<Buffer> writes() {
    return List.copyOf(writes);
  }

  /** The number of blocks side by side. */
  int blocks() {
    return gridX;
  }

  /** The arguments, 8 bytes each; shorter ones are the low bytes, which come first in memory. */
  long[] values(Binding binding) {
    return arguments.stream().mapToLong(argument -> argument.applyAsLong(binding)).toArray();
  }

  /** The step. */
  Step build(long flops) {
    return new Step(
        name, List.copyOf(reads), List.copyOf(writes), flops, Step.Binder.of(kernel, this::bind));
  }

  private Command bind(Binding binding, Kernel function) {
    if (sharedBytes > UNASKED_SHARED_BYTES) {
      function.setMaxDynamicSharedMemory(sharedBytes);
    }
    Launch launch = new Launch(function, binding.arguments(), arguments.size());
    launch.grid(gridX, gridY, 1).block(blockX, blockY, 1).shared(sharedBytes);
    long[] values = values(binding);
    for (int i = 0; i < values.length; i++) {
      launch.set(i, values[i]);
    }
    return launch;
  }
}
