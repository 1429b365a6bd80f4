package dev.tarn.cuda.driver;

import java.nio.ByteBuffer;
import java.util.Objects;
import jcuda.Pointer;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;

/**
 * A prepared launch of a kernel: its geometry, and its arguments in native memory.
 *
 * <p>The arguments lie in one block, [values | addresses of the values], which the driver reads at
 * the launch; they may be changed for the next launch right after. A captured launch keeps those it
 * was captured with.
 */
public final class Launch implements Command {
  private static final int SLOT = Long.BYTES;
  private static final int MAX_GRID_YZ = 65_535;
  private static final int MAX_BLOCK = 1024;
  private static final int MAX_BLOCK_Z = 64;

  private final Kernel kernel;
  private final String call;
  private final ByteBuffer values;
  private final Pointer table;
  private final boolean[] set;
  private boolean complete;
  private int gridX = 1;
  private int gridY = 1;
  private int gridZ = 1;
  private int blockX = 1;
  private int blockY = 1;
  private int blockZ = 1;
  private int sharedBytes;

  /**
   * Prepares a launch of one block of one thread, with no argument set yet.
   *
   * @param arena where the arguments lie, as long as this launch is used
   * @param arguments the number of the kernel's parameters
   */
  public Launch(Kernel kernel, HostArena arena, int arguments) {
    this.kernel = kernel;
    this.call = "cuLaunchKernel of " + kernel.name();
    this.set = new boolean[arguments];
    this.complete = arguments == 0;
    HostArena.Piece block = arena.allocate(Math.max(1, arguments) * SLOT * 2);
    int tableOffset = arguments * SLOT;
    for (int i = 0; i < arguments; i++) {
      block.buffer().putLong(tableOffset + i * SLOT, block.address() + (long) i * SLOT);
    }
    this.values = block.buffer();
    this.table = Addresses.pointer(block.address() + tableOffset);
  }

  /** Sets the number of blocks. */
  public Launch grid(int x) {
    return grid(x, 1, 1);
  }

  /** Sets the number of blocks: x up to 2^31 - 1, y and z up to 65,535. */
  public Launch grid(int x, int y, int z) {
    if (x < 1 || y < 1 || z < 1 || y > MAX_GRID_YZ || z > MAX_GRID_YZ) {
      throw invalid("grid", x, y, z);
    }
    gridX = x;
    gridY = y;
    gridZ = z;
    return this;
  }

  /** Sets the number of threads of a block. */
  public Launch block(int x) {
    return block(x, 1, 1);
  }

  /** Sets the number of threads of a block: up to 1,024 in all, z up to 64. */
  public Launch block(int x, int y, int z) {
    boolean positive = x > 0 && y > 0 && z > 0;
    if (!positive || z > MAX_BLOCK_Z || (long) x * y * z > MAX_BLOCK) {
      throw invalid("block", x, y, z);
    }
    blockX = x;
    blockY = y;
    blockZ = z;
    return this;
  }

  /** Sets the bytes of dynamic shared memory. */
  public Launch shared(int bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException(kernel.name() + ": shared memory of " + bytes + " bytes");
    }
    sharedBytes = bytes;
    return this;
  }

  private IllegalArgumentException invalid(String what, int x, int y, int z) {
    return new IllegalArgumentException(
        kernel.name() + ": invalid " + what + " " + x + " x " + y + " x " + z);
  }

  /** Sets an argument of 8 bytes: an address or a 64-bit integer. */
  public Launch set(int index, long value) {
    values.putLong(slot(index), value);
    return this;
  }

  /** Sets an argument of 4 bytes: a 32-bit integer. */
  public Launch set(int index, int value) {
    values.putInt(slot(index), value);
    return this;
  }

  /** Sets an argument of 4 bytes: a float. */
  public Launch set(int index, float value) {
    values.putFloat(slot(index), value);
    return this;
  }

  private int slot(int index) {
    Objects.checkIndex(index, set.length);
    set[index] = true;
    return index * SLOT;
  }

  /** Returns the kernel. */
  public Kernel kernel() {
    return kernel;
  }

  /**
   * Launches the kernel and returns at once.
   *
   * @throws IllegalStateException if an argument was never set
   */
  @Override
  public void enqueue(Stream stream) {
    if (!complete) {
      requireComplete();
    }
    CUstream handle = stream.handle();
    int status =
        JCudaDriver.cuLaunchKernel(
            kernel.function(),
            gridX,
            gridY,
            gridZ,
            blockX,
            blockY,
            blockZ,
            sharedBytes,
            handle,
            table,
            null);
    if (status != 0) {
      throw Status.failure(status, call + " " + geometry());
    }
  }

  private void requireComplete() {
    for (int i = 0; i < set.length; i++) {
      if (!set[i]) {
        throw new IllegalStateException(kernel.name() + ": argument " + i + " is not set");
      }
    }
    complete = true;
  }

  private String geometry() {
    return String.format(
        "with grid %d x %d x %d, block %d x %d x %d, %d bytes shared",
        gridX, gridY, gridZ, blockX, blockY, blockZ, sharedBytes);
  }
}
