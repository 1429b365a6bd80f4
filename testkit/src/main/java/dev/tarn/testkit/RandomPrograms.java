package dev.tarn.testkit;

import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.Tensor;
import dev.tarn.internal.RandomStream;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;

/**
 * Random deep programs: values with short and long lifetimes, reshapes, and states that are read
 * and updated in between. They show whether memory is reused too early.
 *
 * <p>Elementwise work comes in few patterns with reshapes between them, so that all programs
 * together need few different tapes.
 */
public final class RandomPrograms {
  private static final int NODES = 40;

  private final RandomStream random;
  private final List<Tensor> pool = new ArrayList<>();
  private final List<State> states;

  private RandomPrograms(RandomStream random, List<State> states) {
    this.random = random;
    this.states = states;
  }

  /** The cases of the seeds from 1 to {@code count}. */
  public static List<OpCase> first(int count) {
    return LongStream.rangeClosed(1, count).mapToObj(RandomPrograms::of).toList();
  }

  /** A case made of the random program of a seed; equal seeds make equal programs. */
  public static OpCase of(long seed) {
    RandomStream sizes = new RandomStream(seed, "sizes");
    int rows = 2 + sizes.nextInt(40);
    // Odd, so that no kernel for extents that are multiples of something takes part.
    int columns = 3 + 2 * sizes.nextInt(20);
    Spec spec = Spec.f32(rows, columns);
    List<State> states =
        List.of(StateCases.state("s", spec), StateCases.state("t", Spec.f32(columns)));
    OpCase result =
        OpCase.named("random program " + seed)
            .within(1e-4)
            .steps(2)
            .input("x", spec, Fill.normal(1))
            .input("w", Spec.f32(columns, columns), Fill.normal(1 / Math.sqrt(columns)))
            .input("row", Spec.f32(columns), Fill.normal(1));
    states.forEach(result::state);
    return result
        .program(
            (trace, in) -> new RandomPrograms(new RandomStream(seed, "first"), states).record(in))
        .program(
            (trace, in) -> new RandomPrograms(new RandomStream(seed, "second"), states).record(in));
  }

  private List<Tensor> record(Tensor... in) {
    pool.add(in[0]);
    Tensor w = in[1];
    Tensor row = in[2];
    for (int i = 0; i < NODES; i++) {
      pool.add(next(pick(), w, row));
      if (random.nextInt(6) == 0) {
        touchStates();
      }
    }
    List<Tensor> outputs = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      outputs.add(pick());
    }
    outputs.add(pool.get(pool.size() - 1));
    return outputs;
  }

  /** An earlier value: mostly a late one, sometimes any. */
  private Tensor pick() {
    int span = random.nextInt(3) == 0 ? pool.size() : Math.min(4, pool.size());
    return pool.get(pool.size() - 1 - random.nextInt(span));
  }

  /** A value of the shape that all values of the pool have. */
  private Tensor next(Tensor a, Tensor w, Tensor row) {
    int rows = a.shape().dim(0);
    int columns = a.shape().dim(1);
    return switch (random.nextInt(10)) {
      case 0, 1 -> a.matmul(w).reshape(-1).tanh().reshape(rows, columns);
      case 2 -> apart(a).sub(apart(pick())).mul(0.5);
      case 3 -> apart(a).mul(apart(pick())).tanh();
      case 4 -> a.reshape(columns, rows).reshape(rows, columns).add(row).mul(0.5);
      case 5 -> apart(a).sub(a.max(1).reshape(rows, 1)).mul(0.5);
      case 6 -> apart(a).sub(a.mean(0)).mul(0.5);
      case 7 -> {
        Tensor gram = a.matmul(pick(), true, false).mul(1.0 / rows);
        yield a.matmul(gram.reshape(-1).tanh().reshape(columns, columns)).mul(1.0 / columns);
      }
      case 8 -> apart(a).add(apart(a.trace().state(states.get(0)))).mul(0.5);
      default -> apart(a).sub(a.trace().state(states.get(1))).mul(0.5);
    };
  }

  /** The same value behind a reshape, which ends a tape. */
  private static Tensor apart(Tensor a) {
    return a.reshape(1, 1, -1).reshape(a.shape().dims());
  }

  private void touchStates() {
    Tensor value = pick();
    if (random.nextInt(2) == 0) {
      Tensor old = value.trace().state(states.get(0));
      value.trace().update(states.get(0), apart(old).sub(apart(value)).mul(0.5));
    } else {
      Tensor old = value.trace().state(states.get(1));
      value.trace().update(states.get(1), apart(old).sub(value.mean(0)).mul(0.5));
    }
  }
}
