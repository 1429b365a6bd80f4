package dev.tarn.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.Arena;
import dev.tarn.HostTensor;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Executable;
import dev.tarn.backend.StateStore;
import dev.tarn.ir.Program;
import dev.tarn.reference.ReferenceBackend;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/**
 * What every backend must do, run on every case of {@link OpCases}.
 *
 * <p>A backend's module extends this class in its tests and says how the backend is opened.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class BackendConformance {
  private static final String FUSE = "tarn.fuse";

  /**
   * Set to a text, only the cases with it in their names are run: a quick round for one of them.
   */
  private static final String CASES = "tarn.cases";

  /** How many random programs are compared with the reference. */
  static final int RANDOM_PROGRAMS = 50;

  /** How many are also run in other ways. */
  static final int FEW_RANDOM_PROGRAMS = 5;

  private @Nullable Backend opened;

  /** Opens the backend under test. It is closed after the last test. */
  protected abstract Backend open();

  @BeforeAll
  final void openBackend() {
    if (OpCases.all().stream().noneMatch(BackendConformance::isWanted)) {
      throw new IllegalArgumentException(
          "-D" + CASES + "=" + System.getProperty(CASES) + ": no case has this in its name");
    }
    opened = open();
  }

  @AfterAll
  final void closeBackend() {
    if (opened != null) {
      opened.close();
    }
  }

  private Backend backend() {
    if (opened == null) {
      throw new IllegalStateException("the backend is not open");
    }
    return opened;
  }

  /** Outputs and states are those of the reference in double, within the case's tolerance. */
  @TestFactory
  Stream<DynamicTest> agreesWithReference() {
    return tests(OpCases.all().stream(), this::checkParity);
  }

  /** The gradient program of every differentiable case gives what it gives on the reference. */
  @TestFactory
  Stream<DynamicTest> gradientsAgreeWithReference() {
    return tests(OpCases.gradients().stream(), this::checkParity);
  }

  /** Many values with random lifetimes: memory is never reused too early. */
  @TestFactory
  Stream<DynamicTest> randomProgramsAgreeWithReference() {
    return tests(RandomPrograms.first(RANDOM_PROGRAMS).stream(), this::checkParity);
  }

  private void checkParity(OpCase opCase) {
    CaseRun actual = CaseRun.of(backend(), opCase);
    CaseRun expected;
    try (Backend reference = ReferenceBackend.inDouble()) {
      expected = CaseRun.of(reference, opCase);
    }
    actual.assertClose(expected, opCase.tolerance());
    for (int step = 1; step <= opCase.steps(); step++) {
      List<HostTensor> exact = opCase.expected(step);
      for (int i = 0; exact != null && i < exact.size(); i++) {
        Compare.assertSameBits(
            exact.get(i), actual.outputs().get(step - 1).get(i), "output " + i + ", exactly");
      }
    }
  }

  /** The same data give the same bits, again and on another executable. */
  @TestFactory
  Stream<DynamicTest> givesTheSameBitsTwice() {
    Stream<OpCase> random = RandomPrograms.first(FEW_RANDOM_PROGRAMS).stream();
    return tests(
        Stream.concat(OpCases.all().stream(), random),
        opCase -> {
          CaseRun first;
          try (StateStore store = backend().allocate(opCase.states());
              Executable executable = backend().compile(opCase.programs(), store)) {
            first = CaseRun.of(executable, store, opCase);
            CaseRun.of(executable, store, opCase).assertSameBits(first);
          }
          CaseRun.of(backend(), opCase).assertSameBits(first);
        });
  }

  /** Node by node without fusion gives what a run gives, and leaves the states alone. */
  @TestFactory
  Stream<DynamicTest> visitGivesWhatRunGives() {
    return tests(
        OpCases.all().stream(),
        opCase -> {
          try (StateStore store = backend().allocate(opCase.states());
              Executable executable = backend().compile(opCase.programs(), store)) {
            store.reset(OpCase.SEED);
            Map<State, HostTensor> before = store.snapshot();
            HostTensor[] arguments = CaseRun.arguments(executable, opCase.data(1));
            VisitedOutputs visited = new VisitedOutputs(opCase.programs());
            executable.visit(visited, arguments);
            Map<State, HostTensor> after = store.snapshot();
            before.forEach(
                (state, value) ->
                    Compare.assertSameBits(value, after.get(state), "state " + state));
            executable.run(arguments);
            visited.compare(executable.read(), opCase.tolerance());
          }
        });
  }

  /** Elementwise work gives the same results joined and apart. */
  @TestFactory
  Stream<DynamicTest> fusionChangesNothing() {
    Stream<OpCase> random = RandomPrograms.first(FEW_RANDOM_PROGRAMS).stream();
    Stream<OpCase> cases = Stream.of(FusionCases.all(), StateCases.all()).flatMap(List::stream);
    return tests(
        Stream.concat(cases, random),
        opCase -> {
          CaseRun joined = CaseRun.of(backend(), opCase);
          String before = System.getProperty(FUSE);
          System.setProperty(FUSE, "false");
          try {
            CaseRun.of(backend(), opCase).assertClose(joined, opCase.tolerance());
          } finally {
            if (before == null) {
              System.clearProperty(FUSE);
            } else {
              System.setProperty(FUSE, before);
            }
          }
        });
  }

  @Test
  void refusesInputsThatDoNotFit() {
    OpCase opCase =
        OpCase.named("inputs")
            .input("first", Spec.f32(2, 3), Fill.normal(1))
            .input("second", Spec.i32(2), Fill.below(3))
            .program((trace, in) -> List.of(in[0].softmaxCrossEntropy(in[1])));
    try (StateStore store = backend().allocate(List.of());
        Executable executable = backend().compile(opCase.programs(), store)) {
      HostTensor first = HostTensor.zeros(Spec.f32(2, 3));
      HostTensor second = HostTensor.zeros(Spec.i32(2));
      executable.run(first, second);
      for (Spec wrong : List.of(Spec.f32(3, 2), Spec.f32(6), Spec.i32(2, 3), Spec.f32(1, 3))) {
        refuses(executable, "first", HostTensor.zeros(wrong), second);
      }
      refuses(executable, "second", first, HostTensor.zeros(Spec.i32(3)));
      refuses(executable, "second", first, HostTensor.zeros(Spec.f32(2)));
      assertThrows(ShapeException.class, () -> executable.run(first));
      executable.run(first, second);
      assertEquals(Math.log(3), executable.read().get(0).get(0), 1e-6);
    }
  }

  private static void refuses(Executable executable, String named, HostTensor... inputs) {
    ShapeException e = assertThrows(ShapeException.class, () -> executable.run(inputs));
    assertTrue(e.getMessage().contains(named), e.getMessage());
  }

  @Test
  void refusesOneInputWithTwoShapes() {
    OpCase one =
        OpCase.named("one")
            .input("x", Spec.f32(2, 3), Fill.normal(1))
            .program((trace, in) -> List.of(in[0].neg()));
    OpCase two =
        OpCase.named("two")
            .input("x", Spec.f32(3, 2), Fill.normal(1))
            .program((trace, in) -> List.of(in[0].neg()));
    List<Program> programs = List.of(one.programs().get(0), two.programs().get(0));
    try (StateStore store = backend().allocate(List.of())) {
      ShapeException e =
          assertThrows(ShapeException.class, () -> backend().compile(programs, store).close());
      assertTrue(e.getMessage().contains("x"), e.getMessage());
    }
  }

  @Test
  void inputsMayBeReusedAtOnce() {
    OpCase opCase =
        OpCase.named("reuse")
            .input("x", Spec.f32(257, 33), Fill.normal(1))
            .program((trace, in) -> List.of(in[0].neg()));
    try (StateStore store = backend().allocate(List.of());
        Executable executable = backend().compile(opCase.programs(), store)) {
      HostTensor x = opCase.data(1).get("x");
      HostTensor copy = x.copy();
      executable.run(x);
      Arrays.fill(x.floats(), 7);
      HostTensor y = executable.read().get(0);
      for (int i = 0; i < y.size(); i++) {
        assertEquals(-copy.get(i), y.get(i));
      }
    }
  }

  @Test
  void executablesShareAStore() {
    State sum = State.zeros("sum", Spec.f32(3));
    OpCase train =
        OpCase.named("train")
            .input("x", Spec.f32(3), Fill.cycle(1, 2, 3))
            .program(
                (trace, in) -> {
                  trace.update(sum, trace.state(sum).add(in[0]));
                  return List.of();
                });
    OpCase evaluate =
        OpCase.named("evaluate").program((trace, in) -> List.of(trace.state(sum).mul(10)));
    try (StateStore store = backend().allocate(List.of(sum));
        Executable training = backend().compile(train.programs(), store);
        Executable evaluation = backend().compile(evaluate.programs(), store)) {
      store.reset(0);
      for (int step = 1; step <= 3; step++) {
        training.run(CaseRun.arguments(training, train.data(step)));
        evaluation.run();
        HostTensor expected = HostTensor.of(new float[] {10 * step, 20 * step, 30 * step}, 3);
        Compare.assertClose(expected, evaluation.read().get(0), 1e-6, "step " + step);
      }
    }
  }

  @Test
  void inspectionNamesTheFirstNonFiniteNode() {
    OpCase opCase =
        OpCase.named("inspect")
            .input("x", Spec.f32(5), Fill.cycle(1, 2, -1, 3, 4))
            .program((trace, in) -> List.of(in[0].neg().log().exp().sum()));
    try (StateStore store = backend().allocate(List.of());
        Executable executable = backend().compile(opCase.programs(), store)) {
      var inspection = executable.inspect(CaseRun.arguments(executable, opCase.data(1)));
      String text = inspection.firstNonFinite().orElseThrow().text();
      assertTrue(text.contains("log"), text);
      assertEquals(4, inspection.firstNonFinite().orElseThrow().nonFinite());
    }
  }

  @Test
  void statesAreReadAndWritten() {
    State a = StateCases.state("a", Spec.f32(3));
    State b = StateCases.state("b", Spec.f32(5, 7));
    State n = State.zeros("n", Spec.i32(2));
    Arena arena = Arena.of("arena", List.of(a, b));
    try (StateStore store = backend().allocate(List.of(arena, n))) {
      store.reset(5);
      assertEquals(List.of(arena, n), store.states());
      Compare.assertSameBits(arena.initial(5), store.read(arena), "arena");
      Compare.assertSameBits(b.initial(5), store.read(b), "member");
      Map<State, HostTensor> snapshot = store.snapshot();
      HostTensor ones = HostTensor.of(new float[] {1, 2, 3}, 3);
      store.write(a, ones);
      store.write(n, HostTensor.of(new int[] {1 << 30, -1}, 2));
      Compare.assertSameBits(ones, store.read(a), "member after write");
      assertEquals(2, store.read(arena).get(1));
      Compare.assertSameBits(b.initial(5), store.read(b), "other member");
      assertEquals(1 << 30, store.read(n).get(0));
      store.restore(snapshot);
      Compare.assertSameBits(arena.initial(5), store.read(arena), "restored arena");
      HostTensor wrong = HostTensor.zeros(Spec.f32(7, 5));
      assertThrows(ShapeException.class, () -> store.write(b, wrong));
      assertThrows(ShapeException.class, () -> store.write(n, HostTensor.zeros(Spec.f32(2))));
    }
  }

  @Test
  void describesItself() {
    assertFalse(backend().name().isBlank());
    assertFalse(backend().description().isBlank());
    assertFalse(backend().description().contains("\n"));
  }

  static Stream<DynamicTest> tests(Stream<OpCase> cases, Consumer<OpCase> check) {
    return cases
        .filter(BackendConformance::isWanted)
        .map(opCase -> DynamicTest.dynamicTest(opCase.name(), () -> run(opCase, check)));
  }

  /** Names the case in a failure: Maven prints only its number among the tests. */
  private static void run(OpCase opCase, Consumer<OpCase> check) {
    try {
      check.accept(opCase);
    } catch (RuntimeException | AssertionError e) {
      throw new AssertionError("case \"" + opCase.name() + "\": " + e.getMessage(), e);
    }
  }

  private static boolean isWanted(OpCase opCase) {
    return opCase.name().contains(System.getProperty(CASES, ""));
  }

  /** Who goes on with a closed backend is told, where native memory would be gone. */
  @Test
  void aClosedBackendIsClosed() {
    State state = State.zeros("state", Spec.f32(4));
    Trace trace = new Trace();
    Tensor x = trace.input("x", Spec.f32(4, 4)).matmul(trace.input("y", Spec.f32(4, 4)));
    trace.output("z", x.add(trace.state(state)));
    List<Program> programs = List.of(trace.build("test"));
    HostTensor given = HostTensor.zeros(Spec.f32(4, 4));
    Backend closed = open();
    StateStore store = closed.allocate(List.of(state));
    store.reset(1);
    Executable executable = closed.compile(programs, store);
    executable.run(given, given);
    closed.close();
    assertClosed(() -> executable.run(given, given));
    assertClosed(() -> executable.time(given, given));
    assertClosed(() -> executable.visit((program, node, in, out, nanos) -> {}, given, given));
    assertClosed(() -> closed.compile(programs, store));
    assertClosed(() -> closed.allocate(List.of(state)));
    executable.close();
    store.close();
  }

  private static void assertClosed(Runnable action) {
    IllegalStateException e = assertThrows(IllegalStateException.class, action::run);
    assertTrue(e.getMessage().endsWith("is closed"), e.getMessage());
  }
}
