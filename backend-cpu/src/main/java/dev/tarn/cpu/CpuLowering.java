package dev.tarn.cpu;

import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.Window2d;
import dev.tarn.backend.Buffer;
import dev.tarn.backend.Schedule;
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
import dev.tarn.ir.Program;
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
import java.util.List;

/** Adds the steps of each node of a program to a schedule. */
final class CpuLowering {
  private final Dnnl dnnl;
  private final Team team;
  private final Schedule<Step> schedule;

  CpuLowering(Dnnl dnnl, Team team, Schedule<Step> schedule) {
    this.dnnl = dnnl;
    this.team = team;
    this.schedule = schedule;
  }

  /**
   * Adds the steps of a program's nodes.
   *
   * @param multiple as {@link ImageLayouts} takes it
   */
  void lower(Program program, int multiple) {
    if (program.body().isEmpty()) {
      return;
    }
    ImageLayouts layouts = new ImageLayouts(program, multiple);
    Images images = new Images(dnnl, team.size(), schedule, layouts, program);
    NormalizationLowering normalization =
        new NormalizationLowering(team.size(), schedule, layouts, program);
    PoolingLowering pooling = new PoolingLowering(dnnl, team.size(), schedule, program);
    for (Node node : program.body()) {
      images.begin(node);
      node.op().accept(new ForNode(node, images, pooling, normalization));
      images.end();
    }
  }

  /** Adds a copy from one buffer to another. */
  Step copy(Schedule.Copy copy) {
    Step step = new CopyStep(copy.from(), copy.to(), team.size());
    schedule.add(step, null, List.of(copy.from()), List.of(copy.to()));
    return step;
  }

  private final class ForNode implements Op.Visitor<Schedule<Step>> {
    private final Node node;
    private final Images images;
    private final PoolingLowering pooling;
    private final NormalizationLowering normalization;
    private final List<Buffer> from;
    private final List<Buffer> to;

    ForNode(
        Node node, Images images, PoolingLowering pooling, NormalizationLowering normalization) {
      this.node = node;
      this.images = images;
      this.pooling = pooling;
      this.normalization = normalization;
      this.from = images.operands();
      this.to = images.results();
    }

    private Spec spec(int input) {
      return node.inputs().get(input).spec();
    }

    private Schedule<Step> add(Step step, List<Buffer> reads, List<Buffer> writes) {
      schedule.add(step, node, reads, writes);
      return schedule;
    }

    private Schedule<Step> add(Step step) {
      return add(step, from, to);
    }

    @Override
    public Schedule<Step> visit(MatMul op) {
      return new MatMulLowering(dnnl, team, schedule, node).lower(op);
    }

    @Override
    public Schedule<Step> visit(Fused op) {
      if (normalization.absorbs(node, from, to.get(0))) {
        return schedule;
      }
      List<Operand> operands = new ArrayList<>();
      Shape whole = images.order(op.shape());
      for (int i = 0; i < from.size(); i++) {
        Shape shape = images.order(spec(i).shape());
        operands.add(new Operand(from.get(i), shape, shape.broadcastsTo(whole) ? whole : shape));
      }
      Tape tape =
          TapeCompiler.compile(op, node.inputs().stream().map(Value::spec).toList(), operands);
      add(new TapeStep(tape, op.shape().size(), to, team));
      for (int i = 0; i < from.size(); i++) {
        if (operands.get(i).contiguous()) {
          Buffer read = from.get(i);
          to.forEach(result -> schedule.mayOverwrite(read, result));
        }
      }
      return schedule;
    }

    @Override
    public Schedule<Step> visit(Elementwise op) {
      throw new IllegalStateException(op.name() + " was left out of the tapes");
    }

    @Override
    public Schedule<Step> visit(Broadcast op) {
      throw new IllegalStateException("a broadcast was left out of the tapes");
    }

    @Override
    public Schedule<Step> visit(DropoutMask op) {
      throw new IllegalStateException("a dropout mask was left out of the tapes");
    }

    /** Needs no step: constants are written when the plan is bound. */
    @Override
    public Schedule<Step> visit(Constant op) {
      return schedule;
    }

    @Override
    public Schedule<Step> visit(Reshape op) {
      return schedule;
    }

    @Override
    public Schedule<Step> visit(Reduce op) {
      if (images.areLast()) {
        return add(ChannelsLastStep.sum(spec(0).shape(), from.get(0), to.get(0), team.size()));
      }
      return new ReduceLowering(schedule, node, team.size()).lower(op);
    }

    @Override
    public Schedule<Step> visit(ArgMax op) {
      Shape shape = spec(0).shape();
      return add(new ArgMaxStep(shape.dim(0), shape.dim(1), from.get(0), to.get(0), team.size()));
    }

    @Override
    public Schedule<Step> visit(CumulativeSum op) {
      long[] axes = op.asThreeAxes(spec(0).shape());
      return add(new CumulativeSumStep(op.reverse(), axes, from.get(0), to.get(0), team.size()));
    }

    @Override
    public Schedule<Step> visit(SoftmaxCrossEntropy op) {
      return crossEntropy(false);
    }

    @Override
    public Schedule<Step> visit(SoftmaxCrossEntropyGrad op) {
      return crossEntropy(true);
    }

    private Schedule<Step> crossEntropy(boolean gradient) {
      Shape shape = spec(0).shape();
      return add(
          new SoftmaxCrossEntropyStep(gradient, shape.dim(0), shape.dim(1), from, to, team.size()));
    }

