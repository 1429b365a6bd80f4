package dev.tarn.transform;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Places buffers with known lifetimes in one block of memory so that buffers that live at the same
 * time never share bytes.
 *
 * <p>Greedy by size: the largest buffer first, each at the lowest offset where it fits (Pisarchyk
 * and Lee, "Efficient Memory Management for Deep Neural Net Inference", 2020).
 */
public final class MemoryPlanner {
  /** Offsets are multiples of this many bytes. */
  public static final long ALIGNMENT = 256;

  /**
   * A request for memory.
   *
   * @param bytes the size
   * @param first the first step during which the buffer lives
   * @param last the last step during which it lives, not before {@code first}
   */
  public record Request(long bytes, int first, int last) {}

  /**
   * Where the buffers lie.
   *
   * @param offsets one per request, in bytes
   * @param bytes the size of the block
   */
  public record Plan(long[] offsets, long bytes) {}

  private MemoryPlanner() {}

  /** Places the requested buffers. */
  public static Plan plan(List<Request> requests) {
    List<Integer> bySize = new ArrayList<>();
    for (int i = 0; i < requests.size(); i++) {
      bySize.add(i);
    }
    bySize.sort(Comparator.comparing((Integer i) -> -requests.get(i).bytes()));
    long[] offsets = new long[requests.size()];
    long total = 0;
    List<Integer> placed = new ArrayList<>();
    for (int index : bySize) {
      Request request = requests.get(index);
      long offset = 0;
      for (int other : placed) {
        Request neighbour = requests.get(other);
        if (neighbour.last() < request.first() || request.last() < neighbour.first()) {
          continue;
        }
        if (offset + request.bytes() <= offsets[other]) {
          break;
        }
        offset = Math.max(offset, align(offsets[other] + neighbour.bytes()));
      }
      offsets[index] = offset;
      total = Math.max(total, offset + request.bytes());
      placed.add(index);
      placed.sort(Comparator.comparing((Integer i) -> offsets[i]));
    }
    return new Plan(offsets, align(total));
  }

  /** Rounds up to a multiple of {@link #ALIGNMENT}. */
  public static long align(long bytes) {
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }
}
