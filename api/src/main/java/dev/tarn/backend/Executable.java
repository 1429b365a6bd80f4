package dev.tarn.backend;

import dev.tarn.HostTensor;
import dev.tarn.ir.Node;
import dev.tarn.ir.Program;
import java.util.ArrayList;
import java.util.List;

/** A compiled step. Used by one thread at a time. */
public interface Executable extends AutoCloseable {
  /** The inputs of a run, in the order in which {@link #run} takes them. */
  List<Program.Input> inputs();

  /**
   * Runs the step. It may return before the device has finished; the inputs may be reused at once.
   *
   * @param inputs one tensor per entry of {@link #inputs()}
   * @throws dev.tarn.ShapeException if an input does not fit
   */
  void run(HostTensor... inputs);

  /** Waits for the last run and gives its outputs, in the order of the programs' outputs. */
  List<HostTensor> read();

  /** Bytes of device memory for inputs, values, outputs and scratch; states are not counted. */
  long bytes();

  /**
   * Runs the step node by node, unfused and without reuse of memory, and shows each node's outputs.
   * The states are the same afterwards as before.
   *
   * @param visitor called after each node, in order
   */
  void visit(NodeVisitor visitor, HostTensor... inputs);

  /** Runs the step node by node and gives statistics, times, and the first non-finite node. */
  default Inspection inspect(HostTensor... inputs) {
    Inspection.Builder builder = new Inspection.Builder();
    visit(builder, inputs);
    return builder.build();
  }

  /**
   * Runs the step, as {@link #run} does, and measures its pieces one by one. Where a backend has no
   * better way, they are those of {@link #visit}, and the states stay as they are.
   */
  default List<StepTime> time(HostTensor... inputs) {
    List<StepTime> times = new ArrayList<>();
    visit(
        (program, node, from, to, nanos) -> times.add(new StepTime(program.name(), node, nanos)),
        inputs);
    return times;
  }

  /** Releases the memory. */
  @Override
  void close();

  /** Sees the nodes of a run one by one. */
  @FunctionalInterface
  interface NodeVisitor {
    /**
     * Called after a node has run.
     *
     * @param program the program of the node
     * @param node the node; elementwise work appears as tapes of one instruction
     * @param inputs the values it read
     * @param outputs the values it gave
     * @param nanos the time it took, in nanoseconds
     */
    void visit(
        Program program, Node node, List<HostTensor> inputs, List<HostTensor> outputs, long nanos);
  }
}
