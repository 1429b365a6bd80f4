package dev.tarn.transform;

import dev.tarn.DType;
import dev.tarn.Shape;
import dev.tarn.ShapeException;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.ir.ArgMax;
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
import dev.tarn.ir.Reduce;
import dev.tarn.ir.Reshape;
import dev.tarn.ir.Slice;
import dev.tarn.ir.Softmax;
import dev.tarn.ir.SoftmaxCrossEntropy;
import dev.tarn.ir.SoftmaxCrossEntropyGrad;
import dev.tarn.ir.SoftmaxGrad;
import dev.tarn.ir.StopGradient;
import dev.tarn.ir.Transpose;
import dev.tarn.ir.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reverse-mode differentiation: appends to a trace the nodes that compute a gradient.
 *
 * <p>One rule per operation. Nodes that no wanted gradient needs are not made, so the first layer
 * of a network has no gradient by its input.
 */
public final class Gradient {
  private final Trace trace;
  private final Map<Value, Tensor> cotangents = new HashMap<>();
  private final Set<Value> active = new HashSet<>();

  private Gradient(Trace trace) {
    this.trace = trace;
  }

  /**
   * The gradients of a scalar by some tensors.
   *
   * @param loss a scalar
   * @param by the tensors, for instance parameters read with {@link Trace#state}
   * @return one gradient per tensor, of the tensor's shape; zeros where the loss does not depend on
   *     it
   * @throws ShapeException if {@code loss} is not a scalar
   */
  public static List<Tensor> of(Tensor loss, List<Tensor> by) {
    if (loss.shape().rank() != 0) {
      throw loss.trace().failure("gradient: the loss must be a scalar, it is " + loss.spec());
    }
    return new Gradient(loss.trace()).run(loss, by);
  }

  private List<Tensor> run(Tensor loss, List<Tensor> by) {
    List<Node> nodes = trace.nodes();
    by.forEach(tensor -> active.add(tensor.value()));
    for (Node node : nodes) {
      if (node.inputs().stream().anyMatch(active::contains)) {
        active.addAll(node.outputs());
      }
    }
    if (active.contains(loss.value())) {
      cotangents.put(loss.value(), trace.constant(1));
    }
    for (int i = nodes.size() - 1; i >= 0; i--) {
      Node node = nodes.get(i);
      if (node.inputs().stream().anyMatch(active::contains)
          && node.outputs().stream().anyMatch(cotangents::containsKey)) {
        trace.at(node.origin(), () -> backward(node));
      }
    }
    List<Tensor> gradients = new ArrayList<>();
    for (Tensor tensor : by) {
      Tensor gradient = cotangents.get(tensor.value());
      gradients.add(gradient != null ? gradient : trace.constant(0).broadcastTo(tensor.shape()));
    }
    return gradients;
  }

  private boolean backward(Node node) {
    List<@Nullable Tensor> grads = node.op().accept(new Rules(node));
    for (int i = 0; i < grads.size(); i++) {
      Tensor grad = grads.get(i);
      Value input = node.inputs().get(i);
      if (grad != null && active.contains(input)) {
        cotangents.merge(input, grad, Tensor::add);
      }
    }
    return true;
  }

  /** The rules: for each operation the gradients by its inputs, null where there is none. */
  private final class Rules implements Op.Visitor<List<@Nullable Tensor>> {
    private final Node node;

    Rules(Node node) {
      this.node = node;
    }

    private Tensor in(int i) {
      return trace.tensor(node.inputs().get(i));
    }

    private Tensor out() {
      return trace.tensor(node.outputs().get(0));
    }

    private @Nullable Tensor grad(int output) {
      return cotangents.get(node.outputs().get(output));
    }

    private Tensor grad() {
      Tensor grad = grad(0);
      if (grad == null) {
        throw new IllegalStateException("no gradient for " + node);
      }
      return grad;
    }

    private boolean wanted(int i) {
      return active.contains(node.inputs().get(i));
    }

    @Override
    public List<@Nullable Tensor> visit(Elementwise op) {
      return new ElementwiseGradient(grad(), tensors(node.inputs()), out(), this::wanted)
          .of(op.kind());
    }

    /** Sums a gradient over the axes along which the input was broadcast. */
    private @Nullable Tensor to(int i, Tensor g) {
      return wanted(i) ? g.sumTo(node.inputs().get(i).spec().shape()) : null;
    }

    @Override
    public List<@Nullable Tensor> visit(Broadcast op) {
      return list(to(0, grad()));
    }

    @Override
    public List<@Nullable Tensor> visit(MatMul op) {
      Tensor g = grad();
      Tensor a = in(0);
      Tensor b = in(1);
      boolean ta = op.transposeA();
      boolean tb = op.transposeB();
      return list(
          wanted(0) ? to(0, ta ? b.matmul(g, tb, true) : g.matmul(b, false, !tb)) : null,
          wanted(1) ? to(1, tb ? g.matmul(a, true, ta) : a.matmul(g, !ta, false)) : null);
    }

    @Override
    public List<@Nullable Tensor> visit(Reduce op) {
      Shape shape = in(0).shape();
      if (op.kind() == Reduce.Kind.SUM) {
        return list(grad().broadcastTo(shape));
      }
      Tensor ties = in(0).equal(out());
      Tensor count = trace.add(new Reduce(Reduce.Kind.SUM, op.axes()), ties).get(0);
      return list(ties.mul(grad().div(count)));
    }

    @Override
    public List<@Nullable Tensor> visit(Reshape op) {
      return list(grad().reshape(in(0).shape().dims()));
    }

