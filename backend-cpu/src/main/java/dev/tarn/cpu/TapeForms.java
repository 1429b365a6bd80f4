package dev.tarn.cpu;

import dev.tarn.Spec;
import dev.tarn.ir.Elementwise;
import dev.tarn.ir.Fused;
import java.util.Arrays;
import java.util.List;

/** In which forms the registers of a tape are held, and how long. */
final class TapeForms {
  /** How a register is held. */
  enum Form {
    FLOATS,
    BITS
  }

  private final Fused op;
  private final List<Operand> inputs;

  /** Whether a register holds one value for all elements. */
  final boolean[] uniform;

  /** Whether a register is i32; its form is its bits. */
  final boolean[] whole;

  /** The last instruction that reads a register in a form; -1 if there is none. */
  final int[][] lastUse;

  /**
   * The length of the rows that repeat along all elements, or 0: a tile is whole such rows. Tiles
   * begin at multiples of 4, as dropout masks want it.
   */
  final int period;

  TapeForms(Fused op, List<Spec> specs, List<Operand> inputs) {
    this.op = op;
    this.inputs = inputs;
    int length = op.tape().size();
    this.uniform = new boolean[length];
    this.whole = op.wholes(specs);
    this.lastUse = new int[length][2];
    for (int[] use : lastUse) {
      Arrays.fill(use, -1);
    }
    for (int i = 0; i < length; i++) {
      uniform[i] = isUniform(op.tape().get(i));
    }
    for (int i = 0; i < length; i++) {
      if (!uniform[i] && op.tape().get(i) instanceof Fused.Apply apply) {
        List<Integer> operands = apply.operands();
        for (int o = 0; o < operands.size(); o++) {
          if (o == 2 && isGate(i)) {
            continue;
          }
          lastUse[operands.get(o)][needed(apply, o).ordinal()] = i;
        }
      } else if (!uniform[i] && op.tape().get(i) instanceof Fused.Round round) {
        lastUse[round.operand()][Form.BITS.ordinal()] = i;
      }
    }
    for (int result : op.results()) {
      if (!uniform[result]) {
        lastUse[result][natural(result).ordinal()] = length;
      }
    }
    this.period =
        (int)
            inputs.stream()
                .mapToLong(Operand::period)
                .filter(row -> row <= Workspace.TILE / 2 && row % 4 == 0)
                .max()
                .orElse(0);
  }

  /** Whether a register is the same in every tile. */
  boolean repeats(int register) {
    return period > 0
        && op.tape().get(register) instanceof Fused.Load load
        && inputs.get(load.input()).period() == period;
  }

  private boolean isUniform(Fused.Instruction instruction) {
    if (instruction instanceof Fused.Load load) {
      return inputs.get(load.input()).uniform();
    } else if (instruction instanceof Fused.Apply apply) {
      return apply.operands().stream().allMatch(register -> uniform[register]);
    } else if (instruction instanceof Fused.Round round) {
      return uniform[round.operand()];
    }
    return instruction instanceof Fused.Immediate || instruction instanceof Fused.Whole;
  }

  /**
   * Whether an instruction chooses, once for all elements, between a computed value and an input,
   * as an update that is gated keeps the old value: then the input is read again in the rare step
   * that fails, and needs no tile until then.
   */
  boolean isGate(int register) {
    return op.tape().get(register) instanceof Fused.Apply apply
        && apply.kind() == Elementwise.Kind.SELECT
        && uniform[apply.operands().get(0)]
        && !uniform[apply.operands().get(1)]
        && !uniform[apply.operands().get(2)]
        && op.tape().get(apply.operands().get(2)) instanceof Fused.Load;
  }

  /** The form in which an instruction reads an operand. */
  private Form needed(Fused.Apply apply, int operand) {
    return switch (apply.kind()) {
      case EQUAL -> Form.BITS;
      case GREATER -> isZero(apply.operands().get(1), 0x7fffffff) ? Form.BITS : Form.FLOATS;
      case SELECT -> uniform[apply.operands().get(0)] ? Form.FLOATS : Form.BITS;
      default -> Form.FLOATS;
    };
  }

  /** The form in which an instruction gives its result. */
  Form natural(int register) {
    Fused.Instruction instruction = op.tape().get(register);
    if (instruction instanceof Fused.Apply apply) {
      return switch (apply.kind()) {
        case EQUAL, GREATER, LOG, TANH, SIGN, ERF, EXPM1, LOG1P, POW -> Form.BITS;
        case SELECT -> uniform[apply.operands().get(0)] ? Form.FLOATS : Form.BITS;
        default -> Form.FLOATS;
      };
    } else if (instruction instanceof Fused.Load) {
      return lastUse[register][0] < 0 && lastUse[register][1] >= 0 ? Form.BITS : Form.FLOATS;
    }
    return Form.BITS;
  }

  /** Whether a register is the number 0; the mask says which bits of it matter. */
  boolean isZero(int register, int mask) {
    return op.tape().get(register) instanceof Fused.Immediate immediate
        && (Float.floatToRawIntBits((float) immediate.value()) & mask) == 0;
  }
}
