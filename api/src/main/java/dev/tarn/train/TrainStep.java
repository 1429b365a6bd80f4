package dev.tarn.train;

import dev.tarn.DType;
import dev.tarn.HostTensor;
import dev.tarn.Precision;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Executable;
import dev.tarn.backend.Inspection;
import dev.tarn.backend.StateStore;
import dev.tarn.backend.StepTime;
import dev.tarn.data.Batches.Batch;
import dev.tarn.ir.Program;
import dev.tarn.loss.Loss;
import dev.tarn.nn.Module;
import dev.tarn.optim.Optimizer;
import dev.tarn.optim.Updates;
import dev.tarn.reference.ValidatingBackend;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One step of a training: the program of the gradients and the program of the update over one
 * {@link StateStore}, compiled together once for each shape of batch.
 *
 * <p>Evaluation and prediction share the states. Used by one thread.
 */
public final class TrainStep implements AutoCloseable {
  private static final Turn NO_TURN = new Turn(0, 0, true, false);
  private static final Logger LOG = LoggerFactory.getLogger(TrainStep.class);

  private final Backend backend;
  private final StepPrograms programs;
  private final Updates updates;
  private final StepInputs inputs;
  private final StateStore store;
  private final Precision precision;
  private final CompiledSteps<StepKey> compiled = new CompiledSteps<>();
  private final Map<StepKey, Probe> probes = new HashMap<>();

  /** A step with one optimizer for all parameters. */
  public TrainStep(
      Backend backend,
      Module model,
      Loss loss,
      Optimizer optimizer,
      List<Metric> metrics,
      Shape features,
      long seed) {
    this(backend, model, loss, Updates.of(optimizer), metrics, features, seed);
  }

  /**
   * Makes the parameters of a model of one input and one output.
   *
   * @param updates how parameters follow their gradients
   * @param features the shape of one example's features, which are f32
   * @param seed the seed of initial values and dropout
   * @throws dev.tarn.ShapeException if the features do not fit the model
   * @throws dev.tarn.TarnException if a group of parameters is empty, or none is left to train
   */
  public TrainStep(
      Backend backend,
      Module model,
      Loss loss,
      Updates updates,
      List<Metric> metrics,
      Shape features,
      long seed) {
    this(
        backend,
        model,
        new Objective(List.of(Term.of(0, loss)), metrics),
        updates,
        List.of(Spec.f32(features)),
        seed,
        Precision.FP32);
  }

  /** A step in fp32. */
  public TrainStep(
      Backend backend,
      Module model,
      List<Term> terms,
      Updates updates,
      List<Metric> metrics,
      List<Spec> features,
      long seed) {
    this(backend, model, terms, updates, metrics, features, seed, Precision.FP32);
  }

  /**
   * Makes the model's parameters and gives them their initial values.
   *
   * @param terms what is minimised
   * @param updates how parameters follow their gradients
   * @param features one example's features, in the order of the model's inputs
   * @param seed the seed of initial values and dropout
   * @param precision how exactly products are computed, in training, evaluation and prediction
   * @throws dev.tarn.ShapeException if the features do not fit the model
   * @throws dev.tarn.TarnException if a term does not fit the model, or a parameter is not trained
   *     by any, or a group of parameters is empty, or none is left to train
   */
  public TrainStep(
      Backend backend,
      Module model,
      List<Term> terms,
      Updates updates,
      List<Metric> metrics,
      List<Spec> features,
      long seed,
      Precision precision) {
    this(backend, model, new Objective(terms, metrics), updates, features, seed, precision);
  }

  TrainStep(
      Backend backend,
      Module model,
      Objective objective,
      Updates updates,
      List<Spec> features,
      long seed,
      Precision precision) {
    this.precision = precision;
    this.backend = ValidatingBackend.ifAsked(backend);
    this.updates = updates;
    this.programs = new StepPrograms(model, objective, updates, features);
    this.store = this.backend.allocate(programs.states());
    store.reset(seed);
    Spec scalar = store.read(programs.accumulators().get(0)).spec();
    this.inputs = new StepInputs(updates, programs.groups(), seed, scalar);
  }

