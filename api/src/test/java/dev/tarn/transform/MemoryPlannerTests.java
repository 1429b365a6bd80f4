package dev.tarn.transform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.internal.RandomStream;
import dev.tarn.transform.MemoryPlanner.Plan;
import dev.tarn.transform.MemoryPlanner.Request;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class MemoryPlannerTests {
  private static boolean together(Request a, Request b) {
    return a.first() <= b.last() && b.first() <= a.last();
  }

  /** The most bytes that live at one time. */
  private static long lowerBound(List<Request> requests) {
    long most = 0;
    for (Request at : requests) {
      long sum = 0;
      for (Request other : requests) {
        if (other.first() <= at.first() && at.first() <= other.last()) {
          sum += other.bytes();
        }
      }
      most = Math.max(most, sum);
    }
    return most;
  }

  private static void checkPlan(List<Request> requests, Plan plan) {
    for (int i = 0; i < requests.size(); i++) {
      long offset = plan.offsets()[i];
      assertEquals(0, offset % MemoryPlanner.ALIGNMENT);
      assertTrue(offset >= 0 && offset + requests.get(i).bytes() <= plan.bytes());
      for (int j = 0; j < i; j++) {
        long other = plan.offsets()[j];
        boolean apart =
            offset + requests.get(i).bytes() <= other || other + requests.get(j).bytes() <= offset;
        assertTrue(
            apart || !together(requests.get(i), requests.get(j)),
            requests.get(i) + " at " + offset + " and " + requests.get(j) + " at " + other);
      }
    }
    assertTrue(plan.bytes() >= lowerBound(requests));
  }

  @Test
  void liveRangesNeverShareBytes() {
    for (int seed = 0; seed < 300; seed++) {
      RandomStream random = new RandomStream(seed, "plan");
      int steps = 1 + random.nextInt(40);
      List<Request> requests = new ArrayList<>();
      for (int i = random.nextInt(60); i > 0; i--) {
        int first = random.nextInt(steps);
        int last = first + random.nextInt(Math.min(steps - first, 1 + random.nextInt(steps)));
        long bytes = random.nextInt(5) == 0 ? random.nextInt(3) : 1 + random.nextInt(100_000);
        requests.add(new Request(bytes, first, last));
      }
      checkPlan(requests, MemoryPlanner.plan(requests));
    }
  }

  /** Forward and backward of a network: activations live until their backward step reads them. */
  @Test
  void chainsComeCloseToTheLowerBound() {
    for (int seed = 0; seed < 100; seed++) {
      RandomStream random = new RandomStream(seed, "chain");
      int layers = 2 + random.nextInt(20);
      List<Request> requests = new ArrayList<>();
      for (int layer = 0; layer < layers; layer++) {
        long activation = 256L * (1 + random.nextInt(400));
        int forward = 2 * layer;
        int backward = 4 * layers - 2 * layer;
        requests.add(new Request(activation, forward, backward));
        requests.add(new Request(activation, forward + 1, forward + 2));
        requests.add(new Request(activation, backward, backward + 2));
        requests.add(new Request(256L * (1 + random.nextInt(100)), backward, backward + 1));
      }
      Plan plan = MemoryPlanner.plan(requests);
      checkPlan(requests, plan);
      double ratio = plan.bytes() / (double) lowerBound(requests);
      assertTrue(ratio <= 1.5, "seed " + seed + ": " + ratio + " of the lower bound");
    }
  }

  @Test
  void reusesMemory() {
    List<Request> requests = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      requests.add(new Request(1000, i, i + 1));
    }
    assertEquals(2048, MemoryPlanner.plan(requests).bytes());
    assertEquals(0, MemoryPlanner.plan(List.of()).bytes());
    assertEquals(256, MemoryPlanner.plan(List.of(new Request(1, 3, 3))).bytes());
  }

  @Test
  void largeBlocks() {
    List<Request> requests = List.of(new Request(3L << 31, 0, 2), new Request(3L << 31, 1, 3));
    Plan plan = MemoryPlanner.plan(requests);
    checkPlan(requests, plan);
    assertEquals(6L << 31, plan.bytes());
  }
}
