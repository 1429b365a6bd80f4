package dev.tarn.cuda;

import dev.tarn.cuda.driver.Command;
import dev.tarn.cuda.driver.Event;
import dev.tarn.cuda.driver.Graph;
import dev.tarn.cuda.driver.Stream;
import java.util.Arrays;
import java.util.List;

/** Measures commands on the device: the median of several graphs of many launches. */
final class DeviceTimer {
  private final CudaBackend backend;
  private final int samples;
  private final double micros;
  private final int most;

  /**
   * A timer.
   *
   * @param samples of which the median counts
   * @param micros about how long a sample takes
   * @param most runs of a sample at most
   */
  DeviceTimer(CudaBackend backend, int samples, double micros, int most) {
    this.backend = backend;
    this.samples = samples;
    this.micros = micros;
    this.most = most;
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
    double once = sample(stream, commands, 1, 1)[0];
    int repeats = (int) Math.max(1, Math.min(most, micros / Math.max(once, 0.1)));
    double[] times = sample(stream, commands, repeats, samples);
    Arrays.sort(times);
    return times[samples / 2];
  }

  private double[] sample(Stream stream, List<Command> commands, int repeats, int count) {
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
      double[] times = new double[count];
      for (int i = 0; i < count; i++) {
        start.enqueue(stream);
        graph.enqueue(stream);
        end.enqueue(stream);
        end.synchronize();
        times[i] = 1e3 * end.millisecondsSince(start) / repeats;
      }
      return times;
    }
  }

  private static void run(Stream stream, List<Command> commands) {
    for (Command command : commands) {
      command.enqueue(stream);
    }
  }
}
