package dev.tarn.reference;

import dev.tarn.DType;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.internal.Philox;
import dev.tarn.ir.DropoutMask;
import dev.tarn.ir.Elementwise;
import dev.tarn.ir.Fused;
import dev.tarn.ir.Node;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Elementwise functions, alone and fused, broadcasts and dropout masks. */
final class ElementwiseKernels {
  private ElementwiseKernels() {}

  static double[] run(Elementwise op, Node node, List<double[]> inputs) {
    List<double[]> operands = new ArrayList<>();
    for (int i = 0; i < inputs.size(); i++) {
      operands.add(broadcast(inputs.get(i), shape(node, i), node.output().spec().shape()));
    }
    return apply(op, operands);
  }

  private static double[] apply(Elementwise op, List<double[]> operands) {
    double[] a = operands.get(0);
    double[] b = operands.size() > 1 ? operands.get(1) : a;
    double[] c = operands.size() > 2 ? operands.get(2) : a;
    double[] out = new double[a.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = op.apply(a[i], b[i], c[i]);
    }
    return out;
  }

  /** Values of a shape repeated to another. */
  static double[] broadcast(double[] in, Shape shape, Shape target) {
    if (shape.equals(target)) {
      return in;
    }
    int[] strides = shape.broadcastStrides(target);
    double[] out = new double[target.intSize()];
    int[] index = new int[target.rank()];
    int from = 0;
    for (int i = 0; i < out.length; i++) {
      out[i] = in[from];
      for (int axis = target.rank() - 1; axis >= 0; axis--) {
        from += strides[axis];
        if (++index[axis] < target.dim(axis)) {
          break;
        }
        from -= strides[axis] * index[axis];
        index[axis] = 0;
      }
    }
    return out;
  }

  static double[] mask(DropoutMask op, double[] seed, double[] step) {
    double[] out = new double[op.shape().intSize()];
    int[] words = new int[4];
    float scale = 1 / op.keep();
    for (int i = 0; i < out.length; i++) {
      if (i % 4 == 0) {
        Philox.words(
            (int) seed[0],
            (int) seed[1],
            i / 4,
            (int) step[0],
            (int) op.stream(),
            (int) (op.stream() >>> 32),
            words);
      }
      out[i] = Integer.compareUnsigned(words[i % 4], op.threshold()) <= 0 ? scale : 0;
    }
    return out;
  }

  /**
   * The results of a tape, not yet rounded to their types; every register but i32 is rounded to
   * f32.
   */
  static List<double[]> fused(Fused op, Node node, List<double[]> inputs, boolean inDouble) {
    List<double[]> registers = new ArrayList<>();
    Spec spec = Spec.f32(op.shape());
    for (Fused.Instruction instruction : op.tape()) {
      double[] value;
      if (instruction instanceof Fused.Load load) {
        value = broadcast(inputs.get(load.input()), shape(node, load.input()), op.shape());
      } else if (instruction instanceof Fused.Immediate immediate) {
        value = new double[op.shape().intSize()];
        Arrays.fill(value, immediate.value());
      } else if (instruction instanceof Fused.Whole whole) {
        value = new double[op.shape().intSize()];
        Arrays.fill(value, whole.value());
      } else if (instruction instanceof Fused.Mask mask) {
        value = mask(mask.op(), inputs.get(mask.seed()), inputs.get(mask.step()));
      } else if (instruction instanceof Fused.Apply apply) {
        List<double[]> operands = apply.operands().stream().map(registers::get).toList();
        value = apply(new Elementwise(apply.kind()), operands);
      } else if (instruction instanceof Fused.Round round) {
        value = registers.get(round.operand()).clone();
        Arrays64.round(value, spec.as(DType.BF16), inDouble);
      } else {
        throw new IllegalStateException("unknown instruction " + instruction);
      }
      registers.add(
          instruction instanceof Fused.Load || instruction instanceof Fused.Whole
              ? value
              : Arrays64.round(value, spec, inDouble));
    }
    return op.results().stream().map(register -> registers.get(register).clone()).toList();
  }

  private static Shape shape(Node node, int input) {
    return node.inputs().get(input).spec().shape();
  }
}
