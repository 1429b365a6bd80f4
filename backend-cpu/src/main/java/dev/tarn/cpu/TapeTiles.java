package dev.tarn.cpu;

import dev.tarn.cpu.TapeForms.Form;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/** Which tile holds which register of a tape; a tile is used again once its register is dead. */
final class TapeTiles {
  /** Elements of all tiles that stay in the first-level cache beside what is copied to them. */
  private static final int CACHED = 3072;

  private static final int SHORTEST_TILE = 512;

  private final TapeForms forms;
  private final int[][] slots;
  private final List<Deque<Integer>> free = List.of(new ArrayDeque<>(), new ArrayDeque<>());
  private final int[] count = new int[2];

  TapeTiles(TapeForms forms, int registers) {
    this.forms = forms;
    this.slots = new int[registers][2];
    for (int[] slot : slots) {
      Arrays.fill(slot, -1);
    }
  }

  /** The number of float tiles. */
  int floats() {
    return count[Form.FLOATS.ordinal()];
  }

  /** The number of integer tiles. */
  int ints() {
    return count[Form.BITS.ordinal()];
  }

  /** As many elements as leave all tiles in the first-level cache, in whole rows that repeat. */
  int length() {
    int length = Workspace.TILE;
    while (length > SHORTEST_TILE && length * (floats() + ints()) > CACHED) {
      length /= 2;
    }
    return forms.period == 0 ? length : Math.max(1, length / forms.period) * forms.period;
  }

  /** The tile that holds a register in a form, or -1. */
  int of(int register, Form form) {
    return slots[register][form.ordinal()];
  }

  /** A tile for a register that is written for each tile of elements. */
  int allocate(int register, Form form) {
    int f = form.ordinal();
    Integer slot = free.get(f).poll();
    slots[register][f] = slot != null ? slot : count[f]++;
    return slots[register][f];
  }

  /** A tile for a register that stays as it is through all of a run. */
  int keep(int register, Form form) {
    int f = form.ordinal();
    slots[register][f] = count[f]++;
    return slots[register][f];
  }

  /** Gives back the tiles of operands that instruction {@code i} reads for the last time. */
  void release(int i, List<Integer> operands) {
    for (int register : operands.stream().distinct().toList()) {
      for (Form form : Form.values()) {
        if (isTemporary(register) && forms.lastUse[register][form.ordinal()] == i) {
          free(register, form);
        }
      }
    }
  }

  /** Gives back a register's float tile if nothing reads it after an instruction. */
  void releaseFloats(int register, int last) {
    int use = forms.lastUse[register][Form.FLOATS.ordinal()];
    if (use >= 0 && use <= last && isTemporary(register)) {
      free(register, Form.FLOATS);
    }
  }

  /** Gives back a tile. */
  void free(int register, Form form) {
    free.get(form.ordinal()).push(slots[register][form.ordinal()]);
  }

  private boolean isTemporary(int register) {
    return !forms.uniform[register] && !forms.repeats(register);
  }
}
