package dev.tarn.reference;

import dev.tarn.HostTensor;
import dev.tarn.Precision;
import dev.tarn.State;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Debug;
import dev.tarn.backend.Executable;
import dev.tarn.backend.StateStore;
import dev.tarn.ir.Node;
import dev.tarn.ir.Program;
import dev.tarn.transform.FuseElementwise;
import dev.tarn.transform.MixedPrecision;
import dev.tarn.transform.Simplify;
import java.util.ArrayList;
import java.util.List;

/**
 * The executable specification: plain Java loops, node by node, in the order of the program.
 *
 * <p>Every node computes in double; the f32 backend then rounds each output to its element type,
 * the one {@link #inDouble in double} does not, whatever the precision, and gives F64 results. It
 * is also the fallback where no native library runs.
 */
public final class ReferenceBackend implements Backend {
  private final boolean inDouble;
  private volatile boolean closed;

  /** A backend that computes in f32: each node's output is rounded. */
  public ReferenceBackend() {
    this(false);
  }

  private ReferenceBackend(boolean inDouble) {
    this.inDouble = inDouble;
  }

  /** A backend that runs f32 programs in double; states and outputs are F64 host tensors. */
  public static ReferenceBackend inDouble() {
    return new ReferenceBackend(true);
  }

  /**
   * Computes one node in f32.
   *
   * @param inputs the values it reads
   * @return the values it gives
   */
  public static List<HostTensor> evaluate(Node node, List<HostTensor> inputs) {
    Evaluator evaluator =
        new Evaluator(node, inputs.stream().map(HostTensor::toDoubles).toList(), false);
    List<double[]> outputs = node.op().accept(evaluator);
    List<HostTensor> tensors = new ArrayList<>();
    for (int i = 0; i < outputs.size(); i++) {
      tensors.add(Arrays64.toTensor(outputs.get(i), node.outputs().get(i).spec(), false));
    }
    return tensors;
  }

  @Override
  public String name() {
    return "reference";
  }

  @Override
  public String description() {
    return "plain Java, " + (inDouble ? "f64" : "f32");
  }

  @Override
  public StateStore allocate(List<? extends State> states) {
    checkOpen();
    return new ReferenceStateStore(states, inDouble);
  }

  @Override
  public Executable compile(List<Program> programs, StateStore store, Precision precision) {
    checkOpen();
    if (!(store instanceof ReferenceStateStore own)) {
      throw new IllegalArgumentException("the state store belongs to another backend");
    }
    // Whoever asks for double wants no rounding at all.
    Precision used = inDouble ? Precision.FP32 : precision;
    List<Program> prepared = programs.stream().map(program -> prepare(program, used)).toList();
    return new ReferenceExecutable(this, prepared, own, inDouble);
  }

  /** In bf16 fusion is part of the specification: what a tape keeps to itself is not rounded. */
  private static Program prepare(Program program, Precision precision) {
    if (precision != Precision.BF16) {
      return MixedPrecision.apply(program, precision);
    }
    Program mixed = MixedPrecision.apply(Simplify.apply(program), precision);
    return Debug.show("reference: bf16, fused", FuseElementwise.apply(mixed, true, node -> false));
  }

  /** There is nothing to release, but the mistake is found here too that matters elsewhere. */
  void checkOpen() {
    if (closed) {
      throw new IllegalStateException("reference: the backend is closed");
    }
  }

  @Override
  public void close() {
    closed = true;
  }
}
