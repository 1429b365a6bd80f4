package dev.tarn.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.tarn.Precision;
import dev.tarn.backend.Backend;
import dev.tarn.reference.ReferenceBackend;
import dev.tarn.testkit.CaseRun;
import dev.tarn.testkit.ChildJvm;
import dev.tarn.testkit.OpCase;
import dev.tarn.testkit.OpCases;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * No kernel touches memory beside its operands, nor depends on an order that nothing decides: every
 * case of the testkit, and in bf16 what stands between products, with every value in memory of its
 * own, in the emulator's guard mode and in its race mode.
 *
 * <p>An address sanitizer finds also what is read outside, to the byte. It takes the class path of
 * the tests and the folder of the emulator:
 *
 * <pre>
 * LD_PRELOAD=$(g++ -print-file-name=libasan.so) TARN_EMULATOR_CXXFLAGS=-fsanitize=address \
 * ASAN_OPTIONS=detect_leaks=0:handle_segv=0:handle_sigbus=0:handle_sigill=0:handle_sigfpe=0 \
 *   java -Dtarn.cuda.separate=true -Dtarn.cuda.libraries=../kernels-cu/target/emulator \
 *   -Dtarn.cache=target/asan -cp ... 'dev.tarn.cuda.GuardedKernelsTests$Cases'
 * </pre>
 */
class GuardedKernelsTests {
  /** Runs the cases and fails at the first that is not as on the reference. */
  static final class Cases {
    private Cases() {}

    public static void main(String[] arguments) {
      List<OpCase> cases = new ArrayList<>(OpCases.all());
      cases.addAll(OpCases.gradients());
      cases.addAll(LargeShapesTests.cases());
      List<OpCase> images = new ArrayList<>(PrecisionCases.between());
      PrecisionCases.between().forEach(opCase -> images.add(opCase.gradient()));
      try (Backend backend = new CudaBackendProvider().open();
          Backend inDouble = ReferenceBackend.inDouble();
          Backend reference = new ReferenceBackend()) {
        cases.forEach(c -> run(backend, inDouble, c, Precision.FP32, 1e-4));
        images.forEach(c -> run(backend, reference, c, Precision.BF16, 2e-2));
      }
    }

    private static void run(
        Backend backend, Backend reference, OpCase opCase, Precision precision, double least) {
      try {
        CaseRun.of(backend, opCase, precision)
            .assertClose(
                CaseRun.of(reference, opCase, precision), Math.max(least, opCase.tolerance()));
        System.out.println("passed " + opCase.name());
      } catch (RuntimeException | AssertionError e) {
        System.out.println("failed: " + opCase.name() + ": " + e.getMessage());
      }
    }
  }

  @Test
  void kernelsKeepToTheirOperands() throws Exception {
    check("TARN_EMULATOR_GUARD");
  }

  @Test
  void kernelsHaveNoRaces() throws Exception {
    check("TARN_EMULATOR_RACES");
  }

  private static void check(String mode) throws Exception {
    assumeFalse(CudaDevice.isReal(), "skipped: only the emulator looks so closely");
    ChildJvm.Result result =
        CudaDevice.child(new ChildJvm(Cases.class))
            .property("tarn.cuda.separate", "true")
            .property("tarn.cache", System.getProperty("tarn.cache"))
            .environment(mode, 1)
            .timeoutSeconds(600)
            .run();
    assertEquals(0, result.exitCode(), result.output());
    assertTrue(result.output().contains("passed "), result.output());
    assertTrue(
        !result.output().contains("failed") && !result.output().contains("emulator:"),
        result.output());
  }
}
