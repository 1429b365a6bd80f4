package dev.tarn.reference;

import dev.tarn.HostTensor;
import dev.tarn.State;
import dev.tarn.backend.Executable;
import dev.tarn.backend.Inputs;
import dev.tarn.ir.Node;
import dev.tarn.ir.Program;
import dev.tarn.ir.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Runs programs node by node as they were traced. */
final class ReferenceExecutable implements Executable {
  private final ReferenceBackend backend;
  private final List<Program> programs;
  private final ReferenceStateStore store;
  private final boolean inDouble;
  private final List<Program.Input> inputs;
  private List<HostTensor> outputs = List.of();

  ReferenceExecutable(
      ReferenceBackend backend,
      List<Program> programs,
      ReferenceStateStore store,
      boolean inDouble) {
    this.backend = backend;
    this.programs = List.copyOf(programs);
    this.store = store;
    this.inDouble = inDouble;
    this.inputs = Inputs.of(programs);
  }

  @Override
  public List<Program.Input> inputs() {
    return inputs;
  }

  @Override
  public void run(HostTensor... given) {
    outputs = run((program, node, in, out, nanos) -> {}, false, given);
  }

  @Override
  public List<HostTensor> read() {
    return outputs;
  }

  @Override
  public long bytes() {
    return programs.stream()
        .flatMap(program -> program.body().stream())
        .flatMap(node -> node.outputs().stream())
        .mapToLong(value -> value.spec().shape().size() * 8)
        .sum();
  }

  @Override
  public void visit(NodeVisitor visitor, HostTensor... given) {
    Map<State, HostTensor> before = store.snapshot();
    try {
      run(visitor, true, given);
    } finally {
      store.restore(before);
    }
  }

  @Override
  public void close() {}

  private List<HostTensor> run(NodeVisitor visitor, boolean show, HostTensor... given) {
    backend.checkOpen();
    Inputs.check(inputs, inDouble, given);
    Map<String, double[]> byName = new HashMap<>();
    for (int i = 0; i < given.length; i++) {
      byName.put(inputs.get(i).name(), given[i].toDoubles());
    }
    List<HostTensor> results = new ArrayList<>();
    for (Program program : programs) {
      Map<Value, double[]> values = new HashMap<>();
      program.inputs().forEach(input -> values.put(input.value(), byName.get(input.name())));
      program.states().forEach((state, value) -> values.put(value, store.load(state)));
      for (Node node : program.body()) {
        long start = System.nanoTime();
        List<double[]> read = node.inputs().stream().map(values::get).toList();
        List<double[]> computed = node.op().accept(new Evaluator(node, read, inDouble));
        for (int i = 0; i < computed.size(); i++) {
          values.put(node.outputs().get(i), computed.get(i));
        }
        if (show) {
          long nanos = System.nanoTime() - start;
          visitor.visit(
              program,
              node,
              tensors(node.inputs(), values),
              tensors(node.outputs(), values),
              nanos);
        }
      }
      program.outputs().forEach(output -> results.addAll(tensors(List.of(output.value()), values)));
      Map<State, double[]> next = new LinkedHashMap<>();
      program.updates().forEach((state, value) -> next.put(state, values.get(value)));
      next.forEach(store::store);
    }
    return results;
  }

  private List<HostTensor> tensors(List<Value> wanted, Map<Value, double[]> values) {
    return wanted.stream()
        .map(value -> Arrays64.toTensor(values.get(value), value.spec(), inDouble))
        .toList();
  }
}
