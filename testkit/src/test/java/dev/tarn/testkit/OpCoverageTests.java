package dev.tarn.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.ir.ArgMax;
import dev.tarn.ir.BatchNormGrad;
import dev.tarn.ir.Constant;
import dev.tarn.ir.DropoutMask;
import dev.tarn.ir.Elementwise;
import dev.tarn.ir.FirstNonFinite;
import dev.tarn.ir.Fused;
import dev.tarn.ir.Node;
import dev.tarn.ir.NormalizeRowsGrad;
import dev.tarn.ir.Op;
import dev.tarn.ir.Pool2dGrad;
import dev.tarn.ir.Program;
import dev.tarn.ir.Reduce;
import dev.tarn.ir.SoftmaxCrossEntropyGrad;
import dev.tarn.ir.SoftmaxGrad;
import dev.tarn.ir.StopGradient;
import dev.tarn.transform.FuseElementwise;
import dev.tarn.transform.Simplify;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** No operation is without a case; the cases stay cheap. */
class OpCoverageTests {
  /** Operations whose gradients need no case, and why. */
  private static final Map<Object, String> NOT_DIFFERENTIABLE =
      Map.ofEntries(
          Map.entry(Elementwise.Kind.GREATER, "constant almost everywhere"),
          Map.entry(Elementwise.Kind.EQUAL, "constant almost everywhere"),
          Map.entry(Elementwise.Kind.SIGN, "constant almost everywhere"),
          Map.entry(Elementwise.Kind.FLOOR, "constant almost everywhere"),
          Map.entry(Elementwise.Kind.CEIL, "constant almost everywhere"),
          Map.entry(Elementwise.Kind.ROUND, "constant almost everywhere"),
          Map.entry(ArgMax.class, "gives integers"),
          Map.entry(FirstNonFinite.class, "gives an integer"),
          Map.entry(DropoutMask.class, "has no f32 input"),
          Map.entry(Constant.class, "has no input"),
          Map.entry(Fused.class, "made after differentiation"),
          Map.entry(SoftmaxCrossEntropyGrad.class, "can be differentiated only once"),
          Map.entry(Pool2dGrad.class, "can be differentiated only once"),
          Map.entry(BatchNormGrad.class, "can be differentiated only once"),
          Map.entry(NormalizeRowsGrad.class, "can be differentiated only once"),
          Map.entry(SoftmaxGrad.class, "can be differentiated only once"),
          Map.entry(StopGradient.class, "is zero by definition, which no difference is"));

  /**
   * Compiling a kernel for each takes a backend most of the time of its conformance tests. A new
   * elementwise function takes two or three, for its value and its gradients.
   */
  private static final int MAX_TAPES = 225;

  @Test
  void everyOperationHasACase() {
    Set<Object> covered = new HashSet<>();
    OpCases.all().forEach(opCase -> covered.addAll(operations(opCase)));
    assertEquals(
        Set.of(), without(covered), "no case of OpCases.all() records these operations; add one");
  }

  @Test
  void everyDifferentiableOperationHasAGradientCase() {
    Set<Object> covered = new HashSet<>(NOT_DIFFERENTIABLE.keySet());
    OpCases.all().stream()
        .filter(opCase -> !opCase.differentiable().isEmpty())
        .forEach(opCase -> covered.addAll(operations(opCase)));
    assertEquals(
        Set.of(),
        without(covered),
        "no case differentiates these operations; declare an input of one with OpCase.by, or say in"
            + " NOT_DIFFERENTIABLE why there is no gradient");
  }

  @Test
  void namesDiffer() {
    Set<String> names = new HashSet<>();
    OpCases.all().forEach(opCase -> assertTrue(names.add(opCase.name()), opCase.name()));
  }

  @Test
  void fewTapes() {
    Set<String> tapes = new HashSet<>();
    Map<String, Integer> added = new TreeMap<>();
    Stream.of(
            OpCases.all(),
            OpCases.gradients(),
            RandomPrograms.first(BackendConformance.RANDOM_PROGRAMS))
        .flatMap(List::stream)
        .forEach(
            opCase -> {
              int before = tapes.size();
              opCase.programs().forEach(program -> collect(program, true, tapes));
              added.put(opCase.name(), tapes.size() - before);
            });
    Stream.of(OpCases.all(), RandomPrograms.first(BackendConformance.FEW_RANDOM_PROGRAMS))
        .flatMap(List::stream)
        .forEach(
            opCase -> {
              int before = tapes.size();
              opCase.programs().forEach(program -> collect(program, false, tapes));
              added.put(opCase.name() + ", apart", tapes.size() - before);
            });
    added.values().removeIf(count -> count < 2);
    assertTrue(tapes.size() <= MAX_TAPES, tapes.size() + " different tapes: " + added);
  }

  private static Set<Object> without(Set<Object> covered) {
    Set<Object> all = new LinkedHashSet<>(List.of(Op.class.getPermittedSubclasses()));
    all.remove(Elementwise.class);
    all.remove(Reduce.class);
    all.addAll(List.of(Elementwise.Kind.values()));
    all.addAll(List.of(Reduce.Kind.values()));
    all.removeAll(covered);
    return all;
  }

  private static Set<Object> operations(OpCase opCase) {
    Set<Object> operations = new HashSet<>();
    for (Program program : opCase.programs()) {
      for (Node node : program.body()) {
        if (node.op() instanceof Elementwise op) {
          operations.add(op.kind());
        } else if (node.op() instanceof Reduce op) {
          operations.add(op.kind());
        } else {
          operations.add(node.op().getClass());
        }
      }
    }
    return operations;
  }

  private static void collect(Program program, boolean join, Set<String> tapes) {
    Program lowered = FuseElementwise.apply(Simplify.apply(program), join, node -> false);
    for (Node node : lowered.body()) {
      if (node.op() instanceof Fused tape) {
        tapes.add(text(node, tape));
      }
    }
  }

  /** What a kernel that takes extents, numbers and streams as arguments depends on. */
  private static String text(Node node, Fused tape) {
    StringBuilder out = new StringBuilder();
    for (Fused.Instruction instruction : tape.tape()) {
      if (instruction instanceof Fused.Load load) {
        Spec spec = node.inputs().get(load.input()).spec();
        out.append("load ").append(spec.dtype()).append(pattern(spec.shape(), tape.shape()));
      } else if (instruction instanceof Fused.Apply apply) {
        out.append(apply);
      } else {
        out.append(instruction.getClass().getSimpleName());
      }
      out.append("; ");
    }
    return out.append(tape.results()).append(tape.types()).toString();
  }

  /** Runs of axes that the operand has (x) and along which it repeats (-). */
  private static String pattern(Shape shape, Shape target) {
    int[] strides = shape.broadcastStrides(target);
    StringBuilder out = new StringBuilder();
    int run = 1;
    for (int axis = 0; axis < strides.length; axis++) {
      char kind = strides[axis] == 0 ? '-' : 'x';
      if (target.dim(axis) == 1) {
        continue;
      }
      boolean same = !out.isEmpty() && out.charAt(out.length() - 1) == kind;
      run = same ? run * target.dim(axis) : target.dim(axis);
      out.append(same ? "" : kind);
    }
    boolean one = out.toString().matches("x?|-");
    return one ? out.toString().replace("x", "") : out + (run % 4 == 0 ? "4" : "");
  }
}
