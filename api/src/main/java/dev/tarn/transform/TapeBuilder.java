package dev.tarn.transform;

import dev.tarn.DType;
import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.ir.Cast;
import dev.tarn.ir.Constant;
import dev.tarn.ir.DropoutMask;
import dev.tarn.ir.Elementwise;
import dev.tarn.ir.Fused;
import dev.tarn.ir.Node;
import dev.tarn.ir.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** Writes the tape of one cluster. */
final class TapeBuilder {
  private final Cluster cluster;
  private final Map<Value, Node> producers;
  private final Predicate<Value> escapes;
  private final List<Fused.Instruction> tape = new ArrayList<>();
  private final List<Value> inputs = new ArrayList<>();
  private final Map<Value, Integer> registers = new HashMap<>();

  /**
   * A builder for one cluster.
   *
   * @param producers the nodes that make the program's values
   * @param escapes whether something outside the cluster reads a value of its nodes
   */
  TapeBuilder(Cluster cluster, Map<Value, Node> producers, Predicate<Value> escapes) {
    this.cluster = cluster;
    this.producers = producers;
    this.escapes = escapes;
  }

  Node build() {
    List<Value> results = new ArrayList<>();
    List<Integer> resultRegisters = new ArrayList<>();
    for (Node node : cluster.nodes) {
      int register = compute(node);
      if (escapes.test(node.output())) {
        results.add(node.output());
        resultRegisters.add(register);
      }
    }
    Node last = cluster.nodes.get(cluster.nodes.size() - 1);
    List<DType> types = results.stream().map(value -> value.spec().dtype()).toList();
    Shape shape = last.output().spec().shape();
    return new Node(new Fused(shape, tape, resultRegisters, types), inputs, results, last.origin());
  }

  private int compute(Node node) {
    int register;
    if (node.op() instanceof Elementwise op) {
      List<Integer> operands = node.inputs().stream().map(this::register).toList();
      register = emit(new Fused.Apply(op.kind(), operands));
    } else if (node.op() instanceof DropoutMask op) {
      register = emit(new Fused.Mask(input(node.inputs().get(0)), input(node.inputs().get(1)), op));
    } else {
      register = register(node.inputs().get(0));
      if (node.op() instanceof Cast cast && cast.to() == DType.BF16) {
        register = emit(new Fused.Round(register));
      }
    }
    registers.put(node.output(), register);
    return register;
  }

  private int emit(Fused.Instruction instruction) {
    tape.add(instruction);
    return tape.size() - 1;
  }

  private int input(Value value) {
    int index = inputs.indexOf(value);
    if (index < 0) {
      index = inputs.size();
      inputs.add(value);
    }
    return index;
  }

  private int register(Value value) {
    Integer known = registers.get(value);
    if (known != null) {
      return known;
    }
    Node producer = producers.get(value);
    if (producer != null && cluster.repeated.contains(producer)) {
      return compute(producer);
    }
    int register =
        emit(
            producer != null
                    && producer.op() instanceof Constant constant
                    && constant.data().size() == 1
                ? number(constant.data())
                : new Fused.Load(input(value)));
    registers.put(value, register);
    return register;
  }

  private static Fused.Instruction number(HostTensor data) {
    return data.spec().dtype().isFloat()
        ? new Fused.Immediate(data.get(0))
        : new Fused.Whole((int) data.get(0));
  }
}
