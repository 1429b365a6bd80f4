package dev.tarn.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.HostTensor;
import dev.tarn.backend.Backend;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What helps to look into a step: levels of detail, validation against the reference. */
class DebuggingTests {
  private static final int STEPS = 4;

  /** The states after some steps with a property set, and what was printed meanwhile. */
  private record Outcome(List<HostTensor> states, String printed) {}

  private static Outcome train(String property, String value) {
    PrintStream before = System.err;
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    System.setProperty(property, value);
    System.setErr(new PrintStream(printed, true, StandardCharsets.UTF_8));
    try (Backend backend = CudaDevice.open();
        Training training = new Training(backend, 8)) {
      training.run(STEPS);
      return new Outcome(training.states(), printed.toString(StandardCharsets.UTF_8));
    } finally {
      System.setErr(before);
      System.clearProperty(property);
    }
  }

  @Test
  void levelsShowPlanTimesProgramsAndKernels() {
    Outcome quiet = train("tarn.debug", "0");
    assertTrue(!quiet.printed().contains("[tarn]"), quiet::printed);
    Outcome detailed = train("tarn.debug", "4");
    for (String part :
        List.of(
            "arena of ",
            "input features",
            "GFLOP/s",
            "gemm [8,12] x [16,12]^T: ",
            "reduce_sum_columns: ",
            "fused: program gradients {",
            "fused: program apply {",
            "extern \"C\" __global__ void __launch_bounds__(256)",
            "tarn::dropout_mask(")) {
      assertTrue(detailed.printed().contains(part), () -> part + ": " + detailed.printed());
    }
    assertEquals(quiet.states(), detailed.states());
  }

  @Test
  void everyNodeOfATrainingAgreesWithTheReference() {
    assertEquals(train("tarn.debug", "0").states(), train("tarn.validate", "1").states());
  }
}
