package dev.tarn.testkit;

import dev.tarn.HostTensor;
import dev.tarn.backend.Executable;
import dev.tarn.ir.Node;
import dev.tarn.ir.Program;
import dev.tarn.ir.Reshape;
import dev.tarn.ir.Value;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Collects, node by node, the values that become outputs of a step. */
final class VisitedOutputs implements Executable.NodeVisitor {
  private final List<Program> traced;
  private final Map<String, Program> lowered = new LinkedHashMap<>();
  private final Map<Value, HostTensor> values = new HashMap<>();
  private int nodes;

  VisitedOutputs(List<Program> traced) {
    this.traced = traced;
  }

  @Override
  public void visit(
      Program program, Node node, List<HostTensor> inputs, List<HostTensor> outputs, long nanos) {
    lowered.put(program.name(), program);
    nodes++;
    for (int i = 0; i < outputs.size(); i++) {
      values.put(node.outputs().get(i), outputs.get(i).copy());
    }
    for (int i = 0; i < inputs.size(); i++) {
      values.putIfAbsent(node.inputs().get(i), inputs.get(i).copy());
    }
  }

  /** Fails unless what was visited is what a run gave; outputs that no node touches are skipped. */
  void compare(List<HostTensor> outputs, double relative) {
    int index = 0;
    for (Program program : traced) {
      Program seen = lowered.getOrDefault(program.name(), program);
      for (Program.Output output : seen.outputs()) {
        HostTensor given = outputs.get(index++);
        HostTensor visited = value(seen, output.value());
        if (visited != null) {
          Compare.assertClose(given, visited, relative, program.name() + " " + output.name());
        }
      }
    }
    boolean work =
        traced.stream()
            .flatMap(program -> program.body().stream())
            .anyMatch(node -> !(node.op() instanceof Reshape || node.inputs().isEmpty()));
    if (work && nodes == 0) {
      throw new AssertionError("no node was visited");
    }
  }

  private @Nullable HostTensor value(Program program, Value wanted) {
    HostTensor known = values.get(wanted);
    if (known != null) {
      return known;
    }
    for (Node node : program.body()) {
      if (node.op() instanceof Reshape && node.output() == wanted) {
        HostTensor source = value(program, node.inputs().get(0));
        return source == null ? null : source.reshape(wanted.spec().shape().dims());
      }
    }
    return null;
  }
}
