package dev.tarn.cuda;

import java.util.List;

/**
 * A generated elementwise kernel.
 *
 * <p>Name and text depend on the functions of the tape and on how operands are read, not on
 * extents, immediates or streams: those are arguments, so that a change of the batch size needs no
 * new kernel.
 *
 * @param name the kernel's name, made from the text
 * @param text the CUDA C++ of the kernel, to follow {@link #PREAMBLE}
 * @param batch the CUDA C++ of the kernel {@link #batchName} for {@link BatchStep}
 * @param arguments what it is launched with
 * @param elements the number of elements of its results
 * @param width how many of them a thread computes
 */
record TapeSource(
    String name, String text, String batch, List<Argument> arguments, int elements, int width) {
  /** What stands before the kernels of one compilation. */
  static final String PREAMBLE =
      """
      #include "activations.cuh"
      #include "elementwise.cuh"
      #include "philox.cuh"
      #include "tape_sum.cuh"

      """;

  /** The largest block that the kernels may be launched with. */
  static final int MAX_BLOCK = 256;

  /** The name of the kernel that works on several operands of the tape at once. */
  String batchName() {
    return name + "_batch";
  }

  /** An argument of the kernel, in order. */
  sealed interface Argument permits Input, Output, Whole, Real {}

  /** The address of an input of the node. */
  record Input(int index) implements Argument {}

  /** The address of an output of the node. */
  record Output(int index) implements Argument {}

  /** A 32-bit integer. */
  record Whole(int value) implements Argument {}

  /** A float. */
  record Real(float value) implements Argument {}
}
