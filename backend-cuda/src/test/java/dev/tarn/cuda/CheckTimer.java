package dev.tarn.cuda;

import dev.tarn.cuda.driver.Command;
import dev.tarn.cuda.driver.Event;
import dev.tarn.cuda.driver.Graph;
import dev.tarn.cuda.driver.Stream;
import java.util.Arrays;
import java.util.List;

/** Measures commands on the device: the median of several graphs of many launches. */
final class CheckTimer {
  private static final double TARGET_MICROS = 2000;

  private final CudaBackend backend;
  private final int samples;
  private final int most;

  /**
   * A timer.
   *
   * @param tiny whether each command runs only a few times
   */
  CheckTimer(CudaBackend backend, boolean tiny) {
    this.backend = backend;
    this.samples = tiny ? 1 : 7;
    this.most = tiny ? 1 : 200;
  }

  /** Microseconds of one run of a command. */
  double micros(Command command) {
    return micros(List.of(command));
  }

  /** Microseconds of one run of commands, one after another. */
  double micros(List<Command> commands) {
    Stream stream = backend.stream();
    // The first run warms libraries up, which a capture must not.
    run(stream, commands);
    stream.synchronize();
    double once = sample(stream, commands, 1);
    int repeats = (int) Math.max(1, Math.min(most, TARGET_MICROS / Math.max(once, 0.1)));
    double[] times = new double[samples];
    for (int i = 0; i < samples; i++) {
      times[i] = sample(stream, commands, repeats);
    }
    Arrays.sort(times);
    return times[samples / 2];
  }

  private double sample(Stream stream, List<Command> commands, int repeats) {
    try (Graph graph =
            stream.capture(
                () -> {
                  for (int i = 0; i < repeats; i++) {
                    run(stream, commands);
                  }
                });
        Event start = Event.create(backend.context());
        Event end = Event.create(backend.context())) {
      graph.enqueue(stream);
      start.enqueue(stream);
      graph.enqueue(stream);
      end.enqueue(stream);
      end.synchronize();
      return 1e3 * end.millisecondsSince(start) / repeats;
    }
  }

  private static void run(Stream stream, List<Command> commands) {
    for (Command command : commands) {
      command.enqueue(stream);
    }
  }
}
