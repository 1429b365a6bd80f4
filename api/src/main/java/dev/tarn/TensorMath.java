package dev.tarn;

import dev.tarn.ir.MatMul;

/** What {@link Tensor}'s methods about numbers do. */
final class TensorMath {
  private TensorMath() {}

  static Tensor pow(Tensor x, double number) {
    if (number == 1) {
      return x;
    } else if (number == 2 || number == 3) {
      return number == 2 ? x.square() : x.square().mul(x);
    } else if (Math.abs(number) == 0.5) {
      return number > 0 ? x.sqrt() : x.rsqrt();
    }
    return number == -1 ? x.reciprocal() : x.pow(x.trace().constant(number));
  }

  static Tensor clip(Tensor x, double low, double high) {
    Trace trace = x.trace();
    if (!(low <= high)) {
      throw trace.failure("clip: " + low + " is not at most " + high);
    }
    Tensor raised = x.less(low).select(trace.constant(low), x);
    return x.greater(high).select(trace.constant(high), raised);
  }

  static Tensor matmul(Tensor a, Tensor b, boolean transposeA, boolean transposeB) {
    Shape shape = a.shape();
    if (shape.rank() == 3 && b.shape().rank() == 2 && !transposeA) {
      // One product of [B M, K] is faster than B products, and so are its gradients.
      Tensor rows = a.reshape(shape.dim(0) * shape.dim(1), shape.dim(2));
      Tensor product = rows.matmul(b, false, transposeB);
      return product.reshape(shape.dim(0), shape.dim(1), product.shape().dim(1));
    }
    return a.trace().add(new MatMul(transposeA, transposeB), a, b).get(0);
  }
}
