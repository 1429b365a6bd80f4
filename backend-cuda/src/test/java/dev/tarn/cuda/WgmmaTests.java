package dev.tarn.cuda;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tarn.Precision;
import dev.tarn.backend.Backend;
import dev.tarn.reference.ReferenceBackend;
import dev.tarn.testkit.CaseRun;
import dev.tarn.testkit.OpCase;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/** Convolutions where {@code wgmma} multiplies, against the reference. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class WgmmaTests {
  private static final List<Precision> SHORT = List.of(Precision.TF32, Precision.BF16);

  @AutoClose private final Backend backend = CudaDevice.open();
  @AutoClose private final Backend reference = new ReferenceBackend();

  @BeforeAll
  void turnOn() {
    System.setProperty(Kernels.WGMMA, "true");
    assumeTrue(
        ((CudaBackend) backend).kernels().hasWgmma(), "only compute capability 9.0 has wgmma");
  }

  @AfterAll
  static void turnOff() {
    System.clearProperty(Kernels.WGMMA);
  }

  @TestFactory
  Stream<DynamicTest> sumsOfIntegersAreExact() {
    return CaseChecks.of(
        PrecisionCases.exact(),
        SHORT,
        (opCase, precision) -> CaseRun.assertAgrees(backend, reference, opCase, precision, 0));
  }

  /** There are two only for many channels. */
  @TestFactory
  Stream<DynamicTest> tilesGiveTheSameBits() {
    return CaseChecks.of(TilesTests.wide(), SHORT, this::checkTiles);
  }

  private void checkTiles(OpCase opCase, Precision precision) {
    CaseRun first = CaseChecks.checked(backend, opCase, precision);
    CaseChecks.with(Tuner.PROPERTY, "1", backend, opCase, precision).assertSameBits(first);
  }

  @Nested
  class Sums extends ChannelSumsTests {}

  @Nested
  class Tapes extends EpiloguesTests {
    @Override
    List<Precision> precisions() {
      return SHORT;
    }
  }
}
