package dev.tarn.train;

import dev.tarn.HostTensor;
import dev.tarn.optim.Plateau;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How far a training has come; all of it is in a checkpoint. */
final class Course {
  /** What the names of the best epoch's weights begin with in a checkpoint. */
  static final String BEST = "best.";

  Position position;
  Plateau.State plateau = Plateau.State.START;
  EarlyStopping.State early = EarlyStopping.State.START;

  /** Parameters and buffers of the best epoch by name; empty without early stopping. */
  Map<String, HostTensor> best = new LinkedHashMap<>();

  /** The rule that held at the end of the last epoch. */
  @Nullable Stop stop;

  Course(int sums) {
    position = Position.start(sums);
  }
}
