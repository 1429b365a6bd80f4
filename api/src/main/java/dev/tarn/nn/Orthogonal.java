package dev.tarn.nn;

import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.internal.RandomStream;

/**
 * A random matrix with orthonormal rows or columns times a gain: the Q of the QR decomposition of a
 * matrix of normal numbers, with R's diagonal positive, which makes it uniform over such matrices.
 */
record Orthogonal(double gain) implements Initializer {
  @Override
  public HostTensor create(Shape shape, long seed, String path) {
    int rows = shape.rank() == 0 ? 1 : shape.dim(0);
    int columns = rows == 0 ? 0 : shape.intSize() / rows;
    int count = Math.min(rows, columns);
    int length = Math.max(rows, columns);
    RandomStream random = new RandomStream(seed, "init/" + path);
    double[][] vectors = new double[count][];
    for (int i = 0; i < count; i++) {
      do {
        vectors[i] = new double[length];
        for (int j = 0; j < length; j++) {
          vectors[i][j] = random.nextGaussian();
        }
      } while (!orthonormalise(vectors, i));
    }
    float[] values = new float[rows * columns];
    for (int i = 0; i < count; i++) {
      for (int j = 0; j < length; j++) {
        int at = rows <= columns ? i * columns + j : j * columns + i;
        values[at] = (float) (gain * vectors[i][j]);
      }
    }
    return HostTensor.of(values, shape);
  }

  /**
   * Modified Gram-Schmidt: takes off a vector's parts along those before it, twice, because once
   * leaves rounding errors of the size of what was cancelled, and makes its length 1.
   *
   * @return false if nothing but rounding is left of the vector
   */
  private static boolean orthonormalise(double[][] vectors, int index) {
    double[] vector = vectors[index];
    double before = StrictMath.sqrt(dot(vector, vector));
    for (int round = 0; round < 2; round++) {
      for (int i = 0; i < index; i++) {
        double part = dot(vector, vectors[i]);
        for (int j = 0; j < vector.length; j++) {
          vector[j] -= part * vectors[i][j];
        }
      }
    }
    double norm = StrictMath.sqrt(dot(vector, vector));
    for (int j = 0; j < vector.length; j++) {
      vector[j] /= norm;
    }
    return norm > 1e-10 * before;
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }
}
