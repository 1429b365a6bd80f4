package dev.tarn.cuda;

import dev.tarn.HostTensor;
import dev.tarn.Precision;
import dev.tarn.State;
import dev.tarn.backend.Executable.NodeVisitor;
import dev.tarn.backend.Schedule;
import dev.tarn.cuda.driver.Stream;
import dev.tarn.ir.Node;
import dev.tarn.ir.Program;
import dev.tarn.ir.Value;
import java.util.List;
import java.util.Map;

/** Runs a step node by node on a plan of its own, in which every value keeps its memory. */
final class NodeByNode implements AutoCloseable {
  private final CudaBackend backend;
  private final CudaStateStore store;
  private final DevicePlan plan;

  NodeByNode(
      CudaBackend backend, List<Program> programs, CudaStateStore store, Precision precision) {
    this.backend = backend;
    this.store = store;
    this.plan = new DevicePlan(backend, programs, store, precision, true);
  }

  /** Shows every node's values; the states are the same afterwards as before. */
  void visit(NodeVisitor visitor, HostTensor[] inputs) {
    Map<State, HostTensor> before = store.snapshot();
    try {
      Schedule<Step> schedule = plan.schedule();
      for (int i = 0; i < inputs.length; i++) {
        long address = plan.binding().address(schedule.inputBuffers().get(i));
        backend.transfers().toDevice(address, inputs[i]);
      }
      for (DevicePlan.Part part : plan.parts()) {
        long nanos = run(part);
        for (Node node : part.nodes()) {
          visitor.visit(part.program(), node, values(node.inputs()), values(node.outputs()), nanos);
        }
      }
    } finally {
      store.restore(before);
    }
  }

  private long run(DevicePlan.Part part) {
    Stream stream = backend.stream();
    stream.synchronize();
    long start = System.nanoTime();
    for (int i = part.from(); i < part.to(); i++) {
      plan.commands().get(i).enqueue(stream);
    }
    stream.synchronize();
    return System.nanoTime() - start;
  }

  private List<HostTensor> values(List<Value> values) {
    return values.stream()
        .map(
            value -> {
              long address = plan.binding().address(plan.schedule().buffer(value));
              return backend.transfers().toHost(value.spec(), address);
            })
        .toList();
  }

  @Override
  public void close() {
    plan.close();
  }
}
