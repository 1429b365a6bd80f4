package dev.tarn.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Threads that run the steps of a program together: the calling thread and its helpers.
 *
 * <p>Each part of a step is run by the thread that claims it first: helper {@code p} begins with
 * part {@code p}, the caller with part 0 and then with whatever no helper has come to. So a helper
 * that gets no core delays nobody, and as parts do not depend on who runs them, results are the
 * same. A step begins when all parts of the one before are done. Waiting is spinning, for a step
 * may take a microsecond; helpers that find no work for a while sleep. oneDNN runs each part on its
 * calling thread only, so that no second pool of threads competes for the cores.
 */
final class Team implements AutoCloseable {
  private static final int SPINS_BEFORE_YIELD = 2_000;
  private static final long NANOS_BEFORE_SLEEP = 200_000;

  /** Claims lie this many elements apart, so that no two share a cache line. */
  private static final int STRIDE = 16;

  /** Steps to run; step {@code i} has the number {@code first + i}. */
  private record Run(Step[] steps, long first, long @Nullable [] nanos) {}

  private final ReentrantLock lock = new ReentrantLock();
  private final Workspace[] workspaces;
  private final Thread[] helpers;

  /** For each part, the number of the last step of which it was claimed. */
  private final AtomicLongArray claims;

  private final AtomicInteger partsDone = new AtomicInteger();
  private volatile long lastDone;
  private volatile Run current = new Run(new Step[0], 1, null);
  private volatile boolean closed;
  private volatile @Nullable Throwable failure;

  /**
   * Starts the helpers.
   *
   * @param size the number of threads, counting the caller's
   * @param prepare run once on each helper
   */
  Team(int size, Runnable prepare) {
    claims = new AtomicLongArray(size * STRIDE);
    workspaces = new Workspace[size];
    for (int i = 0; i < size; i++) {
      workspaces[i] = new Workspace();
    }
    helpers = new Thread[size - 1];
    for (int i = 0; i < helpers.length; i++) {
      int self = i + 1;
      helpers[i] = new Thread(() -> help(self, prepare), "tarn-cpu-" + self);
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
   * @param nanos where to add the nanoseconds of each step, or null
   */
  void run(Step[] steps, long @Nullable [] nanos) {
    lock.lock();
    try {
      failure = null;
      Run run = new Run(steps, lastDone + 1, nanos);
      current = run;
      for (Thread helper : helpers) {
        LockSupport.unpark(helper);
      }
      work(0, run);
      if (failure instanceof RuntimeException e) {
        throw e;
      } else if (failure != null) {
        throw new IllegalStateException("a step failed: " + failure, failure);
      }
    } finally {
      lock.unlock();
    }
  }

  private void help(int self, Runnable prepare) {
    prepare.run();
    Run last = current;
    long idleSince = System.nanoTime();
    while (!closed) {
      Run run = current;
      if (run != last) {
        last = run;
        work(self, run);
        idleSince = System.nanoTime();
      } else if (System.nanoTime() - idleSince > NANOS_BEFORE_SLEEP) {
        LockSupport.park(this);
      } else {
        Thread.onSpinWait();
      }
    }
  }

  private void work(int self, Run run) {
    Step[] steps = run.steps;
    long[] nanos = run.nanos;
    long start = nanos == null ? 0 : System.nanoTime();
    for (int i = 0; i < steps.length; i++) {
      long number = run.first + i;
      Step step = steps[i];
      int parts = step.parts();
      if (self == 0) {
        attempt(step, 0, self, number, parts);
        for (int part = parts - 1; part > 0; part--) {
          attempt(step, part, self, number, parts);
        }
      } else {
        for (int part = self; part < parts; part++) {
          attempt(step, part, self, number, parts);
        }
      }
      for (int spins = 0; lastDone < number; spins++) {
        if (spins < SPINS_BEFORE_YIELD) {
          Thread.onSpinWait();
        } else {
          Thread.yield();
        }
      }
      if (nanos != null && self == 0) {
        long now = System.nanoTime();
        nanos[i] += now - start;
        start = now;
      }
    }
  }

  /** Runs a part unless another thread has claimed it. */
  private void attempt(Step step, int part, int self, long number, int parts) {
    long claim = claims.get(part * STRIDE);
    if (claim >= number || !claims.compareAndSet(part * STRIDE, claim, number)) {
      return;
    }
    try {
      if (failure == null) {
        step.run(part, workspaces[self]);
      }
    } catch (Throwable e) {
      failure = e;
    }
    if (partsDone.incrementAndGet() == parts) {
      partsDone.set(0);
      try {
        if (failure == null) {
          step.finish();
        }
      } catch (Throwable e) {
        failure = e;
      }
      lastDone = number;
    }
  }

  /** Whether it was closed. */
  boolean isClosed() {
    return closed;
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
