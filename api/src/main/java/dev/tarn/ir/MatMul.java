package dev.tarn.ir;

import dev.tarn.DType;
import dev.tarn.Shape;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import java.util.List;

/**
 * The matrix product {@code op(A) op(B)}: {@code [M,K] x [K,N] -> [M,N]} after transposition of the
 * last two axes.
 *
 * <p>With a third axis in front it is a batch of products: {@code [B,M,K] x [B,K,N] -> [B,M,N]}. An
 * operand without that axis, or with an extent of one along it, is shared by all products.
 *
 * @param transposeA whether A is given as {@code [K,M]}
 * @param transposeB whether B is given as {@code [N,K]}
 * @param arithmetic the element types, and how they are multiplied
 */
public record MatMul(boolean transposeA, boolean transposeB, Arithmetic arithmetic)
    implements Op, Product {
  /** A product of f32. */
  public MatMul(boolean transposeA, boolean transposeB) {
    this(transposeA, transposeB, Arithmetic.F32);
  }

  @Override
  public MatMul with(Arithmetic other) {
    return new MatMul(transposeA, transposeB, other);
  }

  @Override
  public String name() {
    return "matmul";
  }

  @Override
  public List<Spec> infer(List<Spec> inputs) {
    Op.arity(this, inputs, 2);
    Spec a = inputs.get(0);
    Spec b = inputs.get(1);
    DType needed = arithmetic.operands();
    if (a.dtype() != needed || b.dtype() != needed) {
      throw new ShapeException("matmul: needs " + needed + " operands: " + a + " x " + b);
    }
    if (!isMatrices(a.shape()) || !isMatrices(b.shape())) {
      throw new ShapeException(
          "matmul: needs two matrices or batches of them, was given "
              + (a.shape() + " x " + b.shape()));
    }
    int m = a.shape().dim(transposeA ? -1 : -2);
    int k = a.shape().dim(transposeA ? -2 : -1);
    int n = b.shape().dim(transposeB ? -2 : -1);
    if (k != b.shape().dim(transposeB ? -1 : -2)) {
      throw new ShapeException(
          "matmul: inner dimensions differ: "
              + a.shape()
              + (transposeA ? "ᵀ" : "")
              + " x "
              + b.shape()
              + (transposeB ? "ᵀ" : ""));
    }
    if (a.shape().rank() == 2 && b.shape().rank() == 2) {
      return List.of(new Spec(arithmetic.result(), Shape.of(m, n)));
    }
    int batchA = batch(a.shape());
    int batchB = batch(b.shape());
    if (batchA != batchB && batchA != 1 && batchB != 1) {
      throw new ShapeException(
          "matmul: numbers of matrices differ: " + a.shape() + " x " + b.shape());
    }
    Shape shape = Shape.of(batchA == 1 ? batchB : batchA, m, n);
    return List.of(new Spec(arithmetic.result(), shape));
  }

  private static boolean isMatrices(Shape shape) {
    return shape.rank() == 2 || shape.rank() == 3;
  }

  /** How many matrices a shape holds. */
  public static int batch(Shape shape) {
    return shape.rank() == 3 ? shape.dim(0) : 1;
  }

  @Override
  public String attributes() {
    String a = transposeA ? "transpose_a " : "";
    String b = transposeB ? "transpose_b " : "";
    return (a + b + arithmetic).strip();
  }

  @Override
  public <R> R accept(Visitor<R> visitor) {
    return visitor.visit(this);
  }
}
