package dev.tarn.reference;

import dev.tarn.Shape;
import dev.tarn.Window2d;

/** Convolution and its adjoints: all terms of the sum in one order, each used in its own way. */
final class ConvolutionKernels {
  /** A term of the convolution: y[y] has the summand x[x] w[w]. */
  private interface Term {
    void at(int x, int w, int y);
  }

  private ConvolutionKernels() {}

  /** x (N, C, H, W), w (O, C/groups, kH, kW) to y (N, O, P, Q). */
  static double[] forward(Window2d window, double[] x, Shape xs, double[] w, Shape ws, Shape ys) {
    double[] out = new double[ys.intSize()];
    terms(window, xs, ws, ys, (i, j, k) -> out[k] += x[i] * w[j]);
    return out;
  }

  /** dy (N, O, P, Q), w (O, C/groups, kH, kW) to dx (N, C, H, W). */
  static double[] gradInput(
      Window2d window, double[] dy, Shape ys, double[] w, Shape ws, Shape xs) {
    double[] out = new double[xs.intSize()];
    terms(window, xs, ws, ys, (i, j, k) -> out[i] += dy[k] * w[j]);
    return out;
  }

  /** x (N, C, H, W), dy (N, O, P, Q) to dw (O, C/groups, kH, kW). */
  static double[] gradWeight(
      Window2d window, double[] x, Shape xs, double[] dy, Shape ys, Shape ws) {
    double[] out = new double[ws.intSize()];
    terms(window, xs, ws, ys, (i, j, k) -> out[j] += x[i] * dy[k]);
    return out;
  }

  private static void terms(Window2d window, Shape xs, Shape ws, Shape ys, Term term) {
    int channels = ws.dim(1);
    int outPerGroup = ws.dim(0) / window.groups();
    int rows = xs.dim(2);
    int columns = xs.dim(3);
    for (int n = 0; n < ys.dim(0); n++) {
      for (int o = 0; o < ys.dim(1); o++) {
        int firstChannel = o / outPerGroup * channels;
        for (int p = 0; p < ys.dim(2); p++) {
          for (int q = 0; q < ys.dim(3); q++) {
            int y = ((n * ys.dim(1) + o) * ys.dim(2) + p) * ys.dim(3) + q;
            for (int c = 0; c < channels; c++) {
              int plane = (n * xs.dim(1) + firstChannel + c) * rows;
              for (int r = 0; r < ws.dim(2); r++) {
                int h = p * window.strideH() - window.padTop() + r * window.dilationH();
                if (h < 0 || h >= rows) {
                  continue;
                }
                int kernelRow = ((o * channels + c) * ws.dim(2) + r) * ws.dim(3);
                for (int s = 0; s < ws.dim(3); s++) {
                  int v = q * window.strideW() - window.padLeft() + s * window.dilationW();
                  if (v >= 0 && v < columns) {
                    term.at((plane + h) * columns + v, kernelRow + s, y);
                  }
                }
              }
            }
          }
        }
      }
    }
  }
}
