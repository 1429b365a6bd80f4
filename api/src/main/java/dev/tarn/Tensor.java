package dev.tarn;

import dev.tarn.ir.Broadcast;
import dev.tarn.ir.Cast;
import dev.tarn.ir.Conv2d;
import dev.tarn.ir.Gather;
import dev.tarn.ir.MatMul;
import dev.tarn.ir.NormalizeRows;
import dev.tarn.ir.Pool2d;
import dev.tarn.ir.Softmax;
import dev.tarn.ir.SoftmaxCrossEntropy;
import dev.tarn.ir.StopGradient;
import dev.tarn.ir.Value;
import java.util.List;

/**
 * A symbolic tensor: it has a shape and a place in a {@link Trace}, but no data.
 *
 * <p>Its methods record operations and give new tensors. There is no way to read a value here;
 * results are read from an executable as {@link HostTensor}s. Binary operations broadcast as in
 * NumPy.
 */
public final class Tensor extends TensorMath {
  /** What the names of outputs made by {@link #debugPrint} begin with. */
  public static final String DEBUG_PREFIX = "debug:";

  private final Trace trace;
  private final Value value;

  Tensor(Trace trace, Value value) {
    this.trace = trace;
    this.value = value;
  }

  /** The trace that this tensor belongs to. */
  @Override
  public Trace trace() {
    return trace;
  }

  /** The value in the program. */
  public Value value() {
    return value;
  }

  /** Element type and shape. */
  public Spec spec() {
    return value.spec();
  }

  /** The shape. */
  public Shape shape() {
    return value.spec().shape();
  }

  /**
   * The matrix product: {@code [M,K] x [K,N] -> [M,N]}, or a batch of them: {@code [B,M,K] x
   * [B,K,N] -> [B,M,N]}, where an operand of two axes or of batch 1 is used for all.
   *
   * @throws ShapeException if the inner dimensions or the batches differ
   */
  public Tensor matmul(Tensor other) {
    return matmul(other, false, false);
  }

  /**
   * The matrix product of this and other, the last two axes of each transposed first if so asked.
   *
   * @throws ShapeException if the inner dimensions or the batches differ
   */
  public Tensor matmul(Tensor other, boolean transposeThis, boolean transposeOther) {
    Shape shape = shape();
    if (shape.rank() == 3 && other.shape().rank() == 2 && !transposeThis) {
      // One product of [B M, K] is faster than B products, and so are its gradients.
      Tensor rows = reshape(shape.dim(0) * shape.dim(1), shape.dim(2));
      Tensor product = rows.matmul(other, false, transposeOther);
      return product.reshape(shape.dim(0), shape.dim(1), product.shape().dim(1));
    }
    return trace.add(new MatMul(transposeThis, transposeOther), this, other).get(0);
  }

  /** The sum over the given axes, which vanish; over all axes if none is given. */
  public Tensor sum(int... axes) {
    return TensorReductions.sum(this, axes);
  }

  /** The sum over the given axes, or over all if there are none; they may keep extent one. */
  public Tensor sum(int[] axes, boolean keepDims) {
    return TensorReductions.kept(this, sum(axes), axes, keepDims);
  }

  /** The mean over the given axes, which vanish; over all axes if none is given. */
  public Tensor mean(int... axes) {
    return TensorReductions.mean(this, axes);
  }

  /** The mean over the given axes, or over all if there are none; they may keep extent one. */
  public Tensor mean(int[] axes, boolean keepDims) {
    return TensorReductions.kept(this, mean(axes), axes, keepDims);
  }

  /** The largest element over the given axes, which vanish; over all axes if none is given. */
  public Tensor max(int... axes) {
    return TensorReductions.max(this, axes);
  }

  /** The largest element over the given axes, or over all; they may keep extent one. */
  public Tensor max(int[] axes, boolean keepDims) {
    return TensorReductions.kept(this, max(axes), axes, keepDims);
  }

  /** The smallest element over the given axes, which vanish; over all axes if none is given. */
  public Tensor min(int... axes) {
    return TensorReductions.min(this, axes);
  }

