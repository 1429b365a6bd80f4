package dev.tarn.ir;

import dev.tarn.DType;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import java.util.List;

/**
 * The matrix product {@code op(A) op(B)}: {@code [M,K] x [K,N] -> [M,N]} after transposition.
 *
 * @param transposeA whether A is given as {@code [K,M]}
 * @param transposeB whether B is given as {@code [N,K]}
 */
public record MatMul(boolean transposeA, boolean transposeB) implements Op {
  @Override
  public String name() {
    return "matmul";
  }

  @Override
  public List<Spec> infer(List<Spec> inputs) {
    Op.arity(this, inputs, 2);
    Spec a = inputs.get(0);
    Spec b = inputs.get(1);
    if (a.dtype() != DType.F32 || b.dtype() != DType.F32) {
      throw new ShapeException("matmul: needs f32 operands: " + a + " x " + b);
    }
    if (a.shape().rank() != 2 || b.shape().rank() != 2) {
      throw new ShapeException(
          "matmul: needs two matrices, was given " + a.shape() + " x " + b.shape());
    }
    int m = a.shape().dim(transposeA ? 1 : 0);
    int k = a.shape().dim(transposeA ? 0 : 1);
    int n = b.shape().dim(transposeB ? 0 : 1);
    if (k != b.shape().dim(transposeB ? 1 : 0)) {
      throw new ShapeException(
          "matmul: inner dimensions differ: "
              + a.shape()
              + (transposeA ? "ᵀ" : "")
              + " x "
              + b.shape()
              + (transposeB ? "ᵀ" : ""));
    }
    return List.of(Spec.f32(m, n));
  }

  @Override
  public String attributes() {
    return transposeA && transposeB
        ? "transpose_a transpose_b"
        : transposeA ? "transpose_a" : transposeB ? "transpose_b" : "";
  }

  @Override
  public <R> R accept(Visitor<R> visitor) {
    return visitor.visit(this);
  }
}
