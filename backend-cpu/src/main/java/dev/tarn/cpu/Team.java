package dev.tarn.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Threads that run the steps of a program together: the calling thread and its helpers.
 *
 * <p>Thread {@code p} runs part {@code p} of each step; between steps all wait for each other,
 * except between steps of one part. Waiting is spinning, for a step may take a microsecond; helpers
 * that find no work for a while sleep. oneDNN runs each part on its calling thread only, so that no
 * second pool of threads competes for the cores.
 */
final class Team implements AutoCloseable {
  private static final int SPINS_BEFORE_YIELD = 2_000;
  private static final long NANOS_BEFORE_SLEEP = 200_000;

  private final ReentrantLock lock = new ReentrantLock();
  private final Workspace[] workspaces;
  private final Thread[] helpers;
  private final AtomicInteger arrived = new AtomicInteger();
  private volatile int phase;
  private volatile int generation;
  private volatile boolean closed;
  private volatile @Nullable Throwable failure;
  private Step[] steps = new Step[0];
  private long @Nullable [] nanos;

  /**
   * Starts the helpers.
   *
   * @param size the number of threads, counting the caller's
   * @param prepare run once on each helper
   */
  Team(int size, Runnable prepare) {
    workspaces = new Workspace[size];
    for (int i = 0; i < size; i++) {
      workspaces[i] = new Workspace();
    }
    helpers = new Thread[size - 1];
    for (int i = 0; i < helpers.length; i++) {
      int part = i + 1;
      helpers[i] = new Thread(() -> help(part, prepare), "tarn-cpu-" + part);
      helpers[i].setDaemon(true);
      helpers[i].start();
    }
  }

  /** The number of threads. */
  int size() {
    return workspaces.length;
  }

  /** Makes sure that every thread has enough registers for a tape. */
  void reserve(int floatTiles, int intTiles, int scalars) {
    lock.lock();
    try {
      for (Workspace workspace : workspaces) {
        workspace.reserve(floatTiles, intTiles, scalars);
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Runs steps in order and returns when the last is done.
   *
   * @param times where to add the nanoseconds of each step, or null
   */
  void run(Step[] program, long @Nullable [] times) {
    lock.lock();
    try {
      steps = program;
      nanos = times;
      failure = null;
      generation++;
      for (Thread helper : helpers) {
        LockSupport.unpark(helper);
      }
      work(0);
      if (failure instanceof RuntimeException e) {
        throw e;
      } else if (failure != null) {
        throw new IllegalStateException("a step failed: " + failure, failure);
      }
    } finally {
      steps = new Step[0];
      lock.unlock();
    }
  }

  private void help(int part, Runnable prepare) {
    prepare.run();
    int seen = 0;
    while (!closed) {
      long idleSince = System.nanoTime();
      while (generation == seen && !closed) {
        Thread.onSpinWait();
        if (System.nanoTime() - idleSince > NANOS_BEFORE_SLEEP) {
          LockSupport.park(this);
        }
      }
      if (!closed) {
        seen = generation;
        work(part);
      }
    }
  }

  private void work(int part) {
    Step[] program = steps;
    long[] times = nanos;
    long start = times == null ? 0 : System.nanoTime();
    for (int i = 0; i < program.length; i++) {
      Step step = program[i];
      int parts = step.parts();
      if (part < parts && failure == null) {
        attempt(step, part);
      }
      boolean alone = parts == 1 && i + 1 < program.length && program[i + 1].parts() == 1;
      if (alone) {
        if (part == 0) {
          finish(step);
        }
      } else {
        meet(step);
      }
      if (times != null && part == 0) {
        long now = System.nanoTime();
        times[i] += now - start;
        start = now;
      }
    }
  }

  private void attempt(Step step, int part) {
    try {
      step.run(part, workspaces[part]);
    } catch (Throwable e) {
      failure = e;
    }
  }

  private void finish(Step step) {
    try {
      if (failure == null) {
        step.finish();
      }
    } catch (Throwable e) {
      failure = e;
    }
  }

  /** Waits until all have come; the last to come finishes the step. */
  private void meet(Step step) {
    int current = phase;
    if (arrived.incrementAndGet() == workspaces.length) {
      arrived.set(0);
      finish(step);
      phase = current + 1;
      return;
    }
    for (int spins = 0; phase == current; spins++) {
      if (spins < SPINS_BEFORE_YIELD) {
        Thread.onSpinWait();
      } else {
        Thread.yield();
      }
    }
  }

  @Override
  public void close() {
    closed = true;
    for (Thread helper : helpers) {
      LockSupport.unpark(helper);
    }
    boolean interrupted = false;
    for (Thread helper : helpers) {
      try {
        helper.join(10_000);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
