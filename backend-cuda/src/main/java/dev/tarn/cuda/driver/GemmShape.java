package dev.tarn.cuda.driver;

/**
 * The shapes of a matrix product C = alpha op(A) op(B) + beta C, row-major.
 *
 * <p>op(A) is [m, k], op(B) is [k, n], C is [m, n]. A transposed A is stored as [k, m] with rows
 * {@code lda} elements apart, likewise B as [n, k].
 *
 * @param m rows of C
 * @param n columns of C
 * @param k the inner dimension
 * @param transposeA whether A is stored as [k, m]
 * @param transposeB whether B is stored as [n, k]
 * @param lda elements from a stored row of A to the next
 * @param ldb elements from a stored row of B to the next
 * @param ldc elements from a row of C to the next
 * @param batch the number of products, at least 1
 * @param strideA elements from a product's A to the next product's; 0 to share one
 * @param strideB likewise of B
 * @param strideC likewise of C; not 0 with several products
 */
public record GemmShape(
    int m,
    int n,
    int k,
    boolean transposeA,
    boolean transposeB,
    int lda,
    int ldb,
    int ldc,
    int batch,
    long strideA,
    long strideB,
    long strideC) {

  /** Checks the dimensions. */
  public GemmShape {
    boolean sizes = m >= 1 && n >= 1 && k >= 1 && batch >= 1;
    boolean leading = lda >= (transposeA ? m : k) && ldb >= (transposeB ? k : n) && ldc >= n;
    boolean strides =
        batch == 1 || strideA >= 0 && strideB >= 0 && strideC >= (long) (m - 1) * ldc + n;
    if (!sizes || !leading || !strides) {
      throw new IllegalArgumentException(
          "invalid "
              + text(m, n, k, transposeA, transposeB, batch)
              + String.format(
                  ", lda %d, ldb %d, ldc %d, strides %d, %d, %d",
                  lda, ldb, ldc, strideA, strideB, strideC));
    }
  }

  /** Returns the shape of densely stored matrices. */
  public static GemmShape of(int m, int n, int k, boolean transposeA, boolean transposeB) {
    return new GemmShape(
        m, n, k, transposeA, transposeB, transposeA ? m : k, transposeB ? k : n, n, 1, 0, 0, 0);
  }

  /** Returns this shape with other leading dimensions. */
  public GemmShape withLeading(int a, int b, int c) {
    return new GemmShape(
        m, n, k, transposeA, transposeB, a, b, c, batch, strideA, strideB, strideC);
  }

  /** Returns {@code count} such products, {@code a}, {@code b} and {@code c} elements apart. */
  public GemmShape batched(int count, long a, long b, long c) {
    return new GemmShape(m, n, k, transposeA, transposeB, lda, ldb, ldc, count, a, b, c);
  }

  /** Returns the product in words, such as {@code gemm [64,784] x [784,512]}. */
  @Override
  public String toString() {
    return text(m, n, k, transposeA, transposeB, batch);
  }

  private static String text(int m, int n, int k, boolean ta, boolean tb, int batch) {
    String a = ta ? "[" + k + "," + m + "]^T" : "[" + m + "," + k + "]";
    String b = tb ? "[" + n + "," + k + "]^T" : "[" + k + "," + n + "]";
    return "gemm " + (batch == 1 ? "" : batch + " of ") + a + " x " + b;
  }
}
