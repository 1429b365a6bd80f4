package dev.tarn.cuda;

import dev.tarn.Arena;
import dev.tarn.HostTensor;
import dev.tarn.State;
import dev.tarn.backend.Buffer;
import dev.tarn.backend.Schedule;
import dev.tarn.ir.Node;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The ranges that {@code first_non_finite.cu} searches.
 *
 * <p>Members of an arena that lie next to each other are one range: what lies between them is zero.
 */
final class NonFiniteRanges {
  private static final int ELEMENTS_PER_BLOCK = 4096;
  private static final int INTS_PER_ENTRY = 4;
  private static final long MAX_BYTES = (1L << 30) * Float.BYTES;

  /** {@code bytes} from the start of a buffer on, maybe beyond its end. */
  private record Range(Buffer first, long bytes) {
    long blocks() {
      return Steps.ceil(bytes, (long) ELEMENTS_PER_BLOCK * Float.BYTES);
    }
  }

  private final List<Range> ranges = new ArrayList<>();

  private NonFiniteRanges() {}

  /** The steps of a node that looks for numbers that are not finite. */
  static List<Step> lower(
      String name, Node node, Schedule<Step> schedule, Kernels kernels, CudaStateStore store) {
    List<Buffer> in = schedule.buffers(node.inputs());
    Buffer flag = in.get(0);
    Buffer raised = schedule.buffer(node.output());
    List<Step> steps = new ArrayList<>();
    if (flag != raised) {
      steps.add(Steps.copy(name + " flag", flag, raised));
    }
    List<Buffer> tensors = in.subList(2, in.size()).stream().filter(b -> b.bytes() > 0).toList();
    if (tensors.isEmpty()) {
      return steps;
    }
    NonFiniteRanges ranges = of(tensors, store);
    KernelStep step =
        Steps.kernel(kernels, "first_non_finite.cu", name)
            .writes(raised)
            .reads(in.get(1))
            .pointer(binding -> binding.upload(ranges.table(binding)))
            .whole(ranges.count())
            .grid(ranges.blocks(), 1)
            .block(Steps.BLOCK, 1);
    tensors.forEach(step::touches);
    steps.add(step.build(0));
    return steps;
  }

  /** The ranges of f32 buffers, which are not empty. */
  static NonFiniteRanges of(List<Buffer> buffers, CudaStateStore store) {
    NonFiniteRanges result = new NonFiniteRanges();
    List<Buffer> states = new ArrayList<>();
    for (Buffer buffer : buffers) {
      if (buffer.state() == null) {
        result.ranges.add(new Range(buffer, buffer.bytes()));
      } else {
        states.add(buffer);
      }
    }
    states.sort(Comparator.comparing(buffer -> address(buffer, store)));
    for (Buffer buffer : states) {
      result.addState(buffer, store);
    }
    return result;
  }

  private void addState(Buffer buffer, CudaStateStore store) {
    Range last = ranges.isEmpty() ? null : ranges.get(ranges.size() - 1);
    if (last != null && last.first().state() != null) {
      long start = address(last.first(), store);
      long merged = address(buffer, store) + buffer.bytes() - start;
      long gap = address(buffer, store) - start - last.bytes();
      Arena arena = arena(buffer, store);
      if (arena != null
          && arena == arena(last.first(), store)
          && gap < (long) Arena.ALIGNMENT * Float.BYTES
          && merged <= MAX_BYTES) {
        ranges.set(ranges.size() - 1, new Range(last.first(), Math.max(merged, last.bytes())));
        return;
      }
    }
    ranges.add(new Range(buffer, buffer.bytes()));
  }

  int count() {
    return ranges.size();
  }

  /** The number of blocks that search the ranges. */
  long blocks() {
    return ranges.stream().mapToLong(Range::blocks).sum();
  }

  /** The table that the kernel reads: address, length in elements, first block of each range. */
  HostTensor table(Binding binding) {
    int[] table = new int[INTS_PER_ENTRY * ranges.size()];
    long firstBlock = 0;
    for (int i = 0; i < ranges.size(); i++) {
      Range range = ranges.get(i);
      long address = binding.address(range.first());
      table[INTS_PER_ENTRY * i] = (int) address;
      table[INTS_PER_ENTRY * i + 1] = (int) (address >>> 32);
      table[INTS_PER_ENTRY * i + 2] = Math.toIntExact(range.bytes() / Float.BYTES);
      table[INTS_PER_ENTRY * i + 3] = Math.toIntExact(firstBlock);
      firstBlock += range.blocks();
    }
    return HostTensor.of(table, table.length);
  }

  private static long address(Buffer buffer, CudaStateStore store) {
    return store.address(state(buffer));
  }

  private static @Nullable Arena arena(Buffer buffer, CudaStateStore store) {
    return store.arena(state(buffer));
  }

  private static State state(Buffer buffer) {
    State state = buffer.state();
    if (state == null) {
      throw new IllegalArgumentException(buffer + " is not a state's");
    }
    return state;
  }
}