  /** The smallest element over the given axes, or over all; they may keep extent one. */
  public Tensor min(int[] axes, boolean keepDims) {
    return TensorReductions.kept(this, min(axes), axes, keepDims);
  }

  /**
   * The running sum along an axis: {@code y_i = x_0 + ... + x_i}, of this shape. A negative axis
   * counts from the last.
   *
   * @throws ShapeException if there is no such axis or the elements are not f32
   */
  public Tensor cumulativeSum(int axis) {
    return TensorReductions.cumulativeSum(this, axis);
  }

  /**
   * The index of the largest element along the last axis: {@code [..., C] -> i32 [...]}. Of equal
   * elements the first counts; NaN counts as larger than every number. Among all elements: {@code
   * x.reshape(-1).argmax()}.
   *
   * @throws ShapeException if there is no such axis or it has extent zero
   */
  public Tensor argmax() {
    return argmax(-1);
  }

  /** The index of the largest element along an axis, which vanishes, as {@link #argmax()}. */
  public Tensor argmax(int axis) {
    return TensorReductions.argmax(this, axis);
  }

  /**
   * The index of the smallest element along the last axis: {@code [..., C] -> i32 [...]}. Of equal
   * elements the first counts; NaN counts as smaller than every number.
   *
   * @throws ShapeException if there is no such axis or it has extent zero
   */
  public Tensor argmin() {
    return neg().argmax();
  }

  /** The index of the smallest element along an axis, which vanishes, as {@link #argmin()}. */
  public Tensor argmin(int axis) {
    return neg().argmax(axis);
  }

  /** {@code exp(x) / sum(exp(x))} along the last axis, computed without overflow. */
  public Tensor softmax() {
    return trace.add(new Softmax(false), this).get(0);
  }

  /** {@code x - log(sum(exp(x)))} along the last axis, computed without overflow. */
  public Tensor logSoftmax() {
    return trace.add(new Softmax(true), this).get(0);
  }

  /**
   * The cross-entropy of each row's softmax with its label: logits {@code [N, C]}, labels i32
   * {@code [N]} give losses {@code [N]}.
   *
   * @throws ShapeException if the shapes do not fit
   */
  public Tensor softmaxCrossEntropy(Tensor labels) {
    return trace.add(new SoftmaxCrossEntropy(), this, labels).get(0);
  }

  /**
   * The same elements under another shape; one extent may be -1 and is inferred.
   *
   * @throws ShapeException if the number of elements differs
   */
  public Tensor reshape(int... dims) {
    return TensorShapes.reshape(this, dims);
  }

  /** Every example as a vector: {@code [N, ...] -> [N, D]}. */
  public Tensor flatten() {
    return reshape(shape().dim(0), (int) (shape().size() / Math.max(1, shape().dim(0))));
  }

  /**
   * This tensor repeated along axes of extent one to a given shape.
   *
   * @throws ShapeException if it does not broadcast to that shape
   */
  public Tensor broadcastTo(Shape target) {
    return target.equals(shape()) ? this : trace.add(new Broadcast(target), this).get(0);
  }

  /**
   * Sums over the axes along which this tensor's shape exceeds {@code target}: the adjoint of
   * broadcasting {@code target} to this shape.
   */
  public Tensor sumTo(Shape target) {
    return TensorReductions.sumTo(this, target);
  }

  /**
   * The largest element of each window: {@code [N, C, H, W] -> [N, C, P, Q]}. Of equal elements the
   * first gets the gradient; NaN counts as larger than every number.
   *
   * @throws ShapeException if this is not {@code [N, C, H, W]} or smaller than a window
   */
  public Tensor maxPool2d(PoolWindow window) {
    return trace.add(new Pool2d(Pool2d.Kind.MAX, window, false), this).get(0);
  }

  /** The largest element of each square of {@code kernel x kernel}, as {@link #maxPool2d}. */
  public Tensor maxPool2d(int kernel) {
    return maxPool2d(PoolWindow.of(kernel));
  }

