package dev.tarn.testkit;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.backend.Backend;
import dev.tarn.backend.Executable;
import dev.tarn.backend.StateStore;
import dev.tarn.ir.Elementwise;
import dev.tarn.ir.Program;
import dev.tarn.reference.ReferenceBackend;
import dev.tarn.transform.FuseElementwise;
import dev.tarn.transform.Simplify;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Passes change no bit of any result; run on the reference, which executes what it is given. */
class PassTests {
  @TestFactory
  Stream<DynamicTest> simplify() {
    return changesNothing(Simplify::apply);
  }

  @TestFactory
  Stream<DynamicTest> fuse() {
    return changesNothing(program -> FuseElementwise.apply(program, true, node -> false));
  }

  @TestFactory
  Stream<DynamicTest> simplifyAndFuse() {
    return changesNothing(
        program -> {
          Program fused = FuseElementwise.apply(Simplify.apply(program), true, node -> false);
          int before = program.body().size();
          assertTrue(fused.body().size() <= before, () -> "more nodes than before: " + fused);
          assertTrue(
              fused.body().stream()
                  .noneMatch(
                      node ->
                          node.op() instanceof Elementwise
                              && node.inputs().get(0).spec().dtype().isFloat()),
              () -> "elementwise node left: " + fused);
          return fused;
        });
  }

  @TestFactory
  Stream<DynamicTest> tapesOfOneInstruction() {
    return changesNothing(
        program -> FuseElementwise.apply(Simplify.apply(program), false, node -> false));
  }

  /** Nodes that a backend keeps stay as they are. */
  @TestFactory
  Stream<DynamicTest> fuseAroundKeptNodes() {
    return changesNothing(
        program ->
            FuseElementwise.apply(
                program,
                true,
                node -> node.op() instanceof Elementwise op && op.kind() == Elementwise.Kind.ADD));
  }

  private static Stream<DynamicTest> changesNothing(UnaryOperator<Program> pass) {
    return Stream.of(OpCases.all(), OpCases.gradients(), RandomPrograms.first(50))
        .flatMap(List::stream)
        // A matmul of real size takes long and has nothing for a pass to do.
        .filter(opCase -> !opCase.name().contains("64x784x512"))
        .map(opCase -> DynamicTest.dynamicTest(opCase.name(), () -> check(opCase, pass)));
  }

  private static void check(OpCase opCase, UnaryOperator<Program> pass) {
    List<Program> traced = opCase.programs();
    CaseRun before = run(opCase, traced);
    run(opCase, traced.stream().map(pass).toList()).assertSameBits(before);
  }

  private static CaseRun run(OpCase opCase, List<Program> programs) {
    try (Backend backend = new ReferenceBackend();
        StateStore store = backend.allocate(opCase.states());
        Executable executable = backend.compile(programs, store)) {
      return CaseRun.of(executable, store, opCase);
    }
  }
}
