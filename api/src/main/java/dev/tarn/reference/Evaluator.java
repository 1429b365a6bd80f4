package dev.tarn.reference;

import dev.tarn.DType;
import dev.tarn.Shape;
import dev.tarn.ir.ArgMax;
import dev.tarn.ir.Arithmetic;
import dev.tarn.ir.BatchNorm;
import dev.tarn.ir.BatchNormGrad;
import dev.tarn.ir.Broadcast;
import dev.tarn.ir.Cast;
import dev.tarn.ir.Concat;
import dev.tarn.ir.Constant;
import dev.tarn.ir.Conv2d;
import dev.tarn.ir.Conv2dGradInput;
import dev.tarn.ir.Conv2dGradWeight;
import dev.tarn.ir.CumulativeSum;
import dev.tarn.ir.Custom;
import dev.tarn.ir.DropoutMask;
import dev.tarn.ir.Elementwise;
import dev.tarn.ir.FirstNonFinite;
import dev.tarn.ir.Fused;
import dev.tarn.ir.Gather;
import dev.tarn.ir.GatherGrad;
import dev.tarn.ir.MatMul;
import dev.tarn.ir.Node;
import dev.tarn.ir.NormalizeRows;
import dev.tarn.ir.NormalizeRowsGrad;
import dev.tarn.ir.Op;
import dev.tarn.ir.Pad;
import dev.tarn.ir.Pool2d;
import dev.tarn.ir.Pool2dGrad;
import dev.tarn.ir.Product;
import dev.tarn.ir.Reduce;
import dev.tarn.ir.Reshape;
import dev.tarn.ir.Slice;
import dev.tarn.ir.Softmax;
import dev.tarn.ir.SoftmaxCrossEntropy;
import dev.tarn.ir.SoftmaxCrossEntropyGrad;
import dev.tarn.ir.SoftmaxGrad;
import dev.tarn.ir.StopGradient;
import dev.tarn.ir.Transpose;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Computes one node from the values it reads; outputs are rounded to their type unless in double.
 */
final class Evaluator implements Op.Visitor<List<double[]>> {
  private final Node node;
  private final List<double[]> inputs;
  private final boolean inDouble;

  Evaluator(Node node, List<double[]> inputs, boolean inDouble) {
    this.node = node;
    this.inputs = inputs;
    this.inDouble = inDouble;
  }

  @Override
  public List<double[]> visit(Elementwise op) {
    return rounded(ElementwiseKernels.run(op, node, inputs));
  }

  @Override
  public List<double[]> visit(Broadcast op) {
    return List.of(ElementwiseKernels.broadcast(inputs.get(0), inShape(0), op.shape()));
  }

  @Override
  public List<double[]> visit(Constant op) {
    return rounded(op.data().toDoubles());
  }

  @Override
  public List<double[]> visit(DropoutMask op) {
    return rounded(ElementwiseKernels.mask(op, inputs.get(0), inputs.get(1)));
  }

  @Override
  public List<double[]> visit(Fused op) {
    return roundedAll(ElementwiseKernels.fused(op, node, inputs, inDouble));
  }

  @Override
  public List<double[]> visit(MatMul op) {
    return rounded(MatMulKernel.run(op, factors(op), inShape(0), inShape(1), outShape()));
  }

  /** The operands of a product as they are multiplied. */
  private List<double[]> factors(Product op) {
    return inDouble || op.arithmetic() == Arithmetic.F32
        ? inputs
        : inputs.stream()
            .map(in -> Arrays.stream(in).map(op.arithmetic()::round).toArray())
            .toList();
  }

  @Override
  public List<double[]> visit(Reduce op) {
    return rounded(ReduceKernels.reduce(op, inputs.get(0), inShape(0), outShape()));
  }

  @Override
  public List<double[]> visit(ArgMax op) {
    return List.of(ReduceKernels.argMax(inputs.get(0), inShape(0)));
  }

  @Override
  public List<double[]> visit(CumulativeSum op) {
    return rounded(ReduceKernels.cumulativeSum(op, inputs.get(0), inShape(0)));
  }

  @Override
  public List<double[]> visit(Reshape op) {
    return List.of(inputs.get(0));
  }

  @Override
  public List<double[]> visit(SoftmaxCrossEntropy op) {
    return roundedAll(SoftmaxKernels.crossEntropy(inputs, inShape(0).dim(1)));
  }

  @Override
  public List<double[]> visit(SoftmaxCrossEntropyGrad op) {
    return rounded(SoftmaxKernels.crossEntropyGradient(inputs, inShape(0).dim(1)));
  }

  @Override
  public List<double[]> visit(FirstNonFinite op) {
    double flag = inputs.get(0)[0];
    boolean bad =
        inputs.stream()
            .skip(2)
            .anyMatch(values -> Arrays.stream(values).anyMatch(v -> !Double.isFinite(v)));
    return List.of(new double[] {flag != 0 ? flag : bad ? inputs.get(1)[0] : 0});
  }

  @Override
  public List<double[]> visit(Conv2d op) {
    List<double[]> in = factors(op);
    return rounded(
        ConvolutionKernels.forward(
            op.window(), in.get(0), inShape(0), in.get(1), inShape(1), outShape()));
  }