  /**
   * The average of each window: {@code [N, C, H, W] -> [N, C, P, Q]}.
   *
   * @param countIncludePad whether padding counts, as zeros
   * @throws ShapeException if this is not {@code [N, C, H, W]} or smaller than a window
   */
  public Tensor averagePool2d(PoolWindow window, boolean countIncludePad) {
    return trace.add(new Pool2d(Pool2d.Kind.AVERAGE, window, countIncludePad), this).get(0);
  }

  /** The average of each square of {@code kernel x kernel}, as {@link #averagePool2d}. */
  public Tensor averagePool2d(int kernel) {
    return averagePool2d(PoolWindow.of(kernel), false);
  }

  /** The average of each channel: {@code [N, C, H, W] -> [N, C]}. */
  public Tensor globalAveragePool2d() {
    return TensorImages.globalAveragePool2d(this);
  }

  /**
   * The average of each field of a grid: {@code [N, C, H, W] -> [N, C, rows, columns]}.
   *
   * @throws ShapeException if H or W is not a multiple of the number of fields along it
   */
  public Tensor adaptiveAveragePool2d(int rows, int columns) {
    return TensorImages.adaptiveAveragePool2d(this, rows, columns);
  }

  /**
   * The largest element of each field of a grid: {@code [N, C, H, W] -> [N, C, rows, columns]}.
   *
   * @throws ShapeException if H or W is not a multiple of the number of fields along it
   */
  public Tensor adaptiveMaxPool2d(int rows, int columns) {
    return TensorImages.adaptiveMaxPool2d(this, rows, columns);
  }

  /**
   * Each element repeated in both directions: {@code [N, C, H, W] -> [N, C, factor H, factor W]}.
   *
   * @throws ShapeException if this is not {@code [N, C, H, W]} or the factor is not positive
   */
  public Tensor upsampleNearest2d(int factor) {
    return TensorImages.upsampleNearest2d(this, factor);
  }

  /**
   * Each row of {@code [R, D]} shifted and scaled to mean 0 and variance 1: {@code (x - mean) /
   * sqrt(variance + epsilon)} with the biased variance.
   *
   * @throws ShapeException if this is not a matrix with columns
   */
  public Tensor normalizeRows(double epsilon) {
    return trace.add(new NormalizeRows(epsilon), this).get(0);
  }

  /**
   * The axes in another order: axis i of the result is axis {@code axes[i]} of this; all axes
   * reversed if none is given. f32 or i32.
   *
   * @throws ShapeException unless every axis is named once
   */
  public Tensor transpose(int... axes) {
    return TensorShapes.transpose(this, axes);
  }

  /** Each matrix transposed: {@code [..., M, N] -> [..., N, M]}. */
  public Tensor t() {
    return TensorShapes.t(this);
  }

  /**
   * The box from {@code starts[i]} to before {@code ends[i]} along each axis i. f32 or i32.
   *
   * @throws ShapeException if it does not lie in this tensor
   */
  public Tensor slice(int[] starts, int[] ends) {
    return TensorShapes.slice(this, starts, ends);
  }

  /** The part of an axis that begins at {@code from} and is {@code length} long. */
  public Tensor narrow(int axis, int from, int length) {
    return TensorShapes.narrow(this, axis, from, length);
  }

  /**
   * This tensor cut along an axis into so many equal parts.
   *
   * @throws ShapeException if they cannot be equal
   */
  public List<Tensor> split(int axis, int parts) {
    return TensorShapes.split(this, axis, parts);
  }

  /**
   * This tensor cut along an axis into parts of the given extents.
   *
   * @throws ShapeException if the extents do not add up
   */
  public List<Tensor> split(int axis, int[] extents) {
    return TensorShapes.split(this, axis, extents);
  }

  /**
   * Tensors one after the other along an axis. f32 or i32.
   *
   * @throws ShapeException if they differ along another axis
   */
  public static Tensor concat(int axis, List<Tensor> tensors) {
    return TensorShapes.concat(axis, tensors);
  }

  /**
   * Tensors of one shape one after the other along a new axis: n times {@code [A, B]} along axis 1
   * gives {@code [A, n, B]}.
   *
   * @throws ShapeException if their shapes differ
   */
  public static Tensor stack(int axis, List<Tensor> tensors) {
    return TensorShapes.stack(axis, tensors);
  }

