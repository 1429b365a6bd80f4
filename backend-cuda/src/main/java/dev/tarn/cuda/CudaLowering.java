package dev.tarn.cuda;

import dev.tarn.Shape;
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
import org.jspecify.annotations.Nullable;

/** Turns the nodes of programs into steps of a schedule. */
final class CudaLowering implements Op.Visitor<List<Step>> {
  private final Schedule<Step> schedule;
  private final Kernels kernels;
  private final CudaStateStore store;
  private final Images images;
  private final Convolutions convolutions;
  private final PooledTaps taps;
  private final Epilogues epilogues;
  private final TapeBatches batches;
  private final TapeSums sums;
  private Node node;

  private CudaLowering(
      Schedule<Step> schedule,
      Kernels kernels,
      CudaStateStore store,
      Program program,
      boolean keepAll) {
    this.schedule = schedule;
    this.kernels = kernels;
    this.store = store;
    this.node = program.body().get(0);
    ImageLayouts layouts =
        new ImageLayouts(program, n -> ConvolutionLowering.onTensorCores(n, kernels));
    this.images = new Images(schedule, kernels, layouts, program, keepAll);
    this.epilogues = new Epilogues(program, layouts, schedule, store, keepAll);
    this.batches = new TapeBatches(program, layouts, schedule, store, keepAll);
    this.taps = new PooledTaps(schedule, program);
    ChannelSums channels = new ChannelSums(program, layouts, epilogues, kernels, keepAll);
    this.convolutions = Convolutions.of(schedule, kernels, images, channels, program, keepAll);
    this.sums = new TapeSums(program, layouts, epilogues, schedule, store, keepAll);
  }

  /**
   * Adds the steps of a program to a schedule that it was begun in.
   *
   * @param keepAll whether every value is wanted in its buffer, in plain order
   */
  static void lower(
      Schedule<Step> schedule,
      Kernels kernels,
      CudaStateStore store,
      Program program,
      boolean keepAll) {
    if (!program.body().isEmpty()) {
      new CudaLowering(schedule, kernels, store, program, keepAll).lower(program);
    }
    for (Schedule.Copy copy : schedule.copies(program)) {
      Step step = Steps.copy("update of " + copy.to().label(), copy.from(), copy.to());
      schedule.add(step, null, step.reads(), step.writes());
    }
  }

  private void lower(Program program) {
    for (Node next : program.body()) {
      node = next;
      Node product = epilogues.product(next);
      Node owner = product != null ? product : next;
      addAll(convolutions.weightSums().before(batches.of(next)), owner);
      images.begin(next, owner);
      addAll(next.op().accept(this), owner);
      images.end();
    }
  }

  private void addAll(List<Step> steps, Node owner) {
    steps.forEach(step -> schedule.add(step, owner, step.reads(), step.writes()));
  }

  @Override
  public List<Step> visit(Fused op) {
    Node product = epilogues.product(node);
    if (product == null) {
      TapeSums.Sum sum = sums.of(node);
      TapeLowering tape = new TapeLowering(schedule, kernels, images, node);
      return sum == null ? tape.lower(batches.of(node)) : tape.lower(op, sum);
    }
    return product.op() instanceof BatchNorm norm
        ? normalization(norm.epsilon(), product, node).batchNorm(op.shape())
        : ConvolutionLowering.lower(convolutions, product, node);
  }

  @Override
  public List<Step> visit(Elementwise op) {
    throw new IllegalStateException("elementwise functions are part of tapes");
  }

  @Override
  public List<Step> visit(Broadcast op) {
    throw new IllegalStateException("broadcasts are part of tapes");
  }

  @Override
  public List<Step> visit(DropoutMask op) {
    throw new IllegalStateException("dropout masks are part of tapes");
  }

  /** Needs no step: constants are written when the plan is bound. */
  @Override
  public List<Step> visit(Constant op) {
    return List.of();
  }

  @Override
  public List<Step> visit(MatMul op) {
    return MatMulLowering.lower(op, node, schedule, kernels.hasTensorCores());
  }

  @Override
  public List<Step> visit(Reduce op) {
    return sums.isPartOfTape(node)
        ? List.of()
        : new ReduceLowering(schedule, kernels, op.kind()).lower(op, node, images);
  }

  @Override
  public List<Step> visit(ArgMax op) {
    return rows().argMax();
  }

  @Override
  public List<Step> visit(CumulativeSum op) {
    return isEmpty() ? List.of() : rows().cumulativeSum(op);
  }

