package dev.tarn.testkit;

import dev.tarn.Precision;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Executable;
import dev.tarn.backend.StateStore;
import dev.tarn.reference.ReferenceBackend;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Precisions in planned memory, where bf16 values have two bytes an element. */
final class ScheduledPrecisionTests extends PrecisionConformance {
  @Override
  protected Backend open() {
    return new ScheduledBackend();
  }

  /** Whatever the pass makes of a program can be planned, and gives the reference's bits. */
  @TestFactory
  Stream<DynamicTest> everyCaseIsThatOfTheReference() {
    return Stream.of(OpCases.all(), OpCases.gradients(), RandomPrograms.first(20))
        .flatMap(List::stream)
        .filter(opCase -> !opCase.name().contains("64x784x512"))
        .map(c -> DynamicTest.dynamicTest(c.name(), () -> run(c).assertSameBits(expected(c))));
  }

  private CaseRun expected(OpCase opCase) {
    return run(new ReferenceBackend(), opCase);
  }

  private CaseRun run(OpCase opCase) {
    return run(open(), opCase);
  }

  private static CaseRun run(Backend backend, OpCase opCase) {
    try (backend;
        StateStore store = backend.allocate(opCase.states());
        Executable executable = backend.compile(opCase.programs(), store, Precision.BF16)) {
      return CaseRun.of(executable, store, opCase);
    }
  }
}
