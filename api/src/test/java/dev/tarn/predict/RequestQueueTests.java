package dev.tarn.predict;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.predict.RequestQueue.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class RequestQueueTests {
  private static Request request() {
    return new Request(List.of(), new CompletableFuture<>());
  }

  @Test
  void holdsNoMoreThanItMay() throws InterruptedException {
    RequestQueue queue = new RequestQueue(2);
    Request first = request();
    Request second = request();
    assertTrue(queue.offer(first, 0));
    assertTrue(queue.offer(second, 0));
    assertFalse(queue.offer(request(), 0));
    assertFalse(queue.offer(request(), TimeUnit.MILLISECONDS.toNanos(5)));
    assertEquals(List.of(first), queue.take(1));
    Request third = request();
    assertTrue(queue.offer(third, 0));
    assertEquals(List.of(second, third), queue.take(5));
  }

  @Test
  void whatWasGivenUpIsNotTaken() throws InterruptedException {
    RequestQueue queue = new RequestQueue(3);
    Request given = request();
    Request kept = request();
    queue.offer(given, 0);
    queue.offer(kept, 0);
    given.result().cancel(false);
    assertEquals(List.of(kept), queue.take(1));
  }

  @Test
  void afterClosingTheRestIsTaken() throws InterruptedException {
    RequestQueue queue = new RequestQueue(3);
    Request last = request();
    queue.offer(last, 0);
    queue.close();
    assertEquals(
        "the predictor is closed",
        assertThrows(IllegalStateException.class, () -> queue.offer(request(), 0)).getMessage());
    assertEquals(List.of(last), queue.take(3));
    assertEquals(List.of(), queue.take(3));
  }

  /** Producers that wait for room, consumers that wait for requests, and a close between them. */
  @Test
  void nothingIsLostAndNobodyIsLeftWaiting() throws InterruptedException {
    RequestQueue queue = new RequestQueue(3);
    Set<Request> offered = ConcurrentHashMap.newKeySet();
    AtomicInteger refused = new AtomicInteger();
    List<Thread> producers = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      producers.add(
          new Thread(
              () -> {
                try {
                  while (true) {
                    Request request = request();
                    if (queue.offer(request, TimeUnit.HOURS.toNanos(1))) {
                      offered.add(request);
                    }
                  }
                } catch (IllegalStateException e) {
                  refused.incrementAndGet();
                } catch (InterruptedException e) {
                  throw new AssertionError(e);
                }
              }));
    }
    producers.forEach(Thread::start);
    List<Request> taken = new ArrayList<>();
    while (taken.size() < 20_000) {
      taken.addAll(queue.take(2));
    }
    queue.close();
    for (List<Request> rest = queue.take(2); !rest.isEmpty(); rest = queue.take(2)) {
      taken.addAll(rest);
    }
    for (Thread producer : producers) {
      producer.join();
    }
    assertEquals(4, refused.get());
    assertEquals(offered.size(), taken.size());
    assertTrue(offered.containsAll(taken));
  }
}
