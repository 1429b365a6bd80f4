package dev.tarn.testkit;

import java.util.ArrayList;
import java.util.List;

/**
 * Every case that every backend runs.
 *
 * <p>To cover a new operation, add a case that records it to the list it belongs to. The test of
 * coverage fails for an operation that no case reaches.
 */
public final class OpCases {
  private OpCases() {}

  /** All cases; their names differ. */
  public static List<OpCase> all() {
    List<OpCase> cases = new ArrayList<>();
    cases.addAll(ElementwiseCases.all());
    cases.addAll(MatMulCases.all());
    cases.addAll(ReduceCases.all());
    cases.addAll(ViewCases.all());
    cases.addAll(LossCases.all());
    cases.addAll(DropoutCases.all());
    cases.addAll(FusionCases.all());
    cases.addAll(FlagCases.all());
    cases.addAll(StateCases.all());
    cases.addAll(ProgramCases.all());
    cases.addAll(ConvolutionCases.all());
    cases.addAll(PoolingCases.all());
    cases.addAll(NormalizationCases.all());
    cases.addAll(MovementCases.all());
    cases.addAll(GatherCases.all());
    cases.addAll(SoftmaxCases.all());
    cases.addAll(CumulativeSumCases.all());
    cases.addAll(BatchedMatMulCases.all());
    cases.addAll(ActivationCases.all());
    cases.addAll(CustomCases.all());
    cases.addAll(CastCases.all());
    return List.copyOf(cases);
  }

  /** The gradient of every case that is differentiable. */
  public static List<OpCase> gradients() {
    return all().stream()
        .filter(opCase -> !opCase.differentiable().isEmpty())
        .map(OpCase::gradient)
        .toList();
  }
}
