package dev.tarn.cuda;

import dev.tarn.Precision;
import dev.tarn.backend.Backend;
import dev.tarn.reference.ReferenceBackend;
import dev.tarn.testkit.CaseRun;
import dev.tarn.testkit.OpCase;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;

/** Cases in several precisions, beside the reference, and with parts of the backend turned off. */
final class CaseChecks {
  private CaseChecks() {}

  /** A test for each case in each precision. */
  static Stream<DynamicTest> of(
      List<OpCase> cases, List<Precision> precisions, BiConsumer<OpCase, Precision> check) {
    return cases.stream()
        .flatMap(
            opCase ->
                precisions.stream()
                    .map(
                        precision ->
                            DynamicTest.dynamicTest(
                                precision + " " + opCase.name(),
                                () -> check.accept(opCase, precision))));
  }

  /** Runs a case while a system property has a value. */
  static CaseRun with(
      String property, String value, Backend backend, OpCase opCase, Precision precision) {
    String before = System.setProperty(property, value);
    try {
      return CaseRun.of(backend, opCase, precision);
    } finally {
      restore(property, before);
    }
  }

  /** Gives a system property the value that it had before, or none. */
  static void restore(String property, @Nullable String before) {
    if (before == null) {
      System.clearProperty(property);
    } else {
      System.setProperty(property, before);
    }
  }

  /** Runs a case, which must give what the reference gives, and gives the run. */
  static CaseRun checked(Backend backend, OpCase opCase, Precision precision) {
    CaseRun run = CaseRun.of(backend, opCase, precision);
    try (Backend reference = new ReferenceBackend()) {
      double relative = Math.max(tolerance(precision), opCase.tolerance());
      run.assertClose(CaseRun.of(reference, opCase, precision), relative);
    }
    return run;
  }

  /** In short types an element near zero may fall on the other side of a ReLU. */
  static double tolerance(Precision precision) {
    return precision == Precision.FP32 ? 1e-4 : 5e-2;
  }
}
