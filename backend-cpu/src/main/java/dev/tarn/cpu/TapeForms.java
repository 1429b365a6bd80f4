package dev.tarn.cpu;

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

  /** The last instruction that reads a register in a form; -1 if there is none. */
  final int[][] lastUse;

  TapeForms(Fused op, List<Operand> inputs) {
    this.op = op;
    this.inputs = inputs;
    int length = op.tape().size();
    this.uniform = new boolean[length];
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
  }

  private boolean isUniform(Fused.Instruction instruction) {
    if (instruction instanceof Fused.Load load) {
      return inputs.get(load.input()).uniform();
    } else if (instruction instanceof Fused.Apply apply) {
      return apply.operands().stream().allMatch(register -> uniform[register]);
    } else if (instruction instanceof Fused.Round round) {
      return uniform[round.operand()];
    }
    return instruction instanceof Fused.Immediate;
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
