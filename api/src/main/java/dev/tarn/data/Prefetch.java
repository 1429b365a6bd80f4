package dev.tarn.data;

import dev.tarn.TarnException;
import dev.tarn.data.Batches.Batch;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Loads the next batches on a thread of its own, a fixed number of them ahead.
 *
 * <p>Used by one thread. What goes wrong while a batch is loaded is thrown to the one who takes it.
 * The thread is a daemon and ends by itself when it has had nothing to do for a while.
 */
final class Prefetch implements AutoCloseable {
  private static final int IDLE_SECONDS = 5;

  /** Loads the batch of an index into one of several sets of buffers. */
  interface Loader {
    Batch load(int index, int slot);
  }

  private record Pending(int index, Future<Batch> batch) {}

  private final int ahead;
  private final ThreadPoolExecutor thread;
  private final Deque<Pending> pending = new ArrayDeque<>();

  Prefetch(int ahead) {
    this.ahead = ahead;
    this.thread =
        new ThreadPoolExecutor(
            1,
            1,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            task -> {
              Thread made = new Thread(task, "tarn-batches");
              made.setDaemon(true);
              return made;
            });
    thread.allowCoreThreadTimeOut(true);
  }

  /** How many sets of buffers are needed: those ahead, and the one given out. */
  int slots() {
    return ahead + 1;
  }

  /** The batch of an index; those that follow begin to load. */
  Batch take(int index, int count, Loader loader) {
    if (pending.isEmpty() || pending.peek().index != index) {
      drain();
      submit(index, loader);
    }
    Pending first = pending.remove();
    Batch batch = get(first.batch);
    int next = pending.isEmpty() ? index + 1 : pending.getLast().index + 1;
    for (; next <= index + ahead && next < count; next++) {
      submit(next, loader);
    }
    return batch;
  }

  private void submit(int index, Loader loader) {
    pending.add(new Pending(index, thread.submit(() -> loader.load(index, index % slots()))));
  }

  /**
   * Gives up what is loading, and waits until nothing writes to the buffers any more.
   *
   * @throws IllegalStateException after {@link #close}
   */
  void drain() {
    if (thread.isShutdown()) {
      throw new IllegalStateException("the batches are closed");
    }
    for (Pending each : pending) {
      // without an interrupt, which would close files that are read
      each.batch.cancel(false);
    }
    pending.clear();
    // the only thread does one thing after the other
    get(thread.submit(() -> {}));
  }

  private static <T> T get(Future<T> future) {
    try {
      return future.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TarnException("data: interrupted while a batch was loaded", e);
    } catch (CancellationException e) {
      throw new IllegalStateException("a batch was given up and then asked for", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      if (e.getCause() instanceof Error failure) {
        throw failure;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  /** Ends the thread after what it is doing. */
  @Override
  public void close() {
    pending.forEach(each -> each.batch.cancel(false));
    pending.clear();
    thread.shutdown();
  }
}
