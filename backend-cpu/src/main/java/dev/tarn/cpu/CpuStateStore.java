package dev.tarn.cpu;

import dev.tarn.Arena;
import dev.tarn.DType;
import dev.tarn.HostTensor;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.backend.StateStore;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/** States in native memory; members of an arena lie inside it. */
final class CpuStateStore implements StateStore {
  private record Place(Memory memory, long offset, State root) {}

  private final List<State> states;
  private final List<Memory> blocks = new ArrayList<>();
  private final Map<State, Place> places = new IdentityHashMap<>();
  private boolean closed;

  CpuStateStore(List<? extends State> states) {
    this.states = List.copyOf(states);
    try {
      for (State state : states) {
        Memory memory = new Memory(state.spec().bytes(), "state " + state);
        blocks.add(memory);
        places.put(state, new Place(memory, 0, state));
        if (state instanceof Arena arena) {
          for (State member : arena.members()) {
            places.put(member, new Place(memory, 4L * arena.offset(member), arena));
          }
        }
      }
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  @Override
  public List<State> states() {
    return states;
  }

  @Override
  public HostTensor read(State state) {
    return read(new View(address(state), state.spec().shape().size()), state.spec());
  }

  /** The elements of a view as a tensor. */
  static HostTensor read(View view, Spec spec) {
    HostTensor tensor = HostTensor.zeros(spec);
    if (spec.dtype() == DType.I32) {
      view.get(0, tensor.ints(), 0, tensor.size());
    } else {
      view.get(0, tensor.floats(), 0, tensor.size());
    }
    return tensor;
  }

  @Override
  public void write(State state, HostTensor value) {
    if (!value.spec().equals(state.spec())) {
      throw new ShapeException("state " + state + " cannot hold " + value.spec());
    }
    View view = new View(address(state), state.spec().shape().size());
    if (value.spec().dtype() == DType.I32) {
      view.put(0, value.ints(), 0, value.size());
    } else {
      view.put(0, value.floats(), 0, value.size());
    }
  }

  @Override
  public long bytes() {
    return blocks.stream().mapToLong(Memory::bytes).sum();
  }

  /** Whether the memory is gone. */
  boolean isClosed() {
    return closed;
  }

  /** Where a state lies. */
  long address(State state) {
    Place place = place(state);
    return place.memory.address() + place.offset;
  }

  /** The state of this store in whose memory a state lies: itself or its arena. */
  State root(State state) {
    return place(state).root;
  }

  private Place place(State state) {
    Place place = places.get(state);
    if (place == null) {
      throw new IllegalArgumentException("state " + state + " is not in this store");
    }
    return place;
  }

  @Override
  public void close() {
    closed = true;
    blocks.forEach(Memory::close);
    blocks.clear();
    places.clear();
  }
}
