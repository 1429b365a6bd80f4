package dev.tarn.cuda;

import dev.tarn.HostTensor;
import dev.tarn.State;
import dev.tarn.backend.Buffer;
import dev.tarn.cuda.driver.DeviceMemory;
import dev.tarn.cuda.driver.HostArena;
import java.util.ArrayList;
import java.util.List;

/** Gives buffers their addresses, and holds the constants and arguments of a plan's commands. */
final class Binding implements AutoCloseable {
  private final CudaBackend backend;
  private final CudaStateStore store;
  private final DeviceMemory arena;
  private final HostArena arguments;
  private final List<DeviceMemory> constants = new ArrayList<>();

  Binding(CudaBackend backend, CudaStateStore store, DeviceMemory arena) {
    this.backend = backend;
    this.store = store;
    this.arena = arena;
    this.arguments = HostArena.create(backend.context());
  }

  /** The address of a buffer on the device. */
  long address(Buffer buffer) {
    State state = buffer.state();
    return state != null ? store.address(state) : arena.address() + buffer.offset();
  }

  /** The address of the arena, at whose start the inputs lie. */
  long arena() {
    return arena.address();
  }

  CudaBackend backend() {
    return backend;
  }

  /** Where the arguments of launches lie. */
  HostArena arguments() {
    return arguments;
  }

  /** Copies data to device memory of its own, and gives its address. */
  long upload(HostTensor data) {
    DeviceMemory memory =
        DeviceMemory.allocate(backend.context(), Math.max(1, (long) data.size() * Float.BYTES));
    constants.add(memory);
    backend.transfers().toDevice(memory.address(), data);
    return memory.address();
  }

  @Override
  public void close() {
    constants.forEach(DeviceMemory::close);
    arguments.close();
    arena.close();
  }
}
