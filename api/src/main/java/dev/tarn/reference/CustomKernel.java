package dev.tarn.reference;

import dev.tarn.HostTensor;
import dev.tarn.Spec;
import dev.tarn.ir.Custom;
import dev.tarn.ir.Node;
import java.util.ArrayList;
import java.util.List;

/** Operations that a user wrote, run by the user's kernel: f32 values as f64 if in double. */
final class CustomKernel {
  private CustomKernel() {}

  static List<double[]> run(Custom custom, Node node, List<double[]> values, boolean inDouble) {
    List<HostTensor> inputs = new ArrayList<>();
    for (int i = 0; i < values.size(); i++) {
      inputs.add(Arrays64.toTensor(values.get(i), node.inputs().get(i).spec(), inDouble));
    }
    List<HostTensor> outputs = new ArrayList<>();
    node.outputs()
        .forEach(
            output -> {
              Spec spec = output.spec();
              outputs.add(Arrays64.toTensor(new double[spec.shape().intSize()], spec, inDouble));
            });
    custom.run(inputs, outputs, node.origin());
    return outputs.stream().map(HostTensor::toDoubles).toList();
  }
}
