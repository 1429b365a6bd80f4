package dev.tarn.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.tarn.HostTensor;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.TarnException;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.backend.Backend;
import dev.tarn.backend.BackendUnavailableException;
import dev.tarn.backend.Backends;
import dev.tarn.backend.Executable;
import dev.tarn.backend.StateStore;
import dev.tarn.testkit.ChildJvm;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the backend says when CUDA is missing, memory is short, or the device fails. */
class FailuresTests {
  private static final int SIDE = 1024;

  @BeforeEach
  void requireEmulator() {
    assumeFalse(CudaDevice.isReal(), "skipped: a real GPU does not fail on request");
  }

  /** Squares a matrix of 4 MiB some times, with states of as much, and prints what goes wrong. */
  static final class Work {
    private Work() {}

    public static void main(String[] arguments) {
      try (Backend backend = Backends.named(System.getProperty("work.device", "cuda"))) {
        work(backend);
        System.out.println("done");
      } catch (BackendUnavailableException e) {
        System.out.println("unavailable: " + e.getMessage() + " " + e.details());
      } catch (TarnException e) {
        System.out.println("failed: " + e.getMessage());
      }
      System.out.println("closed");
    }

    private static void work(Backend backend) {
      State state = State.zeros("weights", Spec.f32(SIDE, SIDE));
      Trace trace = new Trace();
      Tensor x = trace.input("x", Spec.f32(1, SIDE)).broadcastTo(state.spec().shape());
      Tensor y = x.add(trace.state(state));
      trace.output("y", y.matmul(x).sum());
      try (StateStore store = backend.allocate(List.of(state));
          Executable step = backend.compile(List.of(trace.build("work")), store)) {
        store.reset(0);
        for (int i = 0; i < 3; i++) {
          step.run(HostTensor.zeros(Spec.f32(1, SIDE)));
          step.read();
        }
      }
    }
  }

  private static ChildJvm child() {
    return CudaDevice.child(new ChildJvm(Work.class))
        .property("tarn.cache", System.getProperty("tarn.cache"));
  }

  private static void expect(ChildJvm child, String... parts) throws Exception {
    ChildJvm.Result result = child.run();
    assertEquals(0, result.exitCode(), result.output());
    for (String part : parts) {
      assertTrue(result.output().contains(part), () -> part + " is not in: " + result.output());
    }
    assertTrue(result.output().endsWith("closed\n"), result.output());
  }

  @Test
  void withoutFailureItWorks() throws Exception {
    expect(child(), "done\n");
  }

  @Test
  void missingCudaIsExplained() throws Exception {
    expect(
        child().property("tarn.cuda.libraries", "no/such/folder"),
        "unavailable: ",
        "no/such/folder");
    expect(child().property("work.device", "cuda:77"), "unavailable: no GPU 77");
    expect(child().property("work.device", "cuda:one"), "unavailable: device 'cuda:one'");
    expect(child().environment("TARN_EMULATOR_DEVICES", 0), "unavailable: ");
  }

  @Test
  void memoryThatDoesNotSufficeIsNamed() throws Exception {
    // cuBLAS's workspace takes 32 MiB.
    expect(
        child().environment("TARN_EMULATOR_MEMORY", 34 << 20),
        "failed: no memory for the states: ",
        "4.0 MiB asked for");
    expect(
        child().environment("TARN_EMULATOR_MEMORY", 40 << 20),
        "failed: program work does not fit the GPU: its values need 12.0 MiB beside 4.0 MiB of"
            + " states: ",
        "is out of memory",
        "MiB free");
    expect(child().environment("TARN_EMULATOR_MEMORY", 8 << 20), "unavailable: ", "out of memory");
  }

  @Test
  void aLostDeviceSaysSo() throws Exception {
    expect(
        child().environment("TARN_EMULATOR_FAIL", "cuGraphLaunch:2:700"),
        "failed: the step [work] failed: cuGraphLaunch: CUDA_ERROR_ILLEGAL_ADDRESS",
        "the device context is lost, start the process again");
    expect(
        child().environment("TARN_EMULATOR_FAIL", "cuLaunchKernel:1:719"),
        "failed: the step [work] failed: cuLaunchKernel of ",
        "the device context is lost");
  }
}
