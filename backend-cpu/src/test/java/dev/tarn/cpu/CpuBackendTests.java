package dev.tarn.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.Arena;
import dev.tarn.HostTensor;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.backend.Backend;
import dev.tarn.backend.BackendUnavailableException;
import dev.tarn.backend.Backends;
import dev.tarn.backend.Executable;
import dev.tarn.backend.StateStore;
import dev.tarn.testkit.ChildJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Opening the backend, its stores, and what it leaves behind. */
final class CpuBackendTests {
  @Test
  void isFoundByName() {
    try (Backend backend = Backends.named("cpu")) {
      assertEquals("cpu", backend.name());
      assertTrue(
          backend.description().matches("oneDNN 3\\.\\d+\\.\\d+, isa \\w+, \\d+ threads?"),
          backend.description());
    }
  }

  @Test
  void threadsAreSetByProperty() {
    System.setProperty("tarn.threads", "3");
    try (CpuBackend backend = new CpuBackend()) {
      assertTrue(backend.description().endsWith(", 3 threads"), backend.description());
      System.setProperty("tarn.threads", "many");
      BackendUnavailableException e =
          assertThrows(BackendUnavailableException.class, CpuBackend::new);
      assertTrue(e.getMessage().contains("tarn.threads must be a number"), e.getMessage());
    } finally {
      System.clearProperty("tarn.threads");
    }
  }

  /** Opens the backend and prints what it says. */
  static final class Open {
    private Open() {}

    public static void main(String[] arguments) {
      try (Backend backend = Backends.named("cpu")) {
        System.out.println(backend.description());
      } catch (BackendUnavailableException e) {
        System.out.println("unavailable: " + e.getMessage());
      }
    }
  }

  @Test
  void platformWithoutNativesSaysWhatToDo() throws IOException, InterruptedException {
    ChildJvm child = new ChildJvm(Open.class);
    String output = child.property("org.bytedeco.javacpp.platform", "plan9-mips").run().output();
    assertTrue(output.contains("unavailable: cpu: oneDNN does not load on plan9-mips"), output);
    assertTrue(output.contains("use the backend `reference`"), output);
    assertFalse(output.contains("\tat "), output);
  }

  @Test
  void membersLieInTheirArena() {
    State first = State.zeros("first", Spec.f32(3));
    State second = State.zeros("second", Spec.f32(2, 2));
    Arena arena = Arena.of("all", List.of(first, second));
    State count = State.zeros("count", Spec.i32());
    try (CpuBackend backend = new CpuBackend();
        StateStore store = backend.allocate(List.of(arena, count))) {
      store.reset(1);
      store.write(second, HostTensor.of(new float[] {1, 2, 3, 4}, 2, 2));
      store.write(count, HostTensor.scalar(7));
      float[] all = store.read(arena).floats();
      assertEquals(2 * Arena.ALIGNMENT, all.length);
      assertEquals(3f, all[Arena.ALIGNMENT + 2]);
      assertEquals(HostTensor.of(new float[3], 3), store.read(first));
      assertEquals(7, store.read(count).ints()[0]);
      assertThrows(IllegalArgumentException.class, () -> store.read(State.zeros("x", Spec.f32())));
    }
  }

