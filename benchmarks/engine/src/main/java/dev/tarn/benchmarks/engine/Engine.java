package dev.tarn.benchmarks.engine;

/** A framework with a model, a batch that is ready, and an optimizer. */
public interface Engine extends AutoCloseable {
  /** The framework, and its version where it tells. */
  String description();

  /** How many numbers are trained; all engines must agree. */
  long parameters();

  /** One step of training on the batch: forward, backward, update. It may return early. */
  void step();

  /** Waits for the steps begun and gives the last loss, which says that something was computed. */
  double loss();

  @Override
  void close();
}
