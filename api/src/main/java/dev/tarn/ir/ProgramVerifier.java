package dev.tarn.ir;

import dev.tarn.Arena;
import dev.tarn.DType;
import dev.tarn.Spec;
import dev.tarn.State;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Checks that a program is well formed; run after every pass. */
public final class ProgramVerifier {
  private ProgramVerifier() {}

  /**
   * Checks that values are defined once and before use, that specs are what {@link Op#infer} says,
   * that updates fit their states and are computed by the body, that inputs, states and outputs are
   * not bf16, and that no program mixes an arena with its members.
   *
   * @return the program
   * @throws IllegalStateException naming the first fault, with the program's text
   */
  public static Program verify(Program program) {
    Set<Value> defined = new HashSet<>();
    for (Program.Input input : program.inputs()) {
      border(program, input.value());
      define(program, defined, input.value());
    }
    program
        .states()
        .forEach(
            (state, value) -> {
              border(program, value);
              define(program, defined, value);
              check(program, state.spec().equals(value.spec()), "state " + state + " is " + value);
            });
    Set<Value> computed = new HashSet<>();
    for (Node node : program.body()) {
      for (Value input : node.inputs()) {
        check(program, defined.contains(input), node.op().name() + " reads undefined " + input);
      }
      List<Spec> inferred = node.op().infer(node.inputs().stream().map(Value::spec).toList());
      check(
          program,
          inferred.equals(node.outputs().stream().map(Value::spec).toList()),
          node.op().name() + " gives " + inferred + ", not " + node.outputs());
      node.outputs().forEach(value -> define(program, defined, value));
      computed.addAll(node.outputs());
    }
    for (Program.Output output : program.outputs()) {
      border(program, output.value());
      check(program, defined.contains(output.value()), "undefined output " + output.name());
    }
    program
        .updates()
        .forEach(
            (state, value) -> {
              check(program, computed.contains(value), "update of " + state + " is not computed");
              check(program, state.spec().equals(value.spec()), "update of " + state + ": spec");
            });
    checkArenas(program);
    return program;
  }

  private static void checkArenas(Program program) {
    Set<State> states = new HashSet<>(program.allStates());
    for (State state : states) {
      if (state instanceof Arena arena) {
        for (State member : arena.members()) {
          check(program, !states.contains(member), "both " + arena + " and its " + member);
        }
      }
    }
  }

  /** Inputs, states and outputs are never bf16. */
  private static void border(Program program, Value value) {
    check(program, value.spec().dtype() != DType.BF16, value + " is bf16 at the border");
  }

  private static void define(Program program, Set<Value> defined, Value value) {
    check(program, defined.add(value), value + " is defined twice");
  }

  private static void check(Program program, boolean holds, String message) {
    if (!holds) {
      throw new IllegalStateException("malformed program: " + message + "\n" + program);
    }
  }
}
