package dev.tarn.cpu;

import dev.tarn.backend.Buffer;

/**
 * A piece of a compiled program: work divided into parts that run at the same time, one per thread.
 *
 * <p>What a part computes depends on the number of parts only, never on timing, so results are the
 * same in every run.
 */
abstract class Step implements AutoCloseable {
  /** Finds memory once it is planned. */
  interface Addresses {
    /** The address of a buffer. */
    long address(Buffer buffer);

    /** Whether two buffers are members of the same arena of states. */
    boolean inOneArena(Buffer a, Buffer b);

    /** A buffer as 4-byte elements. */
    default View view(Buffer buffer) {
      return new View(address(buffer), buffer.bytes() / 4);
    }
  }

  /** The number of parts, at most the number of threads. */
  abstract int parts();

  /** Learns where its buffers lie; called once before the first run. */
  abstract void bind(Addresses addresses);

  /** Runs one part. */
  abstract void run(int part, Workspace workspace);

  /** Called once when all parts have run, before the next step begins. */
  void finish() {}

  /** Floating point operations of a run, for reports. */
  long flops() {
    return 0;
  }

  /** A word about how the step is done, for reports. */
  String how() {
    return "";
  }

  @Override
  public void close() {}

  /** The number of parts into which work is divided if each is to have a least amount. */
  static int parts(int threads, long work, long least) {
    return (int) Math.max(1, Math.min(threads, work / least));
  }

  /** Where a part begins when {@code count} units are dealt to {@code parts}. */
  static long begin(long count, int part, int parts) {
    return count * part / parts;
  }
}
