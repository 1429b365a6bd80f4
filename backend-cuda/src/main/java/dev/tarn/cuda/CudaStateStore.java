package dev.tarn.cuda;

import dev.tarn.Arena;
import dev.tarn.HostTensor;
import dev.tarn.ShapeException;
import dev.tarn.State;
import dev.tarn.backend.Buffer;
import dev.tarn.backend.StateStore;
import dev.tarn.cuda.driver.CudaException;
import dev.tarn.cuda.driver.CudaOutOfMemoryException;
import dev.tarn.cuda.driver.DeviceMemory;
import dev.tarn.cuda.driver.Fill;
import dev.tarn.transform.MemoryPlanner;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** States in one block of device memory; members of an arena are ranges of it. */
final class CudaStateStore implements StateStore {
  /** Where a state lies; {@code arena} is the one it is a member of, or itself. */
  private record Place(long offset, @Nullable Arena arena) {}

  private final CudaBackend backend;
  private final List<State> states;
  private final Map<State, Place> places = new IdentityHashMap<>();
  private final DeviceMemory memory;
  private final long bytes;

  CudaStateStore(CudaBackend backend, List<? extends State> states) {
    this.backend = backend;
    this.states = List.copyOf(states);
    long end = 0;
    for (State state : states) {
      place(state, end);
      end = MemoryPlanner.align(end + state.spec().bytes());
    }
    this.bytes = end;
    try {
      this.memory = DeviceMemory.allocate(backend.context(), Math.max(1, end));
      zeroArenas();
    } catch (CudaException e) {
      boolean full = e instanceof CudaOutOfMemoryException;
      throw Failures.of(full ? "no memory for the states" : "cannot allocate states", e);
    }
  }

  private void place(State state, long offset) {
    if (state instanceof Arena arena) {
      places.put(arena, new Place(offset, arena));
      for (State member : arena.members()) {
        places.put(member, new Place(offset + (long) arena.offset(member) * Float.BYTES, arena));
      }
    } else {
      places.put(state, new Place(offset, null));
    }
  }

  /** The gaps between members must hold zeros, also when members are written one by one. */
  private void zeroArenas() {
    for (State state : states) {
      if (state instanceof Arena) {
        Fill.bytes(address(state), (byte) 0, state.spec().bytes()).enqueue(backend.stream());
      }
    }
  }

  CudaBackend backend() {
    return backend;
  }

  /** The address of a state on the device. */
  long address(State state) {
    return memory.address() + place(state).offset();
  }

  /** The arena that a state is or lies in, or null. */
  @Nullable Arena arena(State state) {
    return place(state).arena();
  }

  /** Whether some buffers share memory with others: an arena does with its members. */
  boolean overlap(List<Buffer> some, List<Buffer> others) {
    return some.stream().anyMatch(a -> others.stream().anyMatch(b -> overlap(a, b)));
  }

  private boolean overlap(Buffer a, Buffer b) {
    State one = a.state();
    State other = b.state();
    boolean arena = one instanceof Arena || other instanceof Arena;
    return a == b || arena && one != null && other != null && arena(one) == arena(other);
  }

  @Override
  public List<State> states() {
    return states;
  }

  @Override
  public HostTensor read(State state) {
    HostTensor value = HostTensor.zeros(state.spec());
    long address = address(state);
    try {
      backend.context().makeCurrent();
      backend.transfers().toHost(value, address);
    } catch (CudaException e) {
      throw Failures.of("cannot read state " + state, e);
    }
    return value;
  }

  @Override
  public void write(State state, HostTensor value) {
    if (!value.shape().equals(state.spec().shape())
        || value.spec().dtype().isFloat() != state.spec().dtype().isFloat()) {
      throw new ShapeException("state " + state + " cannot hold " + value.spec());
    }
    long address = address(state);
    try {
      backend.context().makeCurrent();
      backend.transfers().toDevice(address, value);
    } catch (CudaException e) {
      throw Failures.of("cannot write state " + state, e);
    }
  }

  @Override
  public long bytes() {
    return bytes;
  }

  @Override
  public void close() {
    memory.close();
  }

  private Place place(State state) {
    Place place = places.get(state);
    if (place == null) {
      throw new IllegalArgumentException("state " + state + " is not in this store");
    }
    return place;
  }
}
