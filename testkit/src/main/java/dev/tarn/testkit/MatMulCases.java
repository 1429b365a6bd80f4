package dev.tarn.testkit;

import dev.tarn.Spec;
import dev.tarn.Tensor;
import java.util.ArrayList;
import java.util.List;

/** Matrix products with every transposition at awkward sizes, and a few of real size. */
final class MatMulCases {
  private MatMulCases() {}

  static List<OpCase> all() {
    List<OpCase> cases = new ArrayList<>();
    for (boolean ta : new boolean[] {false, true}) {
      for (boolean tb : new boolean[] {false, true}) {
        cases.add(awkward(ta, tb));
        cases.add(matmul(64, 784, 512, ta, tb));
      }
    }
    cases.add(matmul(1, 784, 10, false, true));
    cases.add(matmul(257, 17, 1, false, false));
    cases.add(sameMatrixTwice());
    cases.add(chain());
    return cases;
  }

  private static OpCase awkward(boolean ta, boolean tb) {
    int[][] sizes = {{1, 1, 1}, {3, 17, 33}, {17, 33, 3}, {33, 257, 17}, {257, 1, 3}, {1, 3, 257}};
    OpCase c = OpCase.named("matmul " + text(ta, tb) + " at awkward sizes");
    for (int[] mkn : sizes) {
      operands(c, mkn[0], mkn[1], mkn[2], ta, tb);
    }
    return c.program(
        (trace, in) -> {
          List<Tensor> out = new ArrayList<>();
          for (int i = 0; i < in.length; i += 2) {
            out.add(in[i].matmul(in[i + 1], ta, tb));
          }
          return out;
        });
  }

  private static OpCase matmul(int m, int k, int n, boolean ta, boolean tb) {
    OpCase c = OpCase.named("matmul " + text(ta, tb) + " " + m + "x" + k + "x" + n);
    // The gradient by the first operand sums n products of size one in f32, in any order.
    c.within(n > 100 ? 5e-5 : c.tolerance());
    operands(c, m, k, n, ta, tb);
    return c.program((trace, in) -> List.of(in[0].matmul(in[1], ta, tb)));
  }

  /** Operands whose product has elements near one, so that errors of rounding are comparable. */
  private static void operands(OpCase c, int m, int k, int n, boolean ta, boolean tb) {
    int number = c.inputNames().size() / 2;
    c.by("a" + number, ta ? Spec.f32(k, m) : Spec.f32(m, k), Fill.normal(1 / Math.sqrt(k)));
    c.by("b" + number, tb ? Spec.f32(n, k) : Spec.f32(k, n), Fill.normal(1));
  }

  private static OpCase sameMatrixTwice() {
    return OpCase.named("matmul of a matrix with itself")
        .by("a", Spec.f32(17, 17), Fill.normal(0.3))
        .program(
            (trace, in) ->
                List.of(
                    in[0].matmul(in[0]),
                    in[0].matmul(in[0], true, false),
                    in[0].matmul(in[0], false, true)));
  }

  private static OpCase chain() {
    return OpCase.named("matmul with bias and relu, twice")
        .by("x", Spec.f32(17, 33), Fill.normal(1))
        .by("w", Spec.f32(5, 33), Fill.normal(0.2))
        .by("b", Spec.f32(5), Fill.normal(1))
        .by("v", Spec.f32(3, 5), Fill.normal(0.5))
        .program(
            (trace, in) -> {
              Tensor hidden = in[0].matmul(in[1], false, true).add(in[2]).tanh();
              return List.of(hidden, hidden.matmul(in[3], false, true));
            });
  }

  private static String text(boolean ta, boolean tb) {
    return (ta ? "t" : "n") + (tb ? "t" : "n");
  }
}
