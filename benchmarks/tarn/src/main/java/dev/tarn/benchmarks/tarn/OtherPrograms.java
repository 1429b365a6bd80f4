package dev.tarn.benchmarks.tarn;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/**
 * How many cores were busy with anything but this comparison, from {@code /proc/stat}. Time that a
 * virtual machine's host took away counts too.
 */
final class OtherPrograms {
  /** Linux tells times in hundredths of a second, whatever the machine. */
  private static final double TICKS = 100;

  private static final int IDLE = 4;
  private static final int WAITING = 5;
  private static final int LAST = 8;

  private final List<ProcessHandle> own;
  private final double busy;
  private final double used;
  private final long begin = System.nanoTime();

  /** Begins to count; what runs for the comparison must have been started. */
  OtherPrograms() throws IOException {
    ProcessHandle self = ProcessHandle.current();
    own = Stream.concat(Stream.of(self), self.children()).toList();
    busy = busySeconds();
    used = ownSeconds();
  }

  /** Cores, since this was made. */
  double cores() throws IOException {
    double seconds = (System.nanoTime() - begin) / 1e9;
    return Math.max(0, (busySeconds() - busy - (ownSeconds() - used)) / seconds);
  }

  private double ownSeconds() {
    return own.stream()
        .mapToDouble(
            process -> process.info().totalCpuDuration().orElse(Duration.ZERO).toMillis() / 1e3)
        .sum();
  }

  private static double busySeconds() throws IOException {
    String[] fields = Files.readAllLines(Path.of("/proc/stat")).get(0).split(" +");
    double ticks = 0;
    for (int i = 1; i <= LAST; i++) {
      ticks += i == IDLE || i == WAITING ? 0 : Double.parseDouble(fields[i]);
    }
    return ticks / TICKS;
  }
}
