package dev.tarn.testkit;

import dev.tarn.Spec;
import dev.tarn.ir.BatchNorm;
import dev.tarn.ir.BatchNormGrad;
import dev.tarn.ir.NormalizeRows;
import dev.tarn.ir.NormalizeRowsGrad;
import java.util.ArrayList;
import java.util.List;

/** Batch normalization and normalization of rows at many extents, and far from zero. */
final class NormalizationCases {
  private static final double EPSILON = 1e-5;

  private NormalizationCases() {}

  static List<OpCase> all() {
    List<OpCase> cases = new ArrayList<>();
    int[][] batches = {
      {3, 1},
      {17, 33},
      {257, 3},
      {5, 257},
      {2, 3, 17},
      {4, 1, 3},
      {3, 5, 7, 9},
      {2, 257, 2, 2},
      {1, 33, 3, 1},
      {2, 2, 67, 47},
      {1, 3, 1, 4099},
      {300, 2, 5, 4}
    };
    for (int[] dims : batches) {
      cases.add(batchNorm("batch_norm", Fill.normal(1), dims));
      cases.add(derived(1, dims));
    }
    cases.add(batchNorm("batch_norm far from zero", Fill.uniform(99, 101), 33, 3, 5, 5));
    cases.add(batchNorm("batch_norm of vectors far from zero", Fill.uniform(-101, -99), 257, 5));
    Fill jump = Fill.each((i, random) -> (i < 200 ? 50 : 0) + random.nextGaussian());
    cases.add(batchNorm("batch_norm that begins far from its mean", jump, 300, 2, 5, 4));
    cases.add(batchNorm("batch_norm of vectors that begins far", jump, 257, 5));
    cases.add(batchNormGrad("batch_norm_grad", Fill.normal(1)));
    cases.add(batchNormGrad("batch_norm with NaN", Fill.normal(1).but(new int[] {50}, Float.NaN)));
    cases.add(batchNormGrad("batch_norm of equal elements", Fill.cycle(3)));
    cases.add(derived(3, 4, 3, 5));
    int[][] rows = {
      {1, 2}, {3, 17}, {257, 3}, {33, 64}, {5, 257}, {7, 1000}, {2, 1025}, {3, 4099}, {1, 20000}
    };
    for (int[] dims : rows) {
      cases.add(rows("normalize_rows", Fill.normal(1), dims));
      cases.add(derivedRows(1, dims));
    }
    cases.add(rows("normalize_rows", Fill.normal(1), 0, 5));
    cases.add(rows("normalize_rows far from zero", Fill.uniform(99, 101), 9, 70));
    cases.add(rows("normalize_rows of long rows far from zero", Fill.uniform(99, 101), 2, 2050));
    Fill mixed = Fill.each((i, random) -> 50 * (i / 70 % 3) + random.nextGaussian());
    cases.add(rows("normalize_rows of which some are far from zero", mixed, 9, 70));
    cases.add(rowsGrad("normalize_rows_grad", Fill.normal(1)));
    cases.add(rowsGrad("normalize_rows with NaN", Fill.normal(1).but(new int[] {50}, Float.NaN)));
    cases.add(rowsGrad("normalize_rows of equal elements", Fill.cycle(3)));
    cases.add(derivedRows(3, 4, 33));
    return cases;
  }

  private static OpCase batchNorm(String name, Fill fill, int... dims) {
    Spec x = Spec.f32(dims);
    return OpCase.named(name + " of " + x.shape())
        .input("x", x, fill)
        .input("scale", Spec.f32(dims[1]), Fill.awayFromZero())
        .input("bias", Spec.f32(dims[1]), Fill.normal(1))
        .program((trace, in) -> trace.add(new BatchNorm(EPSILON), in[0], in[1], in[2]));
  }

  /** A differentiable case with so many of the outputs values, mean, variance. */
  private static OpCase derived(int outputs, int... dims) {
    Spec x = Spec.f32(dims);
    return OpCase.named("batch_norm with " + outputs + " outputs of " + x.shape())
        .by("x", x, Fill.normal(1))
        .by("scale", Spec.f32(dims[1]), Fill.awayFromZero())
        .by("bias", Spec.f32(dims[1]), Fill.normal(1))
        .program(
            (trace, in) ->
                trace.add(new BatchNorm(EPSILON), in[0], in[1], in[2]).subList(0, outputs));
  }

  private static OpCase batchNormGrad(String name, Fill fill) {
    Spec x = Spec.f32(4, 3, 5, 2);
    return OpCase.named(name)
        .input("x", x, fill)
        .input("scale", Spec.f32(3), Fill.awayFromZero())
        .input("dy", x, Fill.normal(1))
        .program(
            (trace, in) -> {
              var out = new ArrayList<>(trace.add(new BatchNorm(EPSILON), in[0], in[1], in[1]));
              out.addAll(
                  trace.add(
                      new BatchNormGrad(EPSILON), in[0], in[1], out.get(1), out.get(2), in[2]));
              return out;
            });
  }

  private static OpCase rows(String name, Fill fill, int... dims) {
    Spec x = Spec.f32(dims);
    return OpCase.named(name + " of " + x.shape())
        .input("x", x, fill)
        .program((trace, in) -> trace.add(new NormalizeRows(EPSILON), in[0]));
  }

  /** A differentiable case with so many of the outputs values, mean, variance. */
  private static OpCase derivedRows(int outputs, int... dims) {
    Spec x = Spec.f32(dims);
    return OpCase.named("normalize_rows with " + outputs + " outputs of " + x.shape())
        .by("x", x, Fill.normal(1))
        .program((trace, in) -> trace.add(new NormalizeRows(EPSILON), in[0]).subList(0, outputs));
  }

  private static OpCase rowsGrad(String name, Fill fill) {
    Spec x = Spec.f32(4, 33);
    return OpCase.named(name)
        .input("x", x, fill)
        .input("dy", x, Fill.normal(1))
        .program(
            (trace, in) -> {
              var out = new ArrayList<>(trace.add(new NormalizeRows(EPSILON), in[0]));
              out.addAll(
                  trace.add(new NormalizeRowsGrad(EPSILON), in[0], out.get(1), out.get(2), in[1]));
              return out;
            });
  }
}
