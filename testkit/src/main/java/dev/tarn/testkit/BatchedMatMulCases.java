package dev.tarn.testkit;

import dev.tarn.Spec;
import dev.tarn.Tensor;
import java.util.ArrayList;
import java.util.List;

/** Batches of matrix products with every transposition, and operands shared by all of them. */
final class BatchedMatMulCases {
  private BatchedMatMulCases() {}

  static List<OpCase> all() {
    List<OpCase> cases = new ArrayList<>();
    for (boolean ta : new boolean[] {false, true}) {
      for (boolean tb : new boolean[] {false, true}) {
        cases.add(awkward(ta, tb));
      }
    }
    cases.add(large(16, 64, 33, 65));
    cases.add(large(3, 128, 64, 256));
    cases.add(bias());
    return cases;
  }

  private static OpCase awkward(boolean ta, boolean tb) {
    // Batches of the operands, 0 for no axis; M, K, N.
    int[][] sizes = {
      {1, 1, 1, 1, 1}, {3, 3, 3, 17, 33}, {5, 5, 17, 33, 1}, {7, 1, 3, 5, 9}, {1, 7, 3, 5, 9},
      {3, 0, 17, 3, 5}, {0, 3, 5, 3, 17}, {1, 0, 3, 4, 5}, {33, 33, 1, 5, 1}, {2, 2, 3, 0, 4}
    };
    String text = (ta ? "t" : "n") + (tb ? "t" : "n");
    OpCase c = OpCase.named("batched matmul " + text + " at awkward sizes");
    for (int[] s : sizes) {
      int number = c.inputNames().size() / 2;
      double deviation = 1 / Math.sqrt(Math.max(1, s[3]));
      c.by(
          "a" + number,
          ta ? spec(s[0], s[3], s[2]) : spec(s[0], s[2], s[3]),
          Fill.normal(deviation));
      c.by("b" + number, tb ? spec(s[1], s[4], s[3]) : spec(s[1], s[3], s[4]), Fill.normal(1));
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

  private static Spec spec(int batch, int rows, int columns) {
    return batch == 0 ? Spec.f32(rows, columns) : Spec.f32(batch, rows, columns);
  }

  private static OpCase large(int batch, int m, int k, int n) {
    return OpCase.named("batched matmul " + batch + " of " + m + "x" + k + "x" + n)
        .within(5e-5)
        .by("a", Spec.f32(batch, m, k), Fill.normal(1 / Math.sqrt(k)))
        .by("b", Spec.f32(batch, k, n), Fill.normal(1))
        .program((trace, in) -> List.of(in[0].matmul(in[1])));
  }

  private static OpCase bias() {
    return OpCase.named("batched matmul with bias")
        .by("a", Spec.f32(3, 5, 7), Fill.normal(0.4))
        .by("b", Spec.f32(3, 7, 9), Fill.normal(1))
        .by("w", Spec.f32(9, 7), Fill.normal(1))
        .by("bias", Spec.f32(9), Fill.normal(1))
        .program(
            (trace, in) ->
                List.of(
                    in[0].matmul(in[1]).add(in[3]), in[0].matmul(in[2], false, true).add(in[3])));
  }
}
