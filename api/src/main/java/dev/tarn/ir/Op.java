package dev.tarn.ir;

import dev.tarn.ShapeException;
import dev.tarn.Spec;
import java.util.List;

/**
 * An operation with its attributes; what it computes is said once, in Javadoc, and executed by the
 * reference backend.
 *
 * <p>Operations are pure: outputs depend on inputs and attributes only. The interface is sealed and
 * visited, so that a new operation does not compile until every backend and pass handles it.
 */
public sealed interface Op
    permits Elementwise,
        Broadcast,
        Constant,
        DropoutMask,
        Fused,
        MatMul,
        Reduce,
        ArgMax,
        CumulativeSum,
        Reshape,
        SoftmaxCrossEntropy,
        SoftmaxCrossEntropyGrad,
        FirstNonFinite,
        Conv2d,
        Conv2dGradInput,
        Conv2dGradWeight,
        Pool2d,
        Pool2dGrad,
        BatchNorm,
        BatchNormGrad,
        NormalizeRows,
        NormalizeRowsGrad,
        Transpose,
        Slice,
        Concat,
        Pad,
        Gather,
        GatherGrad,
        Softmax,
        SoftmaxGrad,
        StopGradient,
        Custom,
        Cast {

  /** The name in printed programs and messages. */
  String name();

  /**
   * The specs of the outputs for inputs of the given specs.
   *
   * @throws ShapeException if the inputs do not fit, naming the operation and what it was given
   */
  List<Spec> infer(List<Spec> inputs);

  /** Calls the visitor's method for this operation. */
  <R> R accept(Visitor<R> visitor);

  /** Whether an input may have one element where all of its elements are the same. */
  default boolean takesOne(int input) {
    return false;
  }

  /** The attributes as they are printed after the operands; empty if there are none. */
  default String attributes() {
    return "";
  }

  /** One method per operation. */
  interface Visitor<R> {
    /** Visits an elementwise operation. */
    R visit(Elementwise op);

    /** Visits a broadcast. */
    R visit(Broadcast op);

    /** Visits a constant. */
    R visit(Constant op);

    /** Visits a dropout mask. */
    R visit(DropoutMask op);

    /** Visits a chain of fused elementwise operations. */
    R visit(Fused op);

    /** Visits a matrix product. */
    R visit(MatMul op);

    /** Visits a reduction. */
    R visit(Reduce op);

    /** Visits an arg-max. */
    R visit(ArgMax op);

    /** Visits a running sum. */
    R visit(CumulativeSum op);

    /** Visits a reshape. */
    R visit(Reshape op);

    /** Visits a softmax cross-entropy. */
    R visit(SoftmaxCrossEntropy op);

    /** Visits the gradient of a softmax cross-entropy. */
    R visit(SoftmaxCrossEntropyGrad op);

    /** Visits a check for non-finite values. */
    R visit(FirstNonFinite op);

    /** Visits a 2-D convolution. */
    R visit(Conv2d op);

    /** Visits the gradient of a convolution by its image. */
    R visit(Conv2dGradInput op);

    /** Visits the gradient of a convolution by its kernel. */
    R visit(Conv2dGradWeight op);

    /** Visits a pooling. */
    R visit(Pool2d op);

    /** Visits the gradient of a pooling. */
    R visit(Pool2dGrad op);

    /** Visits a batch normalization. */
    R visit(BatchNorm op);

    /** Visits the gradient of a batch normalization. */
    R visit(BatchNormGrad op);

    /** Visits a normalization of rows. */
    R visit(NormalizeRows op);

    /** Visits the gradient of a normalization of rows. */
    R visit(NormalizeRowsGrad op);

    /** Visits a transpose. */
    R visit(Transpose op);

    /** Visits a slice. */
    R visit(Slice op);

    /** Visits a concatenation. */
    R visit(Concat op);

    /** Visits a padding. */
    R visit(Pad op);

    /** Visits a gathering of rows. */
    R visit(Gather op);

    /** Visits the gradient of a gathering of rows. */
    R visit(GatherGrad op);

    /** Visits a softmax or its logarithm. */
    R visit(Softmax op);

    /** Visits the gradient of a softmax or its logarithm. */
    R visit(SoftmaxGrad op);

    /** Visits the end of a gradient's way. */
    R visit(StopGradient op);

    /** Visits an operation that a user wrote. */
    R visit(Custom op);

    /** Visits a cast. */
    R visit(Cast op);
  }

  /**
   * Checks the number of inputs.
   *
   * @throws ShapeException if it is another
   */
  static void arity(Op op, List<Spec> inputs, int expected) {
    if (inputs.size() != expected) {
      throw new ShapeException(
          op.name() + ": takes " + expected + " inputs, was given " + inputs.size());
    }
  }
}
