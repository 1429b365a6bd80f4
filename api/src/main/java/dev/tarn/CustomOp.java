package dev.tarn;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An operation that a user writes: its shapes, a kernel in Java, and if wanted a gradient and a
 * kernel in CUDA C++.
 *
 * <p>{@link Tensor#custom} records it. The CPU and the reference backend call {@link #run}; the
 * CUDA backend launches what {@link #cudaKernel} gives. Outputs must depend on nothing but the
 * inputs and what the object was made with, and objects that are equal must compute the same: steps
 * run again when a run is resumed, and equal nodes are computed once.
 */
public interface CustomOp {
  /** The name in printed programs and messages. */
  String name();

  /**
   * The specs of the outputs, f32 or i32, for inputs of the given specs; there is at least one.
   *
   * @throws ShapeException if the inputs do not fit
   */
  List<Spec> infer(List<Spec> inputs);

  /**
   * Computes the outputs in Java, on one thread.
   *
   * <p>Where the reference backend computes in double, as for finite differences, f32 values come
   * as f64: {@link HostTensor#get(int)} and {@link HostTensor#set} do for both, {@link
   * HostTensor#floats()} for f32 only. The tensors are valid during the call; changes of inputs are
   * lost.
   *
   * @param inputs the inputs' values, row-major
   * @param outputs what is to be filled; all elements are zero
   */
  void run(List<HostTensor> inputs, List<HostTensor> outputs);

  /**
   * Records the gradients of a loss by the inputs; where this is not overridden there is none.
   *
   * @param gradients the gradient by each output, of the output's shape; zeros where it has none
   * @return one tensor of the input's shape for each input, null where there is no gradient
   */
  default List<@Nullable Tensor> gradient(
      List<Tensor> inputs, List<Tensor> outputs, List<Tensor> gradients) {
    throw new TarnException("it has none; override gradient, or use stopGradient() on its inputs");
  }

  /**
   * The kernel that computes the outputs on an NVIDIA GPU; null if there is none, and then the CUDA
   * backend refuses the program.
   */
  default @Nullable CudaKernel cudaKernel(List<Spec> inputs, List<Spec> outputs) {
    return null;
  }
}
