package dev.tarn.cli;

import com.google.gson.JsonObject;
import dev.tarn.HostTensor;
import dev.tarn.Precision;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Executable;
import dev.tarn.backend.StateStore;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * What a device reaches at best, measured here: large products of square matrices by its library
 * (oneDNN, cuBLAS), and a large copy.
 *
 * @param gflops of products, in thousands of millions a second
 * @param copyGigabytes bytes read and written, in thousands of millions a second
 */
record Ceiling(double gflops, double copyGigabytes) {
  private static final int LEAST = 128;
  private static final int MOST = 8192;
  private static final int PRODUCTS = 4;
  private static final double LONG_ENOUGH = 0.02;
  private static final int COPIED = 1 << 25;

  /** Measures a device for about twice the given time. */
  static Ceiling measure(Backend backend, Precision precision, double seconds) {
    double best = 0;
    double took = 0;
    for (int n = LEAST; n <= MOST && took < LONG_ENOUGH; n *= 2) {
      took = products(backend, precision, n, seconds);
      best = Math.max(best, PRODUCTS * 2.0 * n * n * n / took / 1e9);
    }
    State from = State.zeros("from", Spec.f32(1, COPIED));
    State to = State.zeros("to", Spec.f32(COPIED));
    Trace trace = new Trace();
    trace.update(to, trace.state(from).reshape(COPIED));
    double copy = fastest(backend, precision, trace, List.of(from, to), seconds);
    return new Ceiling(best, 2.0 * from.spec().bytes() / copy / 1e9);
  }

  /** Seconds of some products one after another, the first operand being the last result. */
  private static double products(Backend backend, Precision precision, int n, double seconds) {
    Spec spec = Spec.f32(Shape.of(n, n));
    State a = new State(() -> "a", spec, seed -> random(spec, n, 1));
    State b = new State(() -> "b", spec, seed -> random(spec, n, 2));
    State c = State.zeros("c", spec);
    Trace trace = new Trace();
    Tensor factor = trace.state(b);
    Tensor product = trace.state(a);
    for (int i = 0; i < PRODUCTS; i++) {
      product = product.matmul(factor, false, false);
    }
    trace.update(c, product);
    return fastest(backend, precision, trace, List.of(a, b, c), seconds);
  }

  /** Numbers of mean 0 and variance 1/n, so that products are as large as their operands. */
  private static HostTensor random(Spec spec, int n, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    HostTensor tensor = HostTensor.zeros(spec);
    float[] values = tensor.floats();
    double width = Math.sqrt(12.0 / n);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) ((random.nextDouble() - 0.5) * width);
    }
    return tensor;
  }

  private static double fastest(
      Backend backend, Precision precision, Trace trace, List<State> states, double seconds) {
    State probe = State.zeros("probe", Spec.f32());
    List<State> all = new ArrayList<>(states);
    all.add(probe);
    try (StateStore store = backend.allocate(all)) {
      store.reset(0);
      try (Executable step = backend.compile(List.of(trace.build("ceiling")), store, precision)) {
        double best = Double.POSITIVE_INFINITY;
        long begin = System.nanoTime();
        for (int i = 0; i < 3 || (System.nanoTime() - begin) / 1e9 < seconds; i++) {
          long start = System.nanoTime();
          step.run();
          // Reading anything waits for the device.
          store.read(probe);
          best = Math.min(best, (System.nanoTime() - start) / 1e9);
        }
        return best;
      }
    }
  }

  JsonObject json() {
    JsonObject json = new JsonObject();
    json.addProperty("matmul_gflops", gflops);
    json.addProperty("copy_gb_per_second", copyGigabytes);
    return json;
  }
}
