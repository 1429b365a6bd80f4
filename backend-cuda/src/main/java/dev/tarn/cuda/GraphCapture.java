package dev.tarn.cuda;

import dev.tarn.backend.Debug;
import dev.tarn.cuda.driver.Graph;
import dev.tarn.cuda.driver.Stream;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Runs variants of a step: the very first run as it is, which warms the libraries up, every later
 * one as a CUDA graph, captured when its variant is needed first.
 *
 * <p>The property {@code tarn.capture=false} switches graphs off.
 */
final class GraphCapture implements AutoCloseable {
  private final Stream stream;
  private final List<Runnable> variants;
  private final @Nullable Graph[] graphs;
  private final boolean enabled = !Debug.isOff("tarn.capture");
  private boolean warm;

  /**
   * Prepares nothing yet.
   *
   * @param variants what enqueues the step, differing in what a graph cannot change
   */
  GraphCapture(Stream stream, List<Runnable> variants) {
    this.stream = stream;
    this.variants = variants;
    this.graphs = new Graph[variants.size()];
  }

  /** Enqueues a variant. */
  void run(int variant) {
    if (!enabled || !warm) {
      variants.get(variant).run();
      warm = true;
      return;
    }
    Graph graph = graphs[variant];
    if (graph == null) {
      graph = stream.capture(variants.get(variant));
      graphs[variant] = graph;
    }
    graph.enqueue(stream);
  }

  @Override
  public void close() {
    for (Graph graph : graphs) {
      if (graph != null) {
        graph.close();
      }
    }
  }
}
