package dev.tarn.benchmarks.engine;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Function;

/**
 * The process of an engine: it takes its first step, then measures when it is told to, and
 * otherwise sleeps. Answers are lines that begin with {@link #MARK}, since libraries print too.
 */
public final class Server {
  /** What an answer begins with. */
  public static final String MARK = "@tarn ";

  private static final double UNMEASURED = 0.1;

  private Server() {}

  /**
   * Serves standard input until it ends.
   *
   * @param arguments the name of a workload
   */
  public static void serve(String[] arguments, Function<Workload, Engine> make) throws IOException {
    PrintStream out = System.out;
    Workload workload = Workload.of(arguments[0]);
    try (Engine engine = make.apply(workload)) {
      engine.step();
      double loss = engine.loss();
      out.println(MARK + engine.parameters() + "|" + loss + "|" + engine.description());
      BufferedReader in =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        double seconds = Double.parseDouble(line);
        run(engine, UNMEASURED * seconds);
        out.println(MARK + workload.batch() * run(engine, seconds));
      }
    }
    // Native pools of threads may keep the process alive.
    System.exit(0);
  }

  /** Steps a second over a time, at least one step. */
  private static double run(Engine engine, double seconds) {
    long begin = System.nanoTime();
    long steps = 0;
    do {
      engine.step();
      steps++;
    } while ((System.nanoTime() - begin) / 1e9 < seconds);
    engine.loss();
    return steps / ((System.nanoTime() - begin) / 1e9);
  }
}
