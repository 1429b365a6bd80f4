package dev.tarn.benchmarks.tarn;

import dev.tarn.TarnException;
import dev.tarn.config.RunConfig;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * How long it takes from files to data that a training can begin with: read, decoded, split,
 * normalization fitted. The files are in the operating system's cache from the first round on.
 */
final class Loading {
  private static final String REST =
      """
      model: [{dense: 10}]
      train: {optimizer: {sgd: {lr: 0.1}}, epochs: 1, batch: 64}
      """;

  private final Path directory;
  private final int rounds;

  private Loading(Path directory, int rounds) {
    this.directory = directory;
    this.rounds = rounds;
  }

  public static void main(String[] arguments) throws IOException {
    if (arguments.length != 2) {
      throw new IllegalArgumentException("usage: Loading <directory> <rounds>");
    }
    new Loading(Path.of(arguments[0]), Integer.parseInt(arguments[1])).run();
  }

  private void run() throws IOException {
    Files.createDirectories(directory);
    System.out.printf("| data | size, MB | first, s | median, s | MB/s |%n|---|---|---|---|---|%n");
    csv("pixels", "60,000 rows, label and 784 whole numbers", 60_000, 784, false);
    csv("measurements", "800,000 rows, 20 decimal numbers and a text label", 800_000, 20, true);
    try {
      time("fashion-mnist, .gz", run("fashion", "{set: fashion-mnist}"), 0);
    } catch (TarnException e) {
      System.err.println(e.getMessage());
    }
  }

  private void csv(String name, String about, int rows, int columns, boolean decimal)
      throws IOException {
    Path file = directory.resolve(name + ".csv");
    Random random = new Random(1);
    List<String> some = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      StringBuilder row = new StringBuilder();
      for (int c = 0; c < columns; c++) {
        int pixel = Math.max(0, random.nextInt(512) - 256);
        row.append(',');
        row.append(decimal ? String.format(Locale.ROOT, "%.4f", random.nextGaussian()) : pixel);
      }
      some.add(row.toString());
    }
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      out.write("label");
      for (int c = 0; c < columns; c++) {
        out.write(",c" + c);
      }
      for (int i = 0; i < rows; i++) {
        out.write('\n' + (decimal ? i % 3 == 0 ? "cat" : "dog" : String.valueOf(i % 10)));
        out.write(some.get(i % some.size()));
      }
      out.write('\n');
    }
    Path run = run(name, "{csv: " + name + ".csv, label: label}");
    time("CSV: " + about, run, Files.size(file) / 1e6);
    Files.delete(file);
  }

  private Path run(String name, String data) throws IOException {
    return Files.writeString(directory.resolve(name + ".yaml"), "data: " + data + "\n" + REST);
  }

  private void time(String what, Path run, double megabytes) {
    double[] seconds = new double[rounds];
    for (int i = 0; i < rounds; i++) {
      long begin = System.nanoTime();
      RunConfig.read(run, List.of()).load();
      seconds[i] = (System.nanoTime() - begin) / 1e9;
    }
    double first = seconds[0];
    Arrays.sort(seconds);
    double median = seconds[rounds / 2];
    System.out.printf(
        "| %s | %s | %.2f | %.2f | %s |%n",
        what,
        megabytes > 0 ? String.format("%.0f", megabytes) : "",
        first,
        median,
        megabytes > 0 ? String.format("%.0f", megabytes / median) : "");
  }
}
