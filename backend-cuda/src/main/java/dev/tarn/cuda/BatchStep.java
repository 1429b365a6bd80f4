package dev.tarn.cuda;

import dev.tarn.HostTensor;
import dev.tarn.backend.Buffer;
import dev.tarn.cuda.driver.Command;
import dev.tarn.cuda.driver.Kernel;
import dev.tarn.cuda.driver.Launch;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Launches of one kernel on different data as a single launch: however small a kernel is, a GPU
 * takes more than a microsecond to begin it.
 *
 * <p>The kernel is written for it. Its parameters are {@code const unsigned int *owners, const
 * Arguments *table}: block i works for {@code table[owners[i]]}, whose fields are 8 bytes each, the
 * number of its first block and then its arguments.
 */
final class BatchStep {
  private static final int INTS = Long.BYTES / Integer.BYTES;

  private BatchStep() {}

  /**
   * The step.
   *
   * @param kernel what it launches
   * @param block the number of threads of a block
   * @param members with the blocks and arguments of each
   */
  static Step of(String name, LazyKernel kernel, int block, List<KernelStep> members, long flops) {
    List<KernelStep> all = List.copyOf(members);
    return new Step(
        all.size() == 1 ? name : all.size() + " x " + name,
        distinct(all.stream().flatMap(member -> member.reads().stream())),
        distinct(all.stream().flatMap(member -> member.writes().stream())),
        flops,
        Step.Binder.of(kernel, (binding, function) -> bind(binding, function, block, all)));
  }

  private static List<Buffer> distinct(Stream<Buffer> buffers) {
    return buffers.distinct().toList();
  }

  private static Command bind(Binding binding, Kernel kernel, int block, List<KernelStep> members) {
    List<Integer> owners = new ArrayList<>();
    List<Long> table = new ArrayList<>();
    for (int i = 0; i < members.size(); i++) {
      KernelStep member = members.get(i);
      table.add((long) owners.size());
      for (long value : member.values(binding)) {
        table.add(value);
      }
      for (int k = 0; k < member.blocks(); k++) {
        owners.add(i);
      }
    }
    int[] ints = new int[INTS * table.size() + owners.size()];
    for (int i = 0; i < table.size(); i++) {
      ints[INTS * i] = table.get(i).intValue();
      ints[INTS * i + 1] = (int) (table.get(i) >>> Integer.SIZE);
    }
    for (int i = 0; i < owners.size(); i++) {
      ints[INTS * table.size() + i] = owners.get(i);
    }
    long address = binding.upload(HostTensor.of(ints, ints.length));
    return new Launch(kernel, binding.arguments(), 2)
        .set(0, address + (long) Long.BYTES * table.size())
        .set(1, address)
        .grid(owners.size())
        .block(block);
  }
}
