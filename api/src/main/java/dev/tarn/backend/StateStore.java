package dev.tarn.backend;

import dev.tarn.HostTensor;
import dev.tarn.State;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The device memory in which states live; shared by the executables compiled with it. */
public interface StateStore extends AutoCloseable {
  /** The states given to {@link Backend#allocate}, in order. */
  List<State> states();

  /**
   * A copy of a state's value, after waiting for runs in progress.
   *
   * @param state a state of this store or a member of one of its arenas
   */
  HostTensor read(State state);

  /**
   * Sets a state's value.
   *
   * @throws dev.tarn.ShapeException if the value's spec is another
   */
  void write(State state, HostTensor value);

  /** Bytes of device memory. */
  long bytes();

  /** Gives every state its initial value for a seed. */
  default void reset(long seed) {
    for (State state : states()) {
      write(state, state.initial(seed));
    }
  }

  /** The values of all states, to be given to {@link #restore}. */
  default Map<State, HostTensor> snapshot() {
    Map<State, HostTensor> values = new LinkedHashMap<>();
    for (State state : states()) {
      values.put(state, read(state));
    }
    return values;
  }

  /** Writes back what {@link #snapshot} gave. */
  default void restore(Map<State, HostTensor> snapshot) {
    snapshot.forEach(this::write);
  }

  /** Releases the memory. */
  @Override
  void close();
}