  /**
   * This tensor in a border: along axis i there are {@code before[i]} elements of a value before it
   * and {@code after[i]} after it. f32 or i32.
   */
  public Tensor pad(int[] before, int[] after, double number) {
    return TensorShapes.pad(this, before, after, number);
  }

  /**
   * Rows of this table by their numbers: {@code [V, D]} and i32 {@code [...]} give {@code [...,
   * D]}. A number outside {@code [0, V)} gives a row of NaN. The gradient is a whole table.
   */
  public Tensor gather(Tensor indices) {
    return trace.add(new Gather(), this, indices).get(0);
  }

  /**
   * A row of {@code classes} numbers for each index, 1 where it points to, else 0: i32 {@code
   * [...]} gives f32 {@code [..., classes]}. An index outside {@code [0, classes)} gives zeros.
   */
  public Tensor oneHot(int classes) {
    return TensorShapes.oneHot(this, classes);
  }

  /** The same elements without an axis of extent one. */
  public Tensor squeeze(int axis) {
    return TensorShapes.squeeze(this, axis);
  }

  /** The same elements with a new axis of extent one at a place; -1 is after the last. */
  public Tensor unsqueeze(int axis) {
    return TensorShapes.unsqueeze(this, axis);
  }

  /**
   * This f32 tensor repeated along axes of extent one to the given extents; -1 keeps an axis as it
   * is. More extents than axes put new axes in front.
   *
   * @throws ShapeException if it does not broadcast to them
   */
  public Tensor expand(int... dims) {
    return TensorShapes.expand(this, dims);
  }

  /** {@code ifTrue} where the condition is not zero, else {@code ifFalse}; see {@link #select}. */
  public static Tensor where(Tensor condition, Tensor ifTrue, Tensor ifFalse) {
    return condition.select(ifTrue, ifFalse);
  }

  /** This tensor, through which no gradient flows. */
  public Tensor stopGradient() {
    return trace.add(new StopGradient(), this).get(0);
  }

  /** Prints statistics of this tensor at every run, under a label, to standard error. */
  public Tensor debugPrint(String label) {
    trace.output(DEBUG_PREFIX + label, this);
    return this;
  }

  /**
   * The 2-D convolution with a kernel: {@code [N, C, H, W]} by {@code [O, C/groups, kH, kW]} gives
   * {@code [N, O, P, Q]}; see {@link Conv2d} for the formula.
   *
   * @throws ShapeException if the channels do not fit, or the kernel is larger than the padded
   *     image
   */
  public Tensor conv2d(Tensor kernel, Window2d window) {
    return trace.add(new Conv2d(window), this, kernel).get(0);
  }

  /**
   * The transposed 2-D convolution, the adjoint of {@link #conv2d}: {@code [N, C, H, W]} by {@code
   * [C, O/groups, kH, kW]} gives {@code [N, O, (H-1) strideH - padTop - padBottom + dilationH
   * (kH-1) + 1 + extraRows, ...]}.
   *
   * @param extraRows rows appended to the result, fewer than {@code strideH}: a convolution with a
   *     stride takes images of several extents to one
   * @param extraColumns the same for columns
   * @throws ShapeException if the channels do not fit, or the result would be empty
   */
  public Tensor convTranspose2d(Tensor kernel, Window2d window, int extraRows, int extraColumns) {
    return TensorImages.convTranspose2d(this, kernel, window, extraRows, extraColumns);
  }

  /**
   * The same values in another element type: f32, i32, or bf16; f32 to i32 drops the fraction.
   *
   * @throws ShapeException unless this or the result is f32
   */
  public Tensor cast(DType to) {
    return spec().dtype() == to ? this : trace.add(new Cast(to), this).get(0);
  }

  /**
   * The first output of an operation that a user wrote, whose inputs are this and others; {@link
   * Trace#custom} gives all outputs.
   *
   * @throws ShapeException if the inputs do not fit
   */
  public Tensor custom(CustomOp op, Tensor... others) {
    return trace.custom(op, with(others)).get(0);
  }

  /** Name and spec, for instance {@code %7: f32[32,128]}. */
  @Override
  public String toString() {
    return value + ": " + spec();
  }
}