  @Override
  public List<Step> visit(Reshape op) {
    return List.of();
  }

  @Override
  public List<Step> visit(SoftmaxCrossEntropy op) {
    return rows().crossEntropy(op.name());
  }

  @Override
  public List<Step> visit(SoftmaxCrossEntropyGrad op) {
    return rows().crossEntropyGrad(op.name());
  }

  @Override
  public List<Step> visit(FirstNonFinite op) {
    return NonFiniteRanges.lower(op.name(), node, schedule, kernels, store);
  }

  @Override
  public List<Step> visit(Conv2d op) {
    return convolution();
  }

  @Override
  public List<Step> visit(Conv2dGradInput op) {
    return convolution();
  }

  @Override
  public List<Step> visit(Conv2dGradWeight op) {
    List<Step> steps = new ArrayList<>(convolution());
    steps.addAll(convolutions.weightSums().due(node));
    return steps;
  }

  private List<Step> convolution() {
    return epilogues.isPartOfTape(node)
        ? List.of()
        : ConvolutionLowering.lower(convolutions, node, null);
  }

  @Override
  public List<Step> visit(Pool2d op) {
    return pooling(op, node.inputs().get(0)).forward();
  }

  @Override
  public List<Step> visit(Pool2dGrad op) {
    return pooling(op.pool(), node.output()).gradient();
  }

  private PoolingLowering pooling(Pool2d op, Value input) {
    count(shape(input));
    return new PoolingLowering(schedule, kernels, images, taps, op, node, shape(input));
  }

  @Override
  public List<Step> visit(BatchNorm op) {
    return epilogues.isPartOfTape(node)
        ? List.of()
        : normalization(op.epsilon(), node, null).batchNorm(shape(node.inputs().get(0)));
  }

  @Override
  public List<Step> visit(BatchNormGrad op) {
    return normalization(op.epsilon(), node, null).batchNormGrad(shape(node.inputs().get(0)));
  }

  @Override
  public List<Step> visit(NormalizeRows op) {
    return normalization(op.epsilon(), node, null).rows(shape(node.inputs().get(0)));
  }

  @Override
  public List<Step> visit(NormalizeRowsGrad op) {
    return normalization(op.epsilon(), node, null).rowsGrad(shape(node.inputs().get(0)));
  }

  private NormalizationLowering normalization(double epsilon, Node from, @Nullable Node tape) {
    count(shape(from.inputs().get(0)));
    return new NormalizationLowering(
        schedule, kernels, images, epsilon, from, tape, convolutions.channelSums().of(from));
  }

  @Override
  public List<Step> visit(Transpose op) {
    return isEmpty() ? List.of() : movement().transpose(op);
  }

  @Override
  public List<Step> visit(Slice op) {
    return isEmpty() ? List.of() : movement().slice(op);
  }

  @Override
  public List<Step> visit(Concat op) {
    return isEmpty() ? List.of() : movement().concat(op);
  }

  @Override
  public List<Step> visit(Pad op) {
    return isEmpty() ? List.of() : movement().pad(op);
  }

  @Override
  public List<Step> visit(Gather op) {
    return isEmpty() ? List.of() : movement().gather();
  }

  @Override
  public List<Step> visit(GatherGrad op) {
    return isEmpty() ? List.of() : movement().gatherGrad(op);
  }

  @Override
  public List<Step> visit(Softmax op) {
    return rows().softmax(op.name());
  }

  @Override
  public List<Step> visit(SoftmaxGrad op) {
    return rows().softmax(op.name());
  }

  @Override
  public List<Step> visit(StopGradient op) {
    throw new IllegalStateException("a stop_gradient was not removed");
  }

  @Override
  public List<Step> visit(Custom op) {
    return CustomLowering.lower(op, node, schedule, kernels);
  }

  @Override
  public List<Step> visit(Cast op) {
    return isEmpty() ? List.of() : movement().cast(op);
  }

  /** Whether the result has no elements; if it has, they can be counted. */
  private boolean isEmpty() {
    node.inputs().forEach(input -> count(shape(input)));
    return count(shape(node.output())) == 0;
  }

  private MovementLowering movement() {
    return new MovementLowering(schedule, kernels, images, node);
  }

  private RowLowering rows() {
    return new RowLowering(schedule, kernels, node);
  }

  private int count(Shape shape) {
    return Steps.count(node, shape);
  }

  private static Shape shape(Value value) {
    return value.spec().shape();
  }
}
