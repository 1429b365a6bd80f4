package dev.tarn.cuda;

import dev.tarn.HostTensor;
import dev.tarn.Precision;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.backend.StateStore;
import dev.tarn.internal.RandomStream;
import dev.tarn.transform.Gradient;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** A program whose operands are states with random values, planned and ready to be measured. */
final class CheckProgram implements AutoCloseable {
  /** Normal random numbers, repeated where more are needed: making them takes long. */
  static final class Normal {
    static final float[] VALUES = make();

    private Normal() {}

    private static float[] make() {
      RandomStream random = new RandomStream(1, "operand");
      float[] values = new float[1 << 20];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) random.nextGaussian();
      }
      return values;
    }
  }

  /** Makes the operands and the outputs of a program. */
  static final class Builder {
    private final Trace trace = new Trace();
    private final List<State> states = new ArrayList<>();
    private int outputs;

    Trace trace() {
      return trace;
    }

    /** An operand of normal random numbers. */
    Tensor operand(int... dims) {
      return trace.state(normal(dims));
    }

    /** A state of normal random numbers, which the program may change. */
    State normal(int... dims) {
      String name = "operand" + states.size();
      Spec spec = Spec.f32(dims);
      State state = new State(() -> name, spec, seed -> random(spec));
      states.add(state);
      return state;
    }

    /** An operand of class numbers. */
    Tensor labels(int count, int classes) {
      Spec spec = Spec.i32(count);
      int[] labels = new int[count];
      for (int i = 0; i < count; i++) {
        labels[i] = (int) (i * 7919L % classes);
      }
      State state = new State(() -> "labels", spec, seed -> HostTensor.of(labels, count));
      states.add(state);
      return trace.state(state);
    }

    void output(Tensor value) {
      trace.output("output" + outputs++, value);
    }

    /** Outputs the gradients by tensors, given a random gradient of a value. */
    void gradients(Tensor value, Tensor... by) {
      Shape shape = value.shape();
      Tensor loss = value.mul(operand(shape.dims())).sum();
      Gradient.of(loss, List.of(by)).forEach(this::output);
    }

    private static HostTensor random(Spec spec) {
      HostTensor tensor = HostTensor.zeros(spec);
      float[] values = tensor.floats();
      float[] normal = Normal.VALUES;
      for (int i = 0; i < values.length; i += normal.length) {
        System.arraycopy(normal, 0, values, i, Math.min(normal.length, values.length - i));
      }
      return tensor;
    }
  }

  private final StateStore store;
  private final DevicePlan plan;

  CheckProgram(CudaBackend backend, Precision precision, Consumer<Builder> make) {
    Builder builder = new Builder();
    make.accept(builder);
    store = backend.allocate(builder.states);
    try {
      store.reset(1);
      plan =
          new DevicePlan(
              backend,
              List.of(builder.trace.build("check")),
              (CudaStateStore) store,
              precision,
              false);
    } catch (RuntimeException e) {
      store.close();
      throw e;
    }
  }

  DevicePlan plan() {
    return plan;
  }

  /** What a command does. */
  Step step(int command) {
    return plan.schedule().entries().get(command).step();
  }

  @Override
  public void close() {
    plan.close();
    store.close();
  }
}
