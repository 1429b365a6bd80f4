package dev.tarn.cuda.driver;

/**
 * Prepared work for the device: made once, enqueued at every step without garbage.
 *
 * <p>The context must be current on the calling thread.
 */
public interface Command {
  /** Enqueues the work on a stream and returns at once. */
  void enqueue(Stream stream);
}
