package dev.tarn.transform;

import dev.tarn.DType;
import dev.tarn.State;
import dev.tarn.ir.Broadcast;
import dev.tarn.ir.Constant;
import dev.tarn.ir.Elementwise;
import dev.tarn.ir.FirstNonFinite;
import dev.tarn.ir.Node;
import dev.tarn.ir.Op;
import dev.tarn.ir.Program;
import dev.tarn.ir.ProgramVerifier;
import dev.tarn.ir.Reshape;
import dev.tarn.ir.StopGradient;
import dev.tarn.ir.Value;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Removes work that changes nothing: equal nodes, operations with a neutral element, numbers that
 * are repeated for who {@linkplain Op#takesOne takes} one, nodes whose results nobody reads.
 *
 * <p>It never changes a bit of a result: {@code x + 0} stays, for it turns -0 into 0.
 */
public final class Simplify {
  private record Key(Op op, List<Value> inputs) {
    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Key key && inputs.equals(key.inputs) && op.equals(key.op);
    }

    /** Without the operation's attributes, which hardly ever tell two nodes apart. */
    @Override
    public int hashCode() {
      return 31 * op.getClass().hashCode() + inputs.hashCode();
    }
  }

  private final Map<Value, Value> replaced = new HashMap<>();
  private final Map<Key, Node> seen = new HashMap<>();
  private final Map<Value, Node> producers = new HashMap<>();
  private final Set<Value> updated;

  private Simplify(Program program) {
    this.updated = new HashSet<>(program.updates().values());
  }

  /** The simplified program. */
  public static Program apply(Program program) {
    return new Simplify(program).run(program);
  }

  private Program run(Program program) {
    List<Node> body = new ArrayList<>();
    for (Node node : program.body()) {
      Node renamed =
          foldReshape(
              new Node(
                  // A stopped gradient has done its work: what remains is a view of the same shape.
                  node.op() instanceof StopGradient
                      ? new Reshape(node.output().spec().shape())
                      : node.op(),
                  inputs(node),
                  node.outputs(),
                  node.origin()));
      Value same = sameAs(renamed);
      if (same != null) {
        replaced.put(renamed.output(), same);
        continue;
      }
      Node earlier = seen.putIfAbsent(new Key(renamed.op(), renamed.inputs()), renamed);
      if (earlier != null && Collections.disjoint(updated, renamed.outputs())) {
        for (int i = 0; i < renamed.outputs().size(); i++) {
          replaced.put(renamed.outputs().get(i), earlier.outputs().get(i));
        }
        continue;
      }
      body.add(renamed);
      renamed.outputs().forEach(value -> producers.put(value, renamed));
    }
    List<Program.Output> outputs =
        program.outputs().stream()
            .map(output -> new Program.Output(output.name(), current(output.value())))
            .toList();
    Map<State, Value> updates = new LinkedHashMap<>();
    program.updates().forEach((state, value) -> updates.put(state, current(value)));
    Program result =
        new Program(program.name(), program.inputs(), program.states(), body, outputs, updates);
    return ProgramVerifier.verify(dropDead(result));
  }

  private List<Value> inputs(Node node) {
    List<Value> inputs = new ArrayList<>();
    for (int i = 0; i < node.inputs().size(); i++) {
      Value input = current(node.inputs().get(i));
      if (node.op().takesOne(i)) {
        input = one(input);
      } else if (node.op() instanceof FirstNonFinite && i >= 2) {
        input = asFinite(input);
      }
      inputs.add(input);
    }
    return inputs;
  }

  /** The number that a value repeats, if it does. */
  private Value one(Value value) {
    Node producer = producers.get(value);
    return producer != null
            && producer.op() instanceof Broadcast
            && producer.inputs().get(0).spec().shape().size() == 1
        ? producer.inputs().get(0)
        : value;
  }

  /**
   * A number that is finite just where another is: a factor of at most one makes none infinite, and
   * none finite. The mean of a loss then need not be there before the check.
   */
  private Value asFinite(Value value) {
    Node producer = producers.get(value);
    if (value.spec().shape().size() == 1
        && producer != null
        && producer.op() instanceof Elementwise op
        && op.kind() == Elementwise.Kind.MUL) {
      for (int i = 0; i < 2; i++) {
        Double factor = number(producer.inputs().get(i));
        Value other = producer.inputs().get(1 - i);
        if (factor != null && Math.abs(factor) <= 1 && other.spec().dtype() == DType.F32) {
          return other;
        }
      }
    }
    return value;
  }

  private Value current(Value value) {
    return replaced.getOrDefault(value, value);
  }

  /** A reshaped constant as a constant. */
  private Node foldReshape(Node node) {
    if (node.op() instanceof Reshape reshape) {
      Node producer = producers.get(node.inputs().get(0));
      if (producer != null && producer.op() instanceof Constant constant) {
        Constant reshaped = new Constant(constant.data().reshape(reshape.shape().dims()));
        return new Node(reshaped, List.of(), node.outputs(), node.origin());
      }
    }
    return node;
  }

  /** An earlier value that a node's output always equals, bit for bit. */
  private @Nullable Value sameAs(Node node) {
    if (node.outputs().size() != 1 || updated.contains(node.output())) {
      return null;
    }
    Value first = node.inputs().isEmpty() ? null : node.inputs().get(0);
    if (first == null) {
      return null;
    }
    boolean sameSpec = first.spec().equals(node.output().spec());
    if (node.op() instanceof Reshape || node.op() instanceof Broadcast) {
      return sameSpec ? first : null;
    }
    if (node.op() instanceof Elementwise op && node.inputs().size() == 2) {
      Value second = node.inputs().get(1);
      boolean neutralSecond = isOne(second) && sameSpec;
      return switch (op.kind()) {
        case MUL ->
            neutralSecond
                ? first
                : isOne(first) && second.spec().equals(node.output().spec()) ? second : null;
        case DIV -> neutralSecond ? first : null;
        default -> null;
      };
    }
    return null;
  }

  private boolean isOne(Value value) {
    Double number = number(value);
    return number != null && number == 1;
  }

  /** The number that a value is everywhere, if it is a constant. */
  private @Nullable Double number(Value value) {
    Node producer = producers.get(value);
    if (producer != null && producer.op() instanceof Broadcast) {
      producer = producers.get(producer.inputs().get(0));
    }
    return producer != null
            && producer.op() instanceof Constant constant
            && constant.data().size() == 1
        ? constant.data().get(0)
        : null;
  }

  private static Program dropDead(Program program) {
    Set<Value> live = new HashSet<>(program.updates().values());
    program.outputs().forEach(output -> live.add(output.value()));
    List<Node> body = new ArrayList<>();
    for (int i = program.body().size() - 1; i >= 0; i--) {
      Node node = program.body().get(i);
      if (!Collections.disjoint(live, node.outputs())) {
        live.addAll(node.inputs());
        body.add(node);
      }
    }
    Collections.reverse(body);
    return program.withBody(body);
  }
}
