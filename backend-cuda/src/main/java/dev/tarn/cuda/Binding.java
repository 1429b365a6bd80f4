package dev.tarn.cuda;

import dev.tarn.HostTensor;
import dev.tarn.State;
import dev.tarn.backend.Buffer;
import dev.tarn.cuda.driver.DeviceMemory;
import dev.tarn.cuda.driver.HostArena;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Gives buffers their addresses, and holds the tables and arguments of a plan's commands.
 *
 * <p>With the property {@code tarn.cuda.separate=true} every value has device memory of its own
 * instead of a place in the arena: tools that watch allocations then see a kernel that strays from
 * its operands or reads what was not written.
 */
final class Binding implements AutoCloseable {
  private final CudaBackend backend;
  private final CudaStateStore store;
  private final DeviceMemory arena;
  private final long inputBytes;
  private final HostArena arguments;
  private final List<DeviceMemory> tables = new ArrayList<>();
  private final boolean separate = Boolean.getBoolean("tarn.cuda.separate");
  private final Map<Buffer, DeviceMemory> values = new HashMap<>();

  /**
   * Begins with an arena.
   *
   * @param inputBytes the size of the region of inputs at its start
   */
  Binding(CudaBackend backend, CudaStateStore store, DeviceMemory arena, long inputBytes) {
    this.inputBytes = inputBytes;
    this.backend = backend;
    this.store = store;
    this.arena = arena;
    this.arguments = HostArena.create(backend.context());
  }

  /** The address of a buffer on the device. */
  long address(Buffer buffer) {
    State state = buffer.state();
    if (state != null) {
      return store.address(state);
    }
    return separate && buffer.offset() >= inputBytes
        ? values.computeIfAbsent(buffer, b -> allocate(b.bytes())).address()
        : arena.address() + buffer.offset();
  }

  private DeviceMemory allocate(long bytes) {
    return DeviceMemory.allocate(backend.context(), Math.max(1, bytes));
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
    DeviceMemory memory = allocate((long) data.size() * Float.BYTES);
    tables.add(memory);
    backend.transfers().toDevice(memory.address(), data);
    return memory.address();
  }

  @Override
  public void close() {
    tables.forEach(DeviceMemory::close);
    values.values().forEach(DeviceMemory::close);
    arguments.close();
    arena.close();
  }
}
