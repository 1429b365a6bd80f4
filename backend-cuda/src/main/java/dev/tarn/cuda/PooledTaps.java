package dev.tarn.cuda;

import dev.tarn.backend.Buffer;
import dev.tarn.backend.Schedule;
import dev.tarn.ir.Pool2d;
import dev.tarn.ir.Pool2dGrad;
import dev.tarn.ir.Program;
import dev.tarn.ir.Value;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where in each window the largest element was. A maximum tells it where the gradient will need it,
 * which then reads neither the image nor its maxima.
 */
final class PooledTaps {
  private record Pooling(Value x, Pool2d op) {}

  private record Key(Pooling pooling, boolean last) {}

  private final Schedule<Step> schedule;
  private final Set<Pooling> needed = new HashSet<>();
  private final Map<Key, Buffer> known = new HashMap<>();

  PooledTaps(Schedule<Step> schedule, Program program) {
    this.schedule = schedule;
    program.body().stream()
        .filter(node -> node.op() instanceof Pool2dGrad)
        .forEach(
            node -> needed.add(new Pooling(node.inputs().get(0), ((Pool2dGrad) node.op()).pool())));
  }

  /** Whether there is a gradient of a maximum of an image. */
  boolean areNeeded(Value x, Pool2d op) {
    return needed.contains(new Pooling(x, op));
  }

  /**
   * A buffer for the windows of an image, to be filled.
   *
   * @param last whether channels lie last
   */
  Buffer add(Value x, Pool2d op, boolean last, long bytes) {
    Buffer taps = schedule.scratch(op.name() + " taps", bytes);
    known.put(new Key(new Pooling(x, op), last), taps);
    return taps;
  }

  /** The buffer, if it was filled. */
  @Nullable Buffer find(Value x, Pool2d op, boolean last) {
    return known.get(new Key(new Pooling(x, op), last));
  }
}
