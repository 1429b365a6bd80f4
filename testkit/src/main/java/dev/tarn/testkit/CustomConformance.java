package dev.tarn.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.CudaKernel;
import dev.tarn.CustomOp;
import dev.tarn.HostTensor;
import dev.tarn.Spec;
import dev.tarn.TarnException;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Executable;
import dev.tarn.backend.StateStore;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What every backend says of operations that users wrote wrongly, and that it goes on after. */
public abstract class CustomConformance {
  /** An operation of one f32 vector to another of the same length. */
  private record Copy(BiConsumer<HostTensor, HostTensor> kernel, @Nullable CudaKernel cudaKernel)
      implements CustomOp {
    @Override
    public String name() {
      return "copy";
    }

    @Override
    public List<Spec> infer(List<Spec> inputs) {
      return inputs;
    }

    @Override
    public void run(List<HostTensor> inputs, List<HostTensor> outputs) {
      kernel.accept(inputs.get(0), outputs.get(0));
    }

    @Override
    public @Nullable CudaKernel cudaKernel(List<Spec> inputs, List<Spec> outputs) {
      return cudaKernel;
    }
  }

  /** An operation that copies a vector, with a kernel on the GPU. */
  protected static CustomOp copyBy(CudaKernel kernel) {
    return new Copy((x, y) -> y.copyFrom(x), kernel);
  }

  /** Starts the backend under test. */
  protected abstract Backend open();

  /** Whether the backend runs the kernel in Java. */
  protected boolean runsJava() {
    return true;
  }

  /** The message with which a backend refuses or fails to run an operation on three numbers. */
  protected String failure(CustomOp op) {
    TarnException e = assertThrows(TarnException.class, () -> run(op, 1));
    assertTrue(e.getMessage().lines().count() <= 2, e.getMessage());
    return e.getMessage();
  }

  private HostTensor run(CustomOp op, int times) {
    Trace trace = new Trace();
    Tensor x = trace.input("x", Spec.f32(3));
    trace.output("y", x.custom(op).add(1));
    try (Backend backend = open();
        StateStore store = backend.allocate(List.of());
        Executable executable = backend.compile(List.of(trace.build("test")), store)) {
      for (int i = 1; i < times; i++) {
        assertThrows(
            TarnException.class, () -> executable.run(HostTensor.of(new float[] {1, 2, 3}, 3)));
      }
      executable.run(HostTensor.of(new float[] {1, 2, 3}, 3));
      return executable.read().get(0);
    }
  }

  private void failsWith(String expected, BiConsumer<HostTensor, HostTensor> kernel) {
    if (runsJava()) {
      String message = failure(new Copy(kernel, null));
      assertTrue(message.startsWith("custom copy: run failed: " + expected), message);
      assertTrue(
          message.matches("(?s).* at \\w+.java:\\d+ \\(CustomConformance.java:\\d+\\)"), message);
    }
  }

  @Test
  void exceptionsNameTheOperationAndBothLines() {
    failsWith(
        "java.lang.IllegalStateException: nothing to copy",
        (x, y) -> {
          throw new IllegalStateException("nothing to copy");
        });
  }

  @Test
  void outputsCannotGrow() {
    failsWith("java.lang.ArrayIndexOutOfBoundsException", (x, y) -> y.set(3, x.get(0)));
  }

  @Test
  void outputsBeginAsZerosAndInputsStayWhatTheyWere() {
    if (runsJava()) {
      int[] runs = {0};
      CustomOp op =
          new Copy(
              (x, y) -> {
                y.set(0, y.get(1) + 10 * x.get(2));
                y.set(1, 5);
                x.set(2, 100);
                if (++runs[0] < 3) {
                  throw new IllegalStateException("not yet");
                }
              },
              null);
      assertEquals(HostTensor.of(new float[] {31, 6, 1}, 3), run(op, 3));
    }
  }

  @Test
  void aKernelThatIsMissingIsAskedFor() {
    if (!runsJava()) {
      String message = failure(new Copy((x, y) -> y.copyFrom(x), null));
      String expected =
          "custom copy has no CUDA kernel: override cudaKernel, or use device cpu (Cus";
      assertTrue(message.startsWith(expected), message);
    }
  }
}
