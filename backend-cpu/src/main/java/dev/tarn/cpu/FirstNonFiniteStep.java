package dev.tarn.cpu;

import dev.tarn.Arena;
import dev.tarn.backend.Buffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Raises a sticky flag if any element of some tensors is not finite.
 *
 * <p>Tensors that are neighbours in memory, as the gradients in an arena, are read as one.
 */
final class FirstNonFiniteStep extends Step {
  private static final long LEAST_WORK = 1 << 14;

  private final Buffer flag;
  private final Buffer step;
  private final List<Buffer> tensors;
  private final Buffer output;
  private final int threads;
  private final List<View> ranges = new ArrayList<>();
  private long[] starts = {0};
  private int parts = 1;
  private boolean[] found = {};
  private View flagView = new View(0, 0);
  private View stepView = new View(0, 0);
  private View outputView = new View(0, 0);

  FirstNonFiniteStep(Buffer flag, Buffer step, List<Buffer> tensors, Buffer output, int threads) {
    this.flag = flag;
    this.step = step;
    this.tensors = tensors;
    this.output = output;
    this.threads = threads;
  }

  @Override
  int parts() {
    return parts;
  }

  @Override
  void bind(Addresses addresses) {
    flagView = addresses.view(flag);
    stepView = addresses.view(step);
    outputView = addresses.view(output);
    List<Buffer> byAddress = new ArrayList<>(tensors);
    byAddress.sort(Comparator.comparing(addresses::address));
    long gap = 4L * Arena.ALIGNMENT;
    List<Long> sizes = new ArrayList<>();
    for (int i = 0; i < byAddress.size(); ) {
      long begin = addresses.address(byAddress.get(i));
      long end = begin + byAddress.get(i).bytes();
      for (i++; i < byAddress.size(); i++) {
        long next = addresses.address(byAddress.get(i));
        // A gap between members of an arena holds zeros; one between other buffers, anything.
        boolean neighbour =
            next <= end
                || (next < end + gap
                    && addresses.inOneArena(byAddress.get(i - 1), byAddress.get(i)));
        if (!neighbour) {
          break;
        }
        end = Math.max(end, next + byAddress.get(i).bytes());
      }
      ranges.add(new View(begin, (end - begin) / 4));
      sizes.add((end - begin) / 4);
    }
    starts = new long[sizes.size() + 1];
    for (int i = 0; i < sizes.size(); i++) {
      starts[i + 1] = starts[i] + sizes.get(i);
    }
    parts = parts(threads, starts[sizes.size()], LEAST_WORK);
    found = new boolean[parts];
  }

  @Override
  void run(int part, Workspace w) {
    long total = starts[starts.length - 1];
    long first = begin(total, part, parts);
    long last = begin(total, part + 1, parts);
    int[] seen = w.i1;
    Arrays.fill(seen, 0);
    for (int i = 0; i < ranges.size(); i++) {
      long end = Math.min(last, starts[i + 1]);
      for (long at = Math.max(first, starts[i]); at < end; at += Workspace.TILE) {
        int n = (int) Math.min(Workspace.TILE, end - at);
        ranges.get(i).get(at - starts[i], w.i0, 0, n);
        TileKernels.noteNonFinite(w.i0, seen, n);
      }
    }
    found[part] = TileKernels.anyNegative(seen, seen.length);
  }

  @Override
  void finish() {
    boolean any = false;
    for (boolean one : found) {
      any |= one;
    }
    int before = flagView.getInt(0);
    outputView.putInt(0, before != 0 ? before : any ? stepView.getInt(0) : 0);
  }
}
