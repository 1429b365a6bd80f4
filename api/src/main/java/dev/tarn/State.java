package dev.tarn;

import java.util.function.LongFunction;
import java.util.function.Supplier;

/**
 * A slot that persists between runs of a program: a parameter, a moment, a running statistic, a
 * counter.
 *
 * <p>Its identity is the object: two states are the same only if they are the same object, so that
 * every retrace of a model shares them. The name is a path such as {@code fc1.weight} and is used
 * in checkpoints and messages. States are always stored plain and row-major.
 */
public class State {
  private final Supplier<String> name;
  private final Spec spec;
  private final LongFunction<HostTensor> initial;

  /** A state whose initial value is computed from the seed. */
  public State(Supplier<String> name, Spec spec, LongFunction<HostTensor> initial) {
    this.name = name;
    this.spec = spec;
    this.initial = initial;
  }

  /** A state that starts as zeros. */
  public static State zeros(String name, Spec spec) {
    return new State(() -> name, spec, seed -> HostTensor.zeros(spec));
  }

  /** The path that names this state in checkpoints and messages. */
  public final String name() {
    return name.get();
  }

  /** Element type and shape. */
  public final Spec spec() {
    return spec;
  }

  /** The value at the start of a training with the given seed. */
  public final HostTensor initial(long seed) {
    return initial.apply(seed);
  }

  @Override
  public String toString() {
    return name() + ": " + spec;
  }
}