    @Override
    public List<@Nullable Tensor> visit(SoftmaxCrossEntropy op) {
      Tensor lse = trace.tensor(node.outputs().get(1));
      Op twin = new SoftmaxCrossEntropyGrad();
      return list(trace.add(twin, in(0), in(1), lse, grad()).get(0), null);
    }

    @Override
    public List<@Nullable Tensor> visit(SoftmaxCrossEntropyGrad op) {
      throw onlyOnce("softmax_cross_entropy");
    }

    private ShapeException onlyOnce(String name) {
      return new ShapeException(
          "gradient: " + name + " can be differentiated only once" + node.origin().suffix());
    }

    @Override
    public List<@Nullable Tensor> visit(Fused op) {
      throw new IllegalStateException("gradient: fusion comes after differentiation");
    }

    @Override
    public List<@Nullable Tensor> visit(Constant op) {
      return List.of();
    }

    @Override
    public List<@Nullable Tensor> visit(DropoutMask op) {
      return list(null, null);
    }

    @Override
    public List<@Nullable Tensor> visit(ArgMax op) {
      return list((Tensor) null);
    }

    @Override
    public List<@Nullable Tensor> visit(CumulativeSum op) {
      return list(trace.add(new CumulativeSum(op.axis(), !op.reverse()), grad()).get(0));
    }

    @Override
    public List<@Nullable Tensor> visit(FirstNonFinite op) {
      return list();
    }

    @Override
    public List<@Nullable Tensor> visit(Conv2d op) {
      return ConvolutionGradient.of(op, grad(), in(0), in(1), wanted(0), wanted(1));
    }

    @Override
    public List<@Nullable Tensor> visit(Conv2dGradInput op) {
      return ConvolutionGradient.of(op, grad(), in(0), in(1), wanted(0), wanted(1));
    }

    @Override
    public List<@Nullable Tensor> visit(Conv2dGradWeight op) {
      return ConvolutionGradient.of(op, grad(), in(0), in(1), wanted(0), wanted(1));
    }

    @Override
    public List<@Nullable Tensor> visit(Pool2d op) {
      Op twin = new Pool2dGrad(op, in(0).shape().dim(2), in(0).shape().dim(3));
      return list(
          (op.kind() == Pool2d.Kind.MAX ? trace.add(twin, in(0), grad()) : trace.add(twin, grad()))
              .get(0));
    }

    @Override
    public List<@Nullable Tensor> visit(Pool2dGrad op) {
      throw onlyOnce(op.pool().name());
    }

    @Override
    public List<@Nullable Tensor> visit(BatchNorm op) {
      return NormalizationGradient.batchNorm(
          op.epsilon(), tensors(node.inputs()), tensors(node.outputs()), grads());
    }

    @Override
    public List<@Nullable Tensor> visit(BatchNormGrad op) {
      throw onlyOnce("batch_norm");
    }

    @Override
    public List<@Nullable Tensor> visit(NormalizeRows op) {
      return list(
          NormalizationGradient.rows(op.epsilon(), in(0), tensors(node.outputs()), grads()));
    }

    @Override
    public List<@Nullable Tensor> visit(NormalizeRowsGrad op) {
      throw onlyOnce("normalize_rows");
    }

    private List<Tensor> tensors(List<Value> values) {
      return values.stream().map(trace::tensor).toList();
    }

    /** The gradients of all outputs, null where there is none. */
    private List<@Nullable Tensor> grads() {
      return Arrays.asList(node.outputs().stream().map(cotangents::get).toArray(Tensor[]::new));
    }

    @Override
    public List<@Nullable Tensor> visit(Transpose op) {
      return list(trace.add(op.inverse(), grad()).get(0));
    }

    @Override
    public List<@Nullable Tensor> visit(Slice op) {
      return list(MovementGradient.slice(op, in(0).shape(), grad()));
    }

    @Override
    public List<@Nullable Tensor> visit(Concat op) {
      return MovementGradient.concat(op, node.inputs(), grad());
    }

    @Override
    public List<@Nullable Tensor> visit(Pad op) {
      return list(MovementGradient.pad(op, in(0).shape(), grad()));
    }

    @Override
    public List<@Nullable Tensor> visit(Gather op) {
      Op twin = new GatherGrad(in(0).shape().dim(0));
      return list(wanted(0) ? trace.add(twin, in(1), grad()).get(0) : null, null);
    }

    @Override
    public List<@Nullable Tensor> visit(GatherGrad op) {
      return list(null, grad().gather(in(0)));
    }

    @Override
    public List<@Nullable Tensor> visit(Softmax op) {
      return list(trace.add(new SoftmaxGrad(op.log()), out(), grad()).get(0));
    }

    @Override
    public List<@Nullable Tensor> visit(SoftmaxGrad op) {
      throw new ShapeException(
          "gradient: softmax can be differentiated only once" + node.origin().suffix());
    }

    @Override
    public List<@Nullable Tensor> visit(StopGradient op) {
      return list((Tensor) null);
    }

    @Override
    public List<@Nullable Tensor> visit(Custom op) {
      return CustomGradient.of(
          op, tensors(node.inputs()), tensors(node.outputs()), grads(), node.origin());
    }

    @Override
    public List<@Nullable Tensor> visit(Cast op) {
      DType from = in(0).spec().dtype();
      return list(from.isFloat() && op.to().isFloat() ? grad().cast(from) : null);
    }
  }

  private static List<@Nullable Tensor> list(@Nullable Tensor... tensors) {
    return Arrays.asList(tensors);
  }
}
