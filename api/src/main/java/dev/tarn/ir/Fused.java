package dev.tarn.ir;

import dev.tarn.DType;
import dev.tarn.Shape;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A tape of elementwise instructions over one shape, computed in one pass over memory.
 *
 * <p>Instruction {@code i} writes register {@code i}; operands are earlier registers. Registers are
 * f32, whatever inputs and results are: what a tape keeps to itself is not rounded to bf16. Only
 * {@link Elementwise.Kind#EQUAL} also reads registers that are i32, those of i32 inputs and of
 * {@link Whole} numbers: they are compared as integers, so that no number is rounded.
 *
 * @param shape the shape of every result
 * @param tape the instructions
 * @param results the registers that are the outputs
 * @param types the element type of each output, f32 or bf16, to which it is rounded
 */
public record Fused(Shape shape, List<Instruction> tape, List<Integer> results, List<DType> types)
    implements Op {

  /** One instruction of a tape. */
  public sealed interface Instruction permits Load, Immediate, Whole, Apply, Mask, Round {}

  /** Reads an input of the node, broadcast to the tape's shape. */
  public record Load(int input) implements Instruction {}

  /** A number; rounded to f32, except where the reference computes in double. */
  public record Immediate(double value) implements Instruction {}

  /** An i32 number. */
  public record Whole(int value) implements Instruction {}

  /** Applies a function to registers. */
  public record Apply(Elementwise.Kind kind, List<Integer> operands) implements Instruction {}

  /** A dropout mask over the tape's shape; {@code seed} and {@code step} are inputs of the node. */
  public record Mask(int seed, int step, DropoutMask op) implements Instruction {}

  /** Rounds a register to the nearest bf16, as {@link Cast} does. */
  public record Round(int operand) implements Instruction {}

  /** Copies the lists. */
  public Fused {
    tape = List.copyOf(tape);
    results = List.copyOf(results);
    types = List.copyOf(types);
  }

  /** A tape whose results are f32. */
  public Fused(Shape shape, List<Instruction> tape, List<Integer> results) {
    this(shape, tape, results, Collections.nCopies(results.size(), DType.F32));
  }

  @Override
  public String name() {
    return "fused";
  }

  @Override
  public List<Spec> infer(List<Spec> inputs) {
    for (Instruction instruction : tape) {
      if (instruction instanceof Load load
          && !inputs.get(load.input()).shape().broadcastsTo(shape)) {
        throw new ShapeException(
            "fused: " + inputs.get(load.input()) + " does not broadcast to " + shape);
      }
    }
    checkTypes(wholes(inputs));
    return types.stream().map(type -> new Spec(type, shape)).toList();
  }

  private void checkTypes(boolean[] whole) {
    for (Instruction instruction : tape) {
      if (instruction instanceof Apply apply) {
        List<Boolean> operands = apply.operands().stream().map(r -> whole[r]).distinct().toList();
        if (operands.contains(true)
            && (operands.size() > 1 || apply.kind() != Elementwise.Kind.EQUAL)) {
          throw new ShapeException(
              "fused: i32 can only be compared with i32, not given to " + instruction);
        }
      }
      if (instruction instanceof Round round && whole[round.operand()]) {
        throw new ShapeException("fused: i32 is not rounded to bf16");
      }
    }
    if (results.stream().anyMatch(register -> whole[register])) {
      throw new ShapeException("fused: a result is i32");
    }
  }

  /**
   * Which registers are i32.
   *
   * @param inputs the specs of the node's inputs
   */
  public boolean[] wholes(List<Spec> inputs) {
    boolean[] whole = new boolean[tape.size()];
    for (int i = 0; i < whole.length; i++) {
      whole[i] =
          tape.get(i) instanceof Whole
              || (tape.get(i) instanceof Load load && !inputs.get(load.input()).dtype().isFloat());
    }
    return whole;
  }

  /**
   * What the tape computes, for messages: the name of its only function, {@code broadcast}, {@code
   * cast} or {@code dropout_mask} if it has none, {@code fused} if there are several.
   */
  public String operation() {
    List<String> functions =
        tape.stream()
            .filter(Apply.class::isInstance)
            .map(apply -> new Elementwise(((Apply) apply).kind()).name())
            .toList();
    if (functions.isEmpty()) {
      boolean mask = tape.stream().anyMatch(Mask.class::isInstance);
      boolean round = tape.stream().anyMatch(Round.class::isInstance);
      return mask ? "dropout_mask" : round ? "cast" : "broadcast";
    }
    return functions.size() == 1 ? functions.get(0) : name();
  }

  /** The tape as {@code r0=load 0; r1=relu r0 -> r1}. */
  @Override
  public String attributes() {
    StringBuilder out = new StringBuilder("{");
    for (int i = 0; i < tape.size(); i++) {
      Instruction instruction = tape.get(i);
      out.append(i == 0 ? "r" : "; r").append(i).append('=');
      if (instruction instanceof Load load) {
        out.append("load ").append(load.input());
      } else if (instruction instanceof Immediate immediate) {
        out.append(immediate.value());
      } else if (instruction instanceof Whole whole) {
        out.append(whole.value());
      } else if (instruction instanceof Mask mask) {
        out.append("mask keep=").append(mask.op().keep());
      } else if (instruction instanceof Apply apply) {
        out.append(new Elementwise(apply.kind()).name());
        apply.operands().forEach(r -> out.append(" r").append(r));
      } else if (instruction instanceof Round round) {
        out.append("bf16 r").append(round.operand());
      }
    }
    return out.append(
            results.stream().map(r -> "r" + r).collect(Collectors.joining(", ", " -> ", "}")))
        .toString();
  }

  @Override
  public <R> R accept(Visitor<R> visitor) {
    return visitor.visit(this);
  }
}