  /**
   * Runs one step of training. It may return before the device has finished. Where an update has
   * several steps, those after its last are taken to begin the next one.
   *
   * @param step the number of the step, from 1
   */
  public void train(long step, Batch batch) {
    train(Turn.of(step, Long.MAX_VALUE, updates.accumulate()), batch);
  }

  /** Runs one step of training: gradients, and where it is an update's last, the update. */
  void train(Turn turn, Batch batch) {
    StepKey.Kind kind = turn.last() ? StepKey.Kind.TRAIN : StepKey.Kind.ACCUMULATE;
    CompiledStep program = compiled(kind, batch.features());
    inputs.set(turn);
    program.run(batch);
  }

  /** The numbers that a step is given beside its batch, learning rates among them. */
  StepInputs inputs() {
    return inputs;
  }

  /** Lets steps run again after a failed one, whose states must have been replaced. */
  void forgetFailure() {
    store.write(programs.flag(), HostTensor.scalar(0));
  }

  /** Adds a batch to the sums of loss and metrics without training. */
  public void evaluate(Batch batch) {
    CompiledStep program = compiled(StepKey.Kind.EVALUATE, batch.features());
    inputs.set(NO_TURN);
    program.run(batch);
  }

  /** The predictions of the batch evaluated last, where the objective needs them. */
  List<HostTensor> evaluated(Batch batch) {
    return compiled(StepKey.Kind.EVALUATE, batch.features()).read(programs.outputs());
  }

  /**
   * What the model predicts, one tensor for each of its outputs.
   *
   * @param features f32 or i32 {@code [N, ...]}, in the order of the model's inputs
   */
  public List<HostTensor> predict(List<HostTensor> features) {
    CompiledStep program = compiled(StepKey.Kind.PREDICT, features);
    inputs.set(NO_TURN);
    program.run(new Batch(features, List.of()));
    return program.read(programs.outputs());
  }

  /** Runs a step of training node by node, without any effect on the states. */
  public Inspection inspect(long step, Batch batch) {
    return alone(step, batch).inspect(batch);
  }

  /** Runs one step of training and measures its pieces one by one. */
  public List<StepTime> time(long step, Batch batch) {
    return alone(step, batch).time(batch);
  }

  /**
   * The loss and the activations of a batch in a step of training, which has no effect.
   *
   * @param all whether more than ReLUs are looked at
   */
  Probe.Result probe(long step, Batch batch, boolean all) {
    StepKey key =
        new StepKey(all ? StepKey.Kind.STATISTICS : StepKey.Kind.PROBE, specs(batch.features()));
    Probe probe = probes.computeIfAbsent(key, k -> programs.probe(k.features(), all));
    CompiledStep program = compiled(key);
    inputs.set(new Turn(step, step, true, true));
    program.run(batch);
    return probe.read(program);
  }

  /** The programs of a training step for a batch's features of given specs, as traced. */
  public List<Program> programs(Spec... features) {
    if (programs.accumulates()) {
      compiled(new StepKey(StepKey.Kind.ACCUMULATE, List.of(features)));
    }
    return compiled(new StepKey(StepKey.Kind.TRAIN, List.of(features))).programs();
  }

  /**
   * The number of the first step with a non-finite loss or gradient, or 0. Waits for the device.
   */
  public int failedStep() {
    return store.read(programs.flag()).ints()[0];
  }

  /**
   * The sums over examples since the last call: of each loss, of each metric, then of the weights
   * of each loss that has any. Waits for the device.
   */
  public double[] takeSums() {
    double[] sums = new double[programs.accumulators().size()];
    for (int i = 0; i < sums.length; i++) {
      State state = programs.accumulators().get(i);
      HostTensor value = store.read(state);
      sums[i] = value.item();
      if (sums[i] != 0) {
        store.write(state, HostTensor.zeros(state.spec()));
      }
    }
    return sums;
  }

