package dev.tarn.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Threads that share the parts of steps. */
@Timeout(60)
final class TeamTests {
  /** Adds up what the step before wrote, one slot a part. */
  private static final class Relay extends Step {
    private final long[] from;
    private final long[] to;

    Relay(long[] from, long[] to) {
      this.from = from;
      this.to = to;
    }

    @Override
    int parts() {
      return to.length;
    }

    @Override
    void bind(Addresses addresses) {}

    @Override
    void run(int part, Workspace workspace) {
      long sum = 1;
      for (long value : from) {
        sum += value;
      }
      to[part] = sum % 1_000_003;
    }
  }

  @Test
  void everyStepSeesAllOfTheOneBefore() {
    List<long[]> slots = new ArrayList<>();
    List<Step> steps = new ArrayList<>();
    slots.add(new long[] {1});
    for (int i = 0; i < 100; i++) {
      slots.add(new long[1 + i * 7 % 4]);
      steps.add(new Relay(slots.get(i), slots.get(i + 1)));
    }
    long[] alone = null;
    for (int threads : new int[] {1, 2, 4}) {
      try (Team team = new Team(4, () -> {})) {
        for (int run = 0; run < 500 * threads; run++) {
          team.run(steps.toArray(new Step[0]), null);
        }
      }
      if (alone == null) {
        alone = slots.get(100).clone();
      }
      assertArrayEquals(alone, slots.get(100));
    }
  }

  @Test
  void stepsAreFinishedOnceAndTimed() {
    AtomicInteger finished = new AtomicInteger();
    Step step =
        new Step() {
          @Override
          int parts() {
            return 3;
          }

          @Override
          void bind(Addresses addresses) {}

          @Override
          void run(int part, Workspace workspace) {}

          @Override
          void finish() {
            finished.incrementAndGet();
          }
        };
    long[] nanos = new long[2];
    try (Team team = new Team(3, () -> {})) {
      for (int i = 0; i < 100; i++) {
        team.run(new Step[] {step, step}, nanos);
      }
    }
    assertEquals(200, finished.get());
    assertTrue(nanos[0] > 0 && nanos[1] > 0);
  }

  @Test
  void failureInAnyPartReachesTheCaller() {
    IllegalArgumentException failure = new IllegalArgumentException("part 1");
    Step failing =
        new Step() {
          @Override
          int parts() {
            return 2;
          }

          @Override
          void bind(Addresses addresses) {}

          @Override
          void run(int part, Workspace workspace) {
            if (part == 1) {
              throw failure;
            }
          }
        };
    long[] slot = new long[1];
    Step next = new Relay(new long[1], slot);
    try (Team team = new Team(2, () -> {})) {
      for (int i = 0; i < 50; i++) {
        Step[] steps = {failing, next};
        assertSame(
            failure, assertThrows(IllegalArgumentException.class, () -> team.run(steps, null)));
      }
      assertEquals(0, slot[0], "no step runs after one that failed");
      team.run(new Step[] {next}, null);
      assertEquals(1, slot[0]);
    }
  }

  @Test
  void helpersEndWithTheTeam() {
    List<Thread> helpers = new ArrayList<>();
    Team team =
        new Team(
            3,
            () -> {
              synchronized (helpers) {
                helpers.add(Thread.currentThread());
              }
            });
    team.close();
    synchronized (helpers) {
      helpers.forEach(helper -> assertFalse(helper.isAlive()));
    }
  }
}
