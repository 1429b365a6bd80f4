package dev.tarn.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.tarn.HostTensor;
import dev.tarn.backend.Backend;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A step as a CUDA graph: one launch, and the bits of the step without a graph. */
class CapturedStepTests {
  private static final String CAPTURE = "tarn.capture";
  private static final int STEPS = 12;

  @Test
  void aTrainingStepIsOneGraphLaunch() {
    assumeFalse(CudaDevice.isReal(), "skipped: only the emulator counts launches");
    try (Backend backend = CudaDevice.open();
        Training training = new Training(backend, 16)) {
      training.run(3);
      EmulatorStats before = EmulatorStats.now();
      training.run(1);
      training.step().failedStep();
      EmulatorStats step = EmulatorStats.now().since(before);
      assertEquals(1, step.graphLaunches());
      assertEquals(0, step.launchesOutsideGraphs());
      assertEquals(0, step.gemmsOutsideGraphs());
      assertEquals(0, step.uploadsOutsideGraphs());
      assertEquals(1, step.downloadsOutsideGraphs(), "the flag, read by the test");
      assertEquals(0, step.allocations());
    }
  }

  @Test
  void captureChangesNoBit() {
    List<HostTensor> captured = train();
    System.setProperty(CAPTURE, "false");
    try {
      assertEquals(captured, train());
    } finally {
      System.clearProperty(CAPTURE);
    }
  }

  private static List<HostTensor> train() {
    try (Backend backend = CudaDevice.open();
        Training training = new Training(backend, 16)) {
      training.run(STEPS);
      return training.states();
    }
  }
}