    @Override
    public Schedule<Step> visit(FirstNonFinite op) {
      List<Buffer> tensors = from.subList(2, from.size());
      return add(new FirstNonFiniteStep(from.get(0), from.get(1), tensors, to.get(0), team.size()));
    }

    @Override
    public Schedule<Step> visit(Conv2d op) {
      return convolution(op.window(), node.inputs(), node.output(), Conv2dStep.Pass.FORWARD);
    }

    @Override
    public Schedule<Step> visit(Conv2dGradInput op) {
      List<Value> in = node.inputs();
      return convolution(
          op.window(), List.of(node.output(), in.get(1)), in.get(0), Conv2dStep.Pass.GRAD_INPUT);
    }

    @Override
    public Schedule<Step> visit(Conv2dGradWeight op) {
      List<Value> in = node.inputs();
      return convolution(
          op.window(), List.of(in.get(0), node.output()), in.get(1), Conv2dStep.Pass.GRAD_WEIGHT);
    }

    private Schedule<Step> convolution(
        Window2d window, List<Value> xAndW, Value y, Conv2dStep.Pass pass) {
      Shape x = xAndW.get(0).spec().shape();
      Shape w = xAndW.get(1).spec().shape();
      Conv2dStep.Geometry geometry =
          new Conv2dStep.Geometry(
              window, x, w, y.spec().shape(), images.isMoved(xAndW.get(0)), images.isMoved(y));
      return new ConvolutionLowering(dnnl, team.size(), schedule)
          .lower(node, geometry, pass, from, to.get(0));
    }

    @Override
    public Schedule<Step> visit(Pool2d op) {
      return pooling.forward(node, op, images.areLast(), from, to.get(0));
    }

    @Override
    public Schedule<Step> visit(Pool2dGrad op) {
      return pooling.backward(node, op.pool(), images.areLast(), from, to.get(0));
    }

    @Override
    public Schedule<Step> visit(BatchNorm op) {
      if (images.areLast()) {
        return normalization.forward(node, op, from, to);
      }
      return batchNorm(false, op.epsilon());
    }

    @Override
    public Schedule<Step> visit(BatchNormGrad op) {
      if (images.areLast()) {
        return normalization.backward(node, op, from, to);
      }
      return batchNorm(true, op.epsilon());
    }

    private Schedule<Step> batchNorm(boolean gradient, double epsilon) {
      Shape shape = spec(0).shape();
      int n = shape.dim(0);
      int c = shape.dim(1);
      int[] channels = {n, c, Math.toIntExact(shape.size() / ((long) n * c))};
      add(new BatchNormStep(gradient, epsilon, channels, from, to, team.size()));
      schedule.mayOverwrite(from.get(gradient ? 4 : 0), to.get(0));
      return schedule;
    }

    @Override
    public Schedule<Step> visit(NormalizeRows op) {
      return normalizeRows(false, op.epsilon());
    }

    @Override
    public Schedule<Step> visit(NormalizeRowsGrad op) {
      return normalizeRows(true, op.epsilon());
    }

    private Schedule<Step> normalizeRows(boolean gradient, double epsilon) {
      Shape shape = spec(0).shape();
      if (shape.size() == 0) {
        return schedule;
      }
      NormalizeRowsStep step =
          new NormalizeRowsStep(
              dnnl,
              node.op().name() + " " + node.outputs().get(0),
              gradient,
              epsilon,
              shape.dim(0),
              shape.dim(1),
              from,
              to,
              team.size(),
              schedule);
      List<Buffer> writes = new ArrayList<>(to);
      writes.addAll(step.scratch());
      return add(step, from, writes);
    }

    @Override
    public Schedule<Step> visit(Transpose op) {
      return addAll(movement().transpose(op));
    }

    @Override
    public Schedule<Step> visit(Slice op) {
      return addAll(movement().slice(op));
    }

    @Override
    public Schedule<Step> visit(Concat op) {
      return addAll(movement().concat(op));
    }

    @Override
    public Schedule<Step> visit(Pad op) {
      return addAll(movement().pad(op));
    }

    @Override
    public Schedule<Step> visit(Gather op) {
      Shape table = spec(0).shape();
      return add(
          new GatherStep(
              table.dim(0), table.dim(1), from.get(0), from.get(1), to.get(0), team.size()));
    }

    @Override
    public Schedule<Step> visit(GatherGrad op) {
      Shape table = node.output().spec().shape();
      return add(
          new GatherGradStep(
              table.dim(0), table.dim(1), from.get(0), from.get(1), to.get(0), team.size()));
    }

    @Override
    public Schedule<Step> visit(Softmax op) {
      return softmax(new SoftmaxStep.Kind(op.log(), false));
    }

    @Override
    public Schedule<Step> visit(SoftmaxGrad op) {
      return softmax(new SoftmaxStep.Kind(op.log(), true));
    }

    @Override
    public Schedule<Step> visit(Cast op) {
      return add(new CastIntsStep(op.to(), from.get(0), to.get(0), team.size()));
    }

    @Override
    public Schedule<Step> visit(StopGradient op) {
      throw new IllegalStateException("a stop_gradient was not removed");
    }

    @Override
    public Schedule<Step> visit(Custom op) {
      return add(new CustomStep(op, node, from, to));
    }

    private MovementLowering movement() {
      return new MovementLowering(node, from, to.get(0), team.size());
    }

    private Schedule<Step> addAll(List<Step> steps) {
      steps.forEach(this::add);
      return schedule;
    }

    private Schedule<Step> softmax(SoftmaxStep.Kind kind) {
      Shape shape = spec(0).shape();
      return new SoftmaxLowering(dnnl, schedule, node, team.size()).lower(kind, shape);
    }
  }
}