  /**
   * What a checkpoint holds, by name: the model's states, the optimizer's moments, the sums. Waits
   * for the device.
   */
  public Map<String, HostTensor> checkpoint() {
    Map<String, HostTensor> tensors = new LinkedHashMap<>();
    for (State state : checkpointStates()) {
      tensors.put(state.name(), store.read(state));
    }
    return tensors;
  }

  /**
   * The gradients of the last training step by parameter name. Where an update has several steps:
   * the sum over the examples of the update so far. Waits for the device.
   */
  public Map<String, HostTensor> gradients() {
    return new GradientStates(programs, store).read();
  }

  /** The Euclidean norm of the mean gradients of the last update. Waits for the device. */
  double gradientNorm() {
    return new GradientStates(programs, store).norm();
  }

  /** The model's parameters, in order. */
  List<? extends State> parameters() {
    return programs.parameters();
  }

  /** The states that a checkpoint holds: parameters, running statistics, moments, sums. */
  public List<State> checkpointStates() {
    List<State> states = new ArrayList<>(parameterStates());
    for (ParameterGroup group : programs.groups()) {
      group.moments().forEach(moment -> states.addAll(moment.members()));
    }
    states.addAll(programs.accumulators());
    states.addAll(programs.unfinished());
    return states;
  }

  /** The states that a model file holds: parameters, and what else the model's modules keep. */
  public List<State> parameterStates() {
    List<State> states = new ArrayList<>(programs.parameters());
    states.addAll(programs.buffers());
    return states;
  }

  /** The value of a parameter or moment. Waits for the device. */
  public HostTensor read(State state) {
    return store.read(state);
  }

  /** Sets a parameter or moment. */
  public void write(State state, HostTensor value) {
    store.write(state, value);
  }

  /**
   * Checks one example's targets.
   *
   * @throws dev.tarn.TarnException if the losses need others
   */
  void checkTargets(List<Spec> given) {
    programs.checkTargets(given);
  }

  /** Bytes of device memory: states and the memory of every compiled step. */
  public long bytes() {
    return store.bytes() + compiled.bytes();
  }

  @Override
  public void close() {
    compiled.close();
    store.close();
  }

  private CompiledStep alone(long step, Batch batch) {
    CompiledStep program = compiled(StepKey.Kind.TRAIN, batch.features());
    inputs.set(new Turn(step, step, true, true));
    return program;
  }

  private CompiledStep compiled(StepKey.Kind kind, List<HostTensor> given) {
    return compiled(new StepKey(kind, specs(given)));
  }

  private static List<Spec> specs(List<HostTensor> given) {
    return given.stream().map(TrainStep::input).toList();
  }

  /** The spec of the input that takes a tensor: f32 where the reference is given doubles. */
  static Spec input(HostTensor given) {
    return given.spec().dtype() == DType.F64 ? Spec.f32(given.shape()) : given.spec();
  }

  private CompiledStep compiled(StepKey key) {
    return compiled.get(key, () -> compile(key.kind(), key.features()));
  }

  private CompiledStep compile(StepKey.Kind kind, List<Spec> features) {
    long start = System.nanoTime();
    List<Program> traced = trace(kind, features);
    Executable executable =
        LargestBatch.compile(
            backend,
            traced,
            store,
            precision,
            features,
            f -> trace(kind, f),
            // What only looks on makes nothing that trains go.
            () ->
                kind != StepKey.Kind.PROBE
                    && kind != StepKey.Kind.STATISTICS
                    && compiled.makeRoom());
    LOG.info(
        "compiled {} for features {} in {} ms, {} bytes",
        kind,
        features,
        (System.nanoTime() - start) / 1_000_000,
        executable.bytes());
    return new CompiledStep(traced, executable, inputs.tensors());
  }

  private List<Program> trace(StepKey.Kind kind, List<Spec> features) {
    return switch (kind) {
      case TRAIN -> List.of(programs.gradients(features), programs.apply());
      case ACCUMULATE -> List.of(programs.gradients(features));
      case EVALUATE -> List.of(programs.evaluate(features));
      case PREDICT -> List.of(programs.predict(features));
      case PROBE -> List.of(programs.probe(features, false).program());
      case STATISTICS -> List.of(programs.probe(features, true).program());
    };
  }
}
