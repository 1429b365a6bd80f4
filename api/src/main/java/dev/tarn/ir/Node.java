package dev.tarn.ir;

import java.util.List;

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
}