  @Override
  public List<double[]> visit(Conv2dGradInput op) {
    List<double[]> in = factors(op);
    return rounded(
        ConvolutionKernels.gradInput(
            op.window(), in.get(0), inShape(0), in.get(1), inShape(1), outShape()));
  }

  @Override
  public List<double[]> visit(Conv2dGradWeight op) {
    List<double[]> in = factors(op);
    return rounded(
        ConvolutionKernels.gradWeight(
            op.window(), in.get(0), inShape(0), in.get(1), inShape(1), outShape()));
  }

  @Override
  public List<double[]> visit(Pool2d op) {
    return rounded(PoolingKernels.forward(op, inputs.get(0), inShape(0), outShape()));
  }

  @Override
  public List<double[]> visit(Pool2dGrad op) {
    int dy = inputs.size() - 1;
    return rounded(
        PoolingKernels.backward(op.pool(), inputs.get(0), inputs.get(dy), outShape(), inShape(dy)));
  }

  @Override
  public List<double[]> visit(BatchNorm op) {
    NormalizationKernels kernels = channels(op.epsilon());
    List<double[]> out = kernels.forward(inputs.get(0));
    double[] y = kernels.affine(out.get(0), inputs.get(1), inputs.get(2));
    return roundedAll(List.of(y, out.get(1), out.get(2)));
  }

  @Override
  public List<double[]> visit(BatchNormGrad op) {
    NormalizationKernels kernels = channels(op.epsilon());
    List<double[]> out =
        kernels.backward(inputs.get(0), inputs.get(2), inputs.get(3), inputs.get(4));
    double[] dx = kernels.affine(out.get(0), inputs.get(1), new double[inputs.get(1).length]);
    return roundedAll(List.of(dx, out.get(1), out.get(2)));
  }

  private NormalizationKernels channels(double epsilon) {
    int n = inShape(0).dim(0);
    int c = inShape(0).dim(1);
    return new NormalizationKernels(n, c, inShape(0).intSize() / (n * c), epsilon);
  }

  @Override
  public List<double[]> visit(NormalizeRows op) {
    return roundedAll(rows(op.epsilon()).forward(inputs.get(0)));
  }

  @Override
  public List<double[]> visit(NormalizeRowsGrad op) {
    return rounded(
        rows(op.epsilon())
            .backward(inputs.get(0), inputs.get(1), inputs.get(2), inputs.get(3))
            .get(0));
  }

  private NormalizationKernels rows(double epsilon) {
    return new NormalizationKernels(1, inShape(0).dim(0), inShape(0).dim(1), epsilon);
  }

  private List<double[]> roundedAll(List<double[]> values) {
    List<double[]> out = new ArrayList<>();
    for (int i = 0; i < values.size(); i++) {
      out.add(Arrays64.round(values.get(i), node.outputs().get(i).spec(), inDouble));
    }
    return out;
  }

  @Override
  public List<double[]> visit(Transpose op) {
    return List.of(MovementKernels.transpose(op, inputs.get(0), inShape(0)));
  }

  @Override
  public List<double[]> visit(Slice op) {
    return List.of(MovementKernels.slice(op, inputs.get(0), inShape(0)));
  }

  @Override
  public List<double[]> visit(Concat op) {
    return List.of(MovementKernels.concat(op, inputs, node));
  }

  @Override
  public List<double[]> visit(Pad op) {
    return rounded(MovementKernels.pad(op, inputs.get(0), inShape(0), outShape()));
  }

  @Override
  public List<double[]> visit(Gather op) {
    return List.of(GatherKernels.gather(inputs.get(0), inputs.get(1), inShape(0)));
  }

  @Override
  public List<double[]> visit(GatherGrad op) {
    return rounded(GatherKernels.gradient(inputs.get(0), inputs.get(1), outShape()));
  }

  @Override
  public List<double[]> visit(Softmax op) {
    return rounded(SoftmaxKernels.softmax(op, inputs.get(0), inShape(0).dim(-1)));
  }

  @Override
  public List<double[]> visit(SoftmaxGrad op) {
    return rounded(SoftmaxKernels.gradient(op, inputs.get(0), inputs.get(1), inShape(0).dim(-1)));
  }

  @Override
  public List<double[]> visit(StopGradient op) {
    return List.of(inputs.get(0));
  }

  @Override
  public List<double[]> visit(Custom op) {
    return roundedAll(CustomKernel.run(op, node, inputs, inDouble));
  }

  @Override
  public List<double[]> visit(Cast op) {
    double[] values = inputs.get(0).clone();
    if (op.to() == DType.I32) {
      Arrays.setAll(values, i -> (int) values[i]);
    }
    return rounded(values);
  }

  private Shape inShape(int input) {
    return node.inputs().get(input).spec().shape();
  }

  private Shape outShape() {
    return node.outputs().get(0).spec().shape();
  }

  private List<double[]> rounded(double[] values) {
    return List.of(Arrays64.round(values, node.outputs().get(0).spec(), inDouble));
  }
}
