package dev.tarn.cpu;

import dev.tarn.DType;
import dev.tarn.HostTensor;
import dev.tarn.backend.Buffer;
import dev.tarn.ir.Custom;
import dev.tarn.ir.Node;
import dev.tarn.ir.Value;
import java.util.Arrays;
import java.util.List;

/** An operation that a user wrote: its operands are copied to Java arrays, on which it runs. */
final class CustomStep extends Step {
  private final Custom custom;
  private final Node node;
  private final List<Buffer> from;
  private final List<Buffer> to;
  private final List<HostTensor> inputs;
  private final List<HostTensor> outputs;
  private List<View> sources = List.of();
  private List<View> targets = List.of();

  CustomStep(Custom custom, Node node, List<Buffer> from, List<Buffer> to) {
    this.custom = custom;
    this.node = node;
    this.from = from;
    this.to = to;
    this.inputs = tensors(node.inputs());
    this.outputs = tensors(node.outputs());
  }

  private static List<HostTensor> tensors(List<Value> values) {
    return values.stream().map(value -> HostTensor.zeros(value.spec())).toList();
  }

  @Override
  int parts() {
    return 1;
  }

  @Override
  void bind(Addresses addresses) {
    sources = from.stream().map(addresses::view).toList();
    targets = to.stream().map(addresses::view).toList();
  }

  @Override
  void run(int part, Workspace w) {
    for (int i = 0; i < inputs.size(); i++) {
      HostTensor input = inputs.get(i);
      if (input.spec().dtype() == DType.I32) {
        sources.get(i).get(0, input.ints(), 0, input.size());
      } else {
        sources.get(i).get(0, input.floats(), 0, input.size());
      }
    }
    for (HostTensor output : outputs) {
      if (output.spec().dtype() == DType.I32) {
        Arrays.fill(output.ints(), 0);
      } else {
        Arrays.fill(output.floats(), 0);
      }
    }
    custom.run(inputs, outputs, node.origin());
    for (int i = 0; i < outputs.size(); i++) {
      HostTensor output = outputs.get(i);
      if (output.spec().dtype() == DType.I32) {
        targets.get(i).put(0, output.ints(), 0, output.size());
      } else {
        targets.get(i).put(0, output.floats(), 0, output.size());
      }
    }
  }
}
