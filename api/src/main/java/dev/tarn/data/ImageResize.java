package dev.tarn.data;

/**
 * Scales a part of an image with a triangle filter that widens when it makes images smaller, so
 * that no pixel is skipped.
 *
 * <p>Rows first, then columns, in f32 (the method of the Python Imaging Library's {@code
 * BILINEAR}).
 */
final class ImageResize {
  private ImageResize() {}

  /** The pixels of the input and their weights, for each pixel of the output along one axis. */
  record Weights(int[] first, float[][] weights) {
    /**
     * Weights of an axis where the input's part {@code [from, from + length)} becomes the output.
     */
    static Weights of(int input, double from, double length, int output) {
      double scale = length / output;
      double support = Math.max(scale, 1);
      int[] first = new int[output];
      float[][] weights = new float[output][];
      for (int i = 0; i < output; i++) {
        double center = from + (i + 0.5) * scale;
        int low = Math.max(0, (int) (center - support + 0.5));
        int high = Math.max(low + 1, Math.min(input, (int) (center + support + 0.5)));
        double[] exact = new double[high - low];
        double sum = 0;
        for (int k = 0; k < exact.length; k++) {
          exact[k] = Math.max(0, 1 - Math.abs((k + low - center + 0.5) / support));
          sum += exact[k];
        }
        first[i] = low;
        weights[i] = new float[exact.length];
        for (int k = 0; k < exact.length; k++) {
          weights[i][k] = (float) (exact[k] / sum);
        }
      }
      return new Weights(first, weights);
    }
  }

  /** Scales one row. */
  static void row(float[] from, Weights columns, float[] to, int at) {
    for (int x = 0; x < columns.first().length; x++) {
      float[] weights = columns.weights()[x];
      int first = columns.first()[x];
      float sum = 0;
      for (int k = 0; k < weights.length; k++) {
        sum += weights[k] * from[first + k];
      }
      to[at + x] = sum;
    }
  }

  /** Makes bytes of scaled rows: one of the output from several that lie one after the other. */
  static void column(float[] rows, int width, Weights vertical, byte[] to, int at) {
    for (int y = 0; y < vertical.first().length; y++) {
      float[] weights = vertical.weights()[y];
      for (int x = 0; x < width; x++) {
        float sum = 0;
        int from = vertical.first()[y] * width + x;
        for (int k = 0; k < weights.length; k++) {
          sum += weights[k] * rows[from + k * width];
        }
        to[at + y * width + x] = (byte) Math.min(255, Math.max(0, Math.round(sum)));
      }
    }
  }
}
