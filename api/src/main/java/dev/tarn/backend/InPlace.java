package dev.tarn.backend;

import dev.tarn.State;
import dev.tarn.ir.Constant;
import dev.tarn.ir.FirstNonFinite;
import dev.tarn.ir.Fused;
import dev.tarn.ir.Node;
import dev.tarn.ir.Program;
import dev.tarn.ir.Reshape;
import dev.tarn.ir.Value;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which values can be computed straight into the memory of the states whose next values they are.
 *
 * <p>Allowed where no node reads the state's old value after the value's own node, and that node
 * either does not read it or reads element {@code i} only to write element {@code i}: tapes over
 * the same shape, and the flag of {@link FirstNonFinite}. Kernels of those two must allow it.
 */
final class InPlace {
  private InPlace() {}

  static Map<Value, State> updates(Program program) {
    Map<Value, Integer> producedAt = new HashMap<>();
    Map<Value, Value> aliases = new HashMap<>();
    Map<Value, Integer> lastRead = new HashMap<>();
    List<Node> body = program.body();
    for (int i = 0; i < body.size(); i++) {
      Node node = body.get(i);
      if (node.op() instanceof Reshape) {
        Value source = node.inputs().get(0);
        aliases.put(node.output(), aliases.getOrDefault(source, source));
        continue;
      }
      for (Value output : node.outputs()) {
        // A constant is written once, not every step: it keeps a buffer of its own.
        if (!(node.op() instanceof Constant)) {
          producedAt.put(output, i);
        }
      }
      for (Value input : node.inputs()) {
        lastRead.put(aliases.getOrDefault(input, input), i);
      }
    }
    for (Value next : program.updates().values()) {
      // Copied to another state once the body has run.
      lastRead.put(aliases.getOrDefault(next, next), Integer.MAX_VALUE);
    }
    Set<Value> results = new HashSet<>();
    program
        .outputs()
        .forEach(output -> results.add(aliases.getOrDefault(output.value(), output.value())));
    Map<Value, State> inPlace = new HashMap<>();
    program
        .updates()
        .forEach(
            (state, next) -> {
              Value value = aliases.getOrDefault(next, next);
              Integer at = producedAt.get(value);
              Value old = program.states().get(state);
              if (at == null || results.contains(value) || inPlace.containsKey(value)) {
                return;
              }
              if (old == null) {
                inPlace.put(value, state);
                return;
              }
              int last = results.contains(old) ? Integer.MAX_VALUE : lastRead.getOrDefault(old, -1);
              if (last < at || (last == at && readsOwnElement(body.get(at), old, value))) {
                inPlace.put(value, state);
              }
            });
    return inPlace;
  }

  private static boolean readsOwnElement(Node node, Value old, Value value) {
    if (node.op() instanceof Fused) {
      return node.inputs().contains(old) && old.spec().equals(value.spec());
    }
    return node.op() instanceof FirstNonFinite
        && node.inputs().indexOf(old) == 0
        && node.inputs().lastIndexOf(old) == 0;
  }
}
