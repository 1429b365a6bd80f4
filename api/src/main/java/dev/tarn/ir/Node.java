package dev.tarn.ir;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** One application of an operation to values. */
public record Node(Op op, List<Value> inputs, List<Value> outputs, Origin origin) {
  /** Copies the lists. */
  public Node {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
  }

  /** The only output. */
  public Value output() {
    if (outputs.size() != 1) {
      throw new IllegalStateException(op.name() + " has " + outputs.size() + " outputs");
    }
    return outputs.get(0);
  }

  /** That of the outputs, which no two nodes of a program share. */
  @Override
  public int hashCode() {
    return outputs.hashCode();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return this == other
        || other instanceof Node node
            && outputs.equals(node.outputs)
            && inputs.equals(node.inputs)
            && op.equals(node.op)
            && origin.equals(node.origin);
  }
}
