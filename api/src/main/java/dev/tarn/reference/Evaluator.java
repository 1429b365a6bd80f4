package dev.tarn.reference;

import dev.tarn.DType;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.internal.Philox;
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
  private static final Spec BF16 = new Spec(DType.BF16, Shape.SCALAR);

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
    List<double[]> operands = new ArrayList<>();
    for (int i = 0; i < inputs.size(); i++) {
      operands.add(broadcast(i, outShape()));
    }
    return rounded(apply(op.kind(), operands));
  }

  private double[] apply(Elementwise.Kind kind, List<double[]> operands) {
    Elementwise op = new Elementwise(kind);
    double[] a = operands.get(0);
    double[] b = operands.size() > 1 ? operands.get(1) : a;
    double[] c = operands.size() > 2 ? operands.get(2) : a;
    double[] out = new double[a.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = op.apply(a[i], b[i], c[i]);
    }
    return out;
  }

  @Override
  public List<double[]> visit(Broadcast op) {
    return List.of(broadcast(0, op.shape()));
  }

  /** An input's values repeated to a shape. */
  private double[] broadcast(int input, Shape target) {
    double[] in = inputs.get(input);
    Shape shape = inShape(input);
    if (shape.equals(target)) {
      return in;
    }
    int[] strides = shape.broadcastStrides(target);
    double[] out = new double[target.intSize()];
    int[] index = new int[target.rank()];
    int from = 0;
    for (int i = 0; i < out.length; i++) {
      out[i] = in[from];
      for (int axis = target.rank() - 1; axis >= 0; axis--) {
        from += strides[axis];
        if (++index[axis] < target.dim(axis)) {
          break;
        }
        from -= strides[axis] * index[axis];
        index[axis] = 0;
      }
    }
    return out;
  }

  @Override
  public List<double[]> visit(Constant op) {
    return rounded(op.data().toDoubles());
  }

  @Override
  public List<double[]> visit(DropoutMask op) {
    return rounded(mask(op, inputs.get(0), inputs.get(1)));
  }

  private static double[] mask(DropoutMask op, double[] seed, double[] step) {
    double[] out = new double[op.shape().intSize()];
    int[] words = new int[4];
    float scale = 1 / op.keep();
    for (int i = 0; i < out.length; i++) {
      if (i % 4 == 0) {
        Philox.words(
            (int) seed[0],
            (int) seed[1],
            i / 4,
            (int) step[0],
            (int) op.stream(),
            (int) (op.stream() >>> 32),
            words);
      }
      out[i] = Integer.compareUnsigned(words[i % 4], op.threshold()) <= 0 ? scale : 0;
    }
    return out;
  }

  @Override
  public List<double[]> visit(Fused op) {
    List<double[]> registers = new ArrayList<>();
    Spec spec = Spec.f32(op.shape());
    for (Fused.Instruction instruction : op.tape()) {
      double[] value;
      if (instruction instanceof Fused.Load load) {
        value = broadcast(load.input(), op.shape());
      } else if (instruction instanceof Fused.Immediate immediate) {
        value = new double[op.shape().intSize()];
        Arrays.fill(value, immediate.value());
      } else if (instruction instanceof Fused.Mask mask) {
        value = mask(mask.op(), inputs.get(mask.seed()), inputs.get(mask.step()));
      } else if (instruction instanceof Fused.Apply apply) {
        value = apply(apply.kind(), apply.operands().stream().map(registers::get).toList());
      } else if (instruction instanceof Fused.Round round) {
        value = Arrays64.round(registers.get(round.operand()).clone(), BF16, inDouble);
      } else {
        throw new IllegalStateException("unknown instruction " + instruction);
      }
      registers.add(
          instruction instanceof Fused.Load ? value : Arrays64.round(value, spec, inDouble));
    }
    List<double[]> results = op.results().stream().map(r -> registers.get(r).clone()).toList();
    return roundedAll(results);
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
    double[] in = inputs.get(0);
    double[] out = new double[outShape().intSize()];
    boolean max = op.kind() == Reduce.Kind.MAX;
    Arrays.fill(out, max ? Double.NEGATIVE_INFINITY : 0);
    Shape shape = inShape(0);
    int[] strides = outShape().broadcastStrides(shape);
    int[] index = new int[shape.rank()];
    int to = 0;
    for (double value : in) {
      out[to] = max ? Math.max(out[to], value) : out[to] + value;
      for (int axis = shape.rank() - 1; axis >= 0; axis--) {
        to += strides[axis];
        if (++index[axis] < shape.dim(axis)) {
          break;
        }
        to -= strides[axis] * index[axis];
        index[axis] = 0;
      }
    }
    return rounded(out);
  }

  @Override
  public List<double[]> visit(ArgMax op) {
    double[] in = inputs.get(0);
    int columns = inShape(0).dim(1);
    double[] out = new double[inShape(0).dim(0)];
    for (int row = 0; row < out.length; row++) {
      int best = 0;
      for (int j = 1; j < columns; j++) {
        double value = in[row * columns + j];
        double largest = in[row * columns + best];
        if (value > largest || (Double.isNaN(value) && !Double.isNaN(largest))) {
          best = j;
        }
      }
      out[row] = best;
    }
    return List.of(out);
  }

  @Override
  public List<double[]> visit(Reshape op) {
    return List.of(inputs.get(0));
  }

  @Override
  public List<double[]> visit(SoftmaxCrossEntropy op) {
    double[] logits = inputs.get(0);
    double[] labels = inputs.get(1);
    int columns = inShape(0).dim(1);
    double[] loss = new double[labels.length];
    double[] lse = new double[labels.length];
    for (int row = 0; row < labels.length; row++) {
      double max = Double.NEGATIVE_INFINITY;
      for (int j = 0; j < columns; j++) {
        max = Math.max(max, logits[row * columns + j]);
      }
      double sum = 0;
      for (int j = 0; j < columns; j++) {
        sum += StrictMath.exp(logits[row * columns + j] - max);
      }
      lse[row] = max + StrictMath.log(sum);
      int label = (int) labels[row];
      boolean known = label >= 0 && label < columns;
      loss[row] = known ? lse[row] - logits[row * columns + label] : Double.NaN;
    }
    return List.of(
        Arrays64.round(loss, node.outputs().get(0).spec(), inDouble),
        Arrays64.round(lse, node.outputs().get(1).spec(), inDouble));
  }

  @Override
  public List<double[]> visit(SoftmaxCrossEntropyGrad op) {
    double[] logits = inputs.get(0);
    double[] labels = inputs.get(1);
    double[] lse = inputs.get(2);
    double[] grad = inputs.get(3);
    int columns = inShape(0).dim(1);
    double[] out = new double[logits.length];
    for (int row = 0; row < labels.length; row++) {
      int label = (int) labels[row];
      boolean known = label >= 0 && label < columns;
      for (int j = 0; j < columns; j++) {
        double probability = StrictMath.exp(logits[row * columns + j] - lse[row]);
        double delta = probability - (j == label ? 1 : 0);
        out[row * columns + j] = known ? delta * grad[row] : Double.NaN;
      }
    }
    return rounded(out);
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
    return List.of(MovementKernels.pad(op, inputs.get(0), inShape(0), outShape()));
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
