package dev.tarn.cuda;

import dev.tarn.CudaKernel;
import dev.tarn.Spec;
import dev.tarn.TarnException;
import dev.tarn.backend.Schedule;
import dev.tarn.cuda.driver.CudaException;
import dev.tarn.cuda.driver.Kernel;
import dev.tarn.ir.Custom;
import dev.tarn.ir.Node;
import dev.tarn.ir.Value;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Operations that a user wrote, by the kernel that the user gave. */
final class CustomLowering {
  private CustomLowering() {}

  static List<Step> lower(Custom custom, Node node, Schedule<Step> schedule, Kernels kernels) {
    CudaKernel given = given(custom, node);
    if (given == null) {
      throw new TarnException(
          custom.name()
              + " has no CUDA kernel: override cudaKernel, or use device cpu"
              + node.origin().suffix());
    }
    KernelStep step = new KernelStep(custom.name(), named(kernels.custom(given), custom, node));
    node.inputs().forEach(input -> step.reads(schedule.buffer(input)));
    node.outputs().forEach(output -> step.writes(schedule.buffer(output)));
    for (Number argument : given.arguments()) {
      if (argument instanceof Float real) {
        step.real(real);
      } else {
        step.bits(argument.intValue());
      }
    }
    step.grid(given.gridX(), given.gridY()).block(given.blockX(), given.blockY());
    return List.of(step.build(0));
  }

  /** A kernel whose failure to compile names its operation. */
  private static LazyKernel named(LazyKernel kernel, Custom custom, Node node) {
    return new LazyKernel() {
      @Override
      public void request() {
        kernel.request();
      }

      @Override
      public Kernel get() {
        try {
          return kernel.get();
        } catch (CudaException e) {
          throw new TarnException(
              custom.name() + ": " + e.getMessage() + node.origin().suffix(), e);
        }
      }
    };
  }

  private static @Nullable CudaKernel given(Custom custom, Node node) {
    try {
      return custom.op().cudaKernel(specs(node.inputs()), specs(node.outputs()));
    } catch (RuntimeException e) {
      throw custom.failure("cudaKernel", e, node.origin());
    }
  }

  private static List<Spec> specs(List<Value> values) {
    return values.stream().map(Value::spec).toList();
  }
}