  /** The flag is raised by any element of any tensor, however they lie in memory. */
  @Test
  void anyNonFiniteElementRaisesTheFlag() {
    int n = 40_000;
    State a = State.zeros("a", Spec.f32(n + 1));
    State b = State.zeros("b", Spec.f32(3));
    State c = State.zeros("c", Spec.f32(n));
    Arena arena = Arena.of("all", List.of(a, b, c));
    State flag = State.zeros("flag", Spec.i32());
    Trace trace = new Trace();
    Tensor step = trace.input(Trace.STEP, Spec.i32());
    Tensor extra = trace.input("extra", Spec.f32(5));
    List<Tensor> checked = List.of(trace.state(c), trace.state(a), extra);
    trace.update(flag, trace.firstNonFinite(trace.state(flag), checked));
    trace.update(b, trace.state(b).add(1));
    assertEquals(Spec.i32(), step.spec());
    try (CpuBackend backend = new CpuBackend();
        StateStore store = backend.allocate(List.of(arena, flag));
        Executable executable = backend.compile(List.of(trace.build("test")), store)) {
      HostTensor fine = HostTensor.of(new float[5], 5);
      for (State state : List.of(a, c)) {
        for (int at : new int[] {0, 1, 2047, 2048, 20_000, n - 1}) {
          for (float bad : new float[] {Float.NaN, Float.NEGATIVE_INFINITY}) {
            store.reset(1);
            executable.run(arguments(executable, 1, fine));
            assertEquals(0, store.read(flag).ints()[0]);
            HostTensor value = store.read(state);
            value.floats()[at] = bad;
            store.write(state, value);
            executable.run(arguments(executable, 2, fine));
            store.write(state, HostTensor.zeros(state.spec()));
            executable.run(arguments(executable, 3, fine));
            assertEquals(2, store.read(flag).ints()[0], state + " at " + at);
          }
        }
      }
      // What lies between two members is not looked at.
      store.reset(1);
      store.write(b, HostTensor.of(new float[] {Float.NaN, 0, 0}, 3));
      executable.run(arguments(executable, 1, fine));
      assertEquals(0, store.read(flag).ints()[0]);
      executable.run(
          arguments(executable, 2, HostTensor.of(new float[] {0, 0, 0, 0, Float.NaN}, 5)));
      assertEquals(2, store.read(flag).ints()[0]);
    }
  }

  private static HostTensor[] arguments(Executable executable, int step, HostTensor extra) {
    return executable.inputs().stream()
        .map(input -> input.name().equals("extra") ? extra : HostTensor.scalar(step))
        .toArray(HostTensor[]::new);
  }

  @Test
  void whatIsClosedSaysSo() {
    State state = State.zeros("s", Spec.f32(2));
    Trace trace = new Trace();
    trace.update(state, trace.state(state).add(1));
    try (CpuBackend backend = new CpuBackend()) {
      StateStore store = backend.allocate(List.of(state));
      Executable first = backend.compile(List.of(trace.build("test")), store);
      Executable second = backend.compile(List.of(trace.build("test")), store);
      first.close();
      first.close();
      IllegalStateException e = assertThrows(IllegalStateException.class, first::run);
      assertEquals("cpu: the executable is closed", e.getMessage());
      store.close();
      e = assertThrows(IllegalStateException.class, second::run);
      assertEquals("cpu: the state store is closed", e.getMessage());
      second.close();
    }
  }

  /** Compiles and closes again and again; prints the growth of the resident set in kilobytes. */
  static final class Churn {
    private Churn() {}

    public static void main(String[] arguments) throws IOException {
      try (CpuBackend backend = new CpuBackend()) {
        compile(backend, 1500);
        long before = residentKilobytes();
        compile(backend, 1500);
        System.out.println("growth " + (residentKilobytes() - before));
      }
    }

    private static void compile(CpuBackend backend, int times) {
      State weight = State.zeros("weight", Spec.f32(256, 300));
      for (int i = 0; i < times; i++) {
        Trace trace = new Trace();
        Tensor x = trace.input("x", Spec.f32(64, 300));
        Tensor y = x.matmul(trace.state(weight), false, true);
        trace.output("y", y.tanh().sum(0));
        try (StateStore store = backend.allocate(List.of(weight));
            Executable executable = backend.compile(List.of(trace.build("churn")), store)) {
          executable.run(HostTensor.zeros(Spec.f32(64, 300)));
        }
      }
    }

    private static long residentKilobytes() throws IOException {
      System.gc();
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith("VmRSS:")) {
          return Long.parseLong(line.replaceAll("\\D", ""));
        }
      }
      throw new IOException("no VmRSS");
    }
  }

  /** 1,500 executables that were not closed would hold 600 MB. */
  @Test
  void closedExecutablesLeaveNothing() throws IOException, InterruptedException {
    if (!Files.exists(Path.of("/proc/self/status"))) {
      return;
    }
    String output =
        new ChildJvm(Churn.class)
            .option("-Xms64m")
            .option("-Xmx64m")
            .option("-XX:+AlwaysPreTouch")
            .timeoutSeconds(120)
            .run()
            .output();
    String growth = output.replaceAll("(?s).*growth (-?\\d+).*", "$1");
    assertTrue(Long.parseLong(growth) < 30_000, output);
  }
}
