package dev.tarn.ir;

import dev.tarn.State;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A static program in single assignment form: what one step computes.
 *
 * <p>{@code states} gives, for each state that is read, the value it holds at the start; {@code
 * updates} gives, for each state that is written, the value it holds at the end. The body is in
 * execution order. {@code System.out.println(program)} prints it.
 */
public record Program(
    String name,
    List<Input> inputs,
    Map<State, Value> states,
    List<Node> body,
    List<Output> outputs,
    Map<State, Value> updates) {

  /** A value that every run is given. */
  public record Input(String name, Value value) {}

  /** A value that every run gives. */
  public record Output(String name, Value value) {}

  /** Copies the collections, keeping their order. */
  public Program {
    inputs = List.copyOf(inputs);
    states = Collections.unmodifiableMap(new LinkedHashMap<>(states));
    body = List.copyOf(body);
    outputs = List.copyOf(outputs);
    updates = Collections.unmodifiableMap(new LinkedHashMap<>(updates));
  }

  /** This program with another body; inputs, states, outputs and updates stay. */
  public Program withBody(List<Node> newBody) {
    return new Program(name, inputs, states, newBody, outputs, updates);
  }

  /** Every state that is read or written, once, in order of first mention. */
  public List<State> allStates() {
    List<State> all = new ArrayList<>(states.keySet());
    for (State state : updates.keySet()) {
      if (!states.containsKey(state)) {
        all.add(state);
      }
    }
    return all;
  }

  /** The program as text: one line a node. */
  @Override
  public String toString() {
    return ProgramPrinter.print(this);
  }
}
