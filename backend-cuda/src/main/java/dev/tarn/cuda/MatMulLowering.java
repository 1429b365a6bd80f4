package dev.tarn.cuda;

import dev.tarn.DType;
import dev.tarn.Shape;
import dev.tarn.backend.Buffer;
import dev.tarn.backend.Schedule;
import dev.tarn.cuda.driver.Gemm;
import dev.tarn.cuda.driver.GemmShape;
import dev.tarn.ir.Arithmetic;
import dev.tarn.ir.MatMul;
import dev.tarn.ir.Node;
import java.util.List;

/** Matrix products and batches of them, by cuBLAS. */
final class MatMulLowering {
  private MatMulLowering() {}

  static List<Step> lower(MatMul op, Node node, Schedule<Step> schedule, boolean tensorCores) {
    Buffer a = schedule.buffer(node.inputs().get(0));
    Buffer b = schedule.buffer(node.inputs().get(1));
    Buffer c = schedule.buffer(node.output());
    Shape left = node.inputs().get(0).spec().shape();
    Shape right = node.inputs().get(1).spec().shape();
    Shape result = node.output().spec().shape();
    int batch = MatMul.batch(result);
    int m = result.dim(-2);
    int n = result.dim(-1);
    int k = left.dim(op.transposeA() ? -2 : -1);
    if (c.bytes() == 0) {
      return List.of();
    }
    if (k == 0) {
      return List.of(Steps.zeros(op.name(), c));
    }
    GemmShape shape =
        GemmShape.of(m, n, k, op.transposeA(), op.transposeB())
            .batched(
                batch,
                MatMul.batch(left) == 1 ? 0 : (long) m * k,
                MatMul.batch(right) == 1 ? 0 : (long) k * n,
                (long) m * n);
    Step.Binder binder =
        binding ->
            binding
                .backend()
                .cublas()
                .gemm(
                    shape,
                    type(op.arithmetic().operands()),
                    type(op.arithmetic().result()),
                    tensorCores ? compute(op.arithmetic()) : Gemm.Compute.F32,
                    1,
                    binding.address(a),
                    binding.address(b),
                    0,
                    binding.address(c));
    long flops = 2L * batch * m * n * k;
    return List.of(new Step(shape.toString(), List.of(a, b), List.of(c), flops, binder));
  }

  private static Gemm.Type type(DType type) {
    return type == DType.BF16 ? Gemm.Type.BF16 : Gemm.Type.F32;
  }

  private static Gemm.Compute compute(Arithmetic arithmetic) {
    return switch (arithmetic) {
      case TF32 -> Gemm.Compute.TF32;
      case BF16_MATH -> Gemm.Compute.BF16;
      case F32, BF16, BF16_TO_F32 -> Gemm.Compute.F32;
    };
  }
}
