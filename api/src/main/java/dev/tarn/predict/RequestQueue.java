package dev.tarn.predict;

import dev.tarn.HostTensor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** Examples that wait to be predicted, at most so many. */
final class RequestQueue {
  /** An example and what becomes of it. */
  record Request(List<HostTensor> features, CompletableFuture<Prediction> result) {}

  private final ArrayDeque<Request> waiting = new ArrayDeque<>();
  private final ReentrantLock lock = new ReentrantLock(true);
  private final Condition some = lock.newCondition();
  private final Condition room = lock.newCondition();
  private final int capacity;
  private boolean closed;

  RequestQueue(int capacity) {
    this.capacity = capacity;
  }

  /**
   * Adds a request.
   *
   * @param nanos how long to wait for room
   * @return whether there was room in time
   * @throws IllegalStateException if the queue is closed
   */
  boolean offer(Request request, long nanos) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      long left = nanos;
      while (!closed && waiting.size() >= capacity) {
        if (left <= 0) {
          return false;
        }
        left = room.awaitNanos(left);
      }
      if (closed) {
        throw new IllegalStateException("the predictor is closed");
      }
      waiting.add(request);
      some.signal();
      return true;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Takes the requests that wait, up to some number, once there is at least one; those given up
   * meanwhile are left out.
   *
   * @return none once the queue is closed and empty
   */
  List<Request> take(int most) {
    lock.lock();
    try {
      List<Request> taken = new ArrayList<>();
      while (taken.isEmpty() && !(closed && waiting.isEmpty())) {
        while (waiting.isEmpty() && !closed) {
          some.awaitUninterruptibly();
        }
        while (!waiting.isEmpty() && taken.size() < most) {
          Request next = waiting.remove();
          if (!next.result().isDone()) {
            taken.add(next);
          }
        }
        room.signalAll();
      }
      return taken;
    } finally {
      lock.unlock();
    }
  }

  /** Refuses further requests; those that wait are still taken. */
  void close() {
    lock.lock();
    try {
      closed = true;
      some.signalAll();
      room.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
