package dev.tarn.cpu;

/** The forms of loops over tiles that {@link TapeCompiler} joins; n elements each. */
final class TileFunctions {
  private TileFunctions() {}

  interface Unary {
    void run(float[] a, float[] out, int n);
  }

  interface UnaryWithScratch {
    void run(float[] a, float[] out, Workspace w, int n);
  }

  interface ToBits {
    void run(float[] a, int[] out, Workspace w, int n);
  }
}
