package dev.tarn.cuda.driver;

import jcuda.Pointer;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasComputeType;
import jcuda.jcublas.cublasGemmAlgo;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasOperation;

/** A prepared matrix product of cuBLAS; made by {@link Cublas#gemm}. */
public final class Gemm implements Command {
  /** The type of a matrix's elements. */
  public enum Type {
    /** 32-bit floats. */
    F32(0),
    /** 16-bit brain floats. */
    BF16(14);

    /** The cudaDataType. */
    private final int code;

    Type(int code) {
      this.code = code;
    }
  }

  /** How the products are computed; sums and scalars are 32-bit floats. */
  public enum Compute {
    /** In full 32-bit precision (for bf16 matrices: exact products on tensor cores). */
    F32(cublasComputeType.CUBLAS_COMPUTE_32F),
    /** With factors rounded to tf32 (10 bits of mantissa) on tensor cores. */
    TF32(cublasComputeType.CUBLAS_COMPUTE_32F_FAST_TF32),
    /** With f32 factors rounded to bf16 on tensor cores. */
    BF16(cublasComputeType.CUBLAS_COMPUTE_32F_FAST_16BF);

    private final int code;

    Compute(int code) {
      this.code = code;
    }
  }

  private static final int ALGORITHM = cublasGemmAlgo.CUBLAS_GEMM_DEFAULT;

  private final Cublas cublas;
  private final GemmShape shape;
  private final Type inputs;
  private final Type output;
  private final Compute compute;
  private final Pointer alpha;
  private final Pointer beta;
  private final Pointer a;
  private final Pointer b;
  private final Pointer c;

  Gemm(
      Cublas cublas,
      GemmShape shape,
      Type inputs,
      Type output,
      Compute compute,
      Pointer alpha,
      long a,
      long b,
      Pointer beta,
      long c) {
    this.cublas = cublas;
    this.shape = shape;
    this.inputs = inputs;
    this.output = output;
    this.compute = compute;
    this.alpha = alpha;
    this.beta = beta;
    this.a = Addresses.pointer(a);
    this.b = Addresses.pointer(b);
    this.c = Addresses.pointer(c);
  }

  /** Returns the shapes. */
  public GemmShape shape() {
    return shape;
  }

  @Override
  public void enqueue(Stream stream) {
    cublasHandle handle = cublas.handleOn(stream);
    // cuBLAS is column-major: it sees the transposes, and C^T = op(B)^T op(A)^T.
    int first = operation(shape.transposeB());
    int second = operation(shape.transposeA());
    int m = shape.n();
    int n = shape.m();
    int k = shape.k();
    int type = inputs.code;
    // The forms without _new take an older numbering of compute types.
    int status =
        shape.batch() == 1
            ? JCublas2.cublasGemmEx_new(
                handle,
                first,
                second,
                m,
                n,
                k,
                alpha,
                b,
                type,
                shape.ldb(),
                a,
                type,
                shape.lda(),
                beta,
                c,
                output.code,
                shape.ldc(),
                compute.code,
                ALGORITHM)
            : JCublas2.cublasGemmStridedBatchedEx_new(
                handle,
                first,
                second,
                m,
                n,
                k,
                alpha,
                b,
                type,
                shape.ldb(),
                shape.strideB(),
                a,
                type,
                shape.lda(),
                shape.strideA(),
                beta,
                c,
                output.code,
                shape.ldc(),
                shape.strideC(),
                shape.batch(),
                compute.code,
                ALGORITHM);
    if (status != 0) {
      throw Cublas.failure(status, shape + " of " + inputs + " to " + output + " in " + compute);
    }
  }

  private static int operation(boolean transpose) {
    return transpose ? cublasOperation.CUBLAS_OP_T : cublasOperation.CUBLAS_OP_N;
  }
}
