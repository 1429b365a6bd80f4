package dev.tarn.reference;

import dev.tarn.Arena;
import dev.tarn.HostTensor;
import dev.tarn.ShapeException;
import dev.tarn.State;
import dev.tarn.backend.StateStore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/** States as double arrays; members of an arena are ranges of its array. */
final class ReferenceStateStore implements StateStore {
  private record Place(double[] array, int offset) {}

  private final boolean inDouble;
  private final List<State> states;
  private final Map<State, Place> places = new IdentityHashMap<>();

  ReferenceStateStore(List<? extends State> states, boolean inDouble) {
    this.inDouble = inDouble;
    this.states = new ArrayList<>(states);
    for (State state : states) {
      double[] array = new double[state.spec().shape().intSize()];
      places.put(state, new Place(array, 0));
      if (state instanceof Arena arena) {
        for (State member : arena.members()) {
          places.put(member, new Place(array, arena.offset(member)));
        }
      }
    }
  }

  @Override
  public List<State> states() {
    return List.copyOf(states);
  }

  @Override
  public HostTensor read(State state) {
    return Arrays64.toTensor(load(state), state.spec(), inDouble);
  }

  @Override
  public void write(State state, HostTensor value) {
    if (!value.shape().equals(state.spec().shape())
        || value.spec().dtype().isFloat() != state.spec().dtype().isFloat()) {
      throw new ShapeException("state " + state + " cannot hold " + value.spec());
    }
    store(state, Arrays64.round(value.toDoubles(), state.spec(), inDouble));
  }

  @Override
  public long bytes() {
    return states.stream().mapToLong(state -> state.spec().shape().size() * 8).sum();
  }

  @Override
  public void close() {}

  double[] load(State state) {
    Place place = place(state);
    return Arrays.copyOfRange(
        place.array, place.offset, place.offset + state.spec().shape().intSize());
  }

  void store(State state, double[] values) {
    Place place = place(state);
    System.arraycopy(values, 0, place.array, place.offset, values.length);
  }

  private Place place(State state) {
    Place place = places.get(state);
    if (place == null) {
      throw new IllegalArgumentException("state " + state + " is not in this store");
    }
    return place;
  }
}
