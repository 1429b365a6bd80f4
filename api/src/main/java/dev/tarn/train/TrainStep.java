package dev.tarn.train;

import dev.tarn.HostTensor;
import dev.tarn.Precision;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.Trace;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Executable;
import dev.tarn.backend.Inspection;
import dev.tarn.backend.StateStore;
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
  /** How many compiled steps are kept; the least recently used goes first. */
  static final int MAX_COMPILED = 16;

  private static final Turn NO_TURN = new Turn(0, 0, true, false);
  private static final Logger LOG = LoggerFactory.getLogger(TrainStep.class);

  private enum Kind {
    TRAIN,
    ACCUMULATE,
    EVALUATE,
    PREDICT
  }

  private record Key(Kind kind, Spec features) {}

  /** An optimizer's scalars: where they are written, and the inputs that take them. */
  private record Scalars(Optimizer optimizer, double[] values, List<HostTensor> inputs) {}

  private record Compiled(List<Program> programs, Executable executable, HostTensor[] arguments) {}

  private final Backend backend;
  private final StepPrograms programs;
  private final Updates updates;
  private final StateStore store;
  private final Precision precision;
  private final long seed;
  private final Map<String, HostTensor> stepInputs = new HashMap<>();
  private final Map<Integer, Scalars> scalars = new LinkedHashMap<>();
  private final LinkedHashMap<Key, Compiled> compiled = new LinkedHashMap<>(16, 0.75f, true);
  private double scale = 1;

  /**
   * Makes the model's parameters and gives them their initial values.
   *
   * @param features the shape of one example's features
   * @param seed the seed of initial values and dropout
   * @throws dev.tarn.ShapeException if the features do not fit the model
   */
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
   * Makes the model's parameters and gives them their initial values.
   *
   * @param updates how parameters follow their gradients
   * @param features the shape of one example's features
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
    this(backend, model, loss, updates, metrics, features, seed, Precision.FP32);
  }

  /**
   * Makes the model's parameters and gives them their initial values.
   *
   * @param updates how parameters follow their gradients
   * @param features the shape of one example's features
   * @param seed the seed of initial values and dropout
   * @param precision how exactly products are computed, in training, evaluation and prediction
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
      long seed,
      Precision precision) {
    this.precision = precision;
    this.backend = ValidatingBackend.ifAsked(backend);
    this.updates = updates;
    this.seed = seed;
    this.programs = new StepPrograms(model, loss, updates, metrics, features);
    this.store = this.backend.allocate(programs.states());
    store.reset(seed);
    stepInputs.put(Trace.SEED, HostTensor.of(new int[] {(int) seed, (int) (seed >>> 32)}, 2));
    stepInputs.put(Trace.STEP, HostTensor.scalar(0));
    // F64 where the reference computes in double, F32 everywhere else.
    Spec scalar = store.read(programs.accumulators().get(0)).spec();
    stepInputs.put(StepPrograms.KEEP, HostTensor.zeros(scalar));
    for (ParameterGroup group : programs.groups()) {
      List<HostTensor> inputs = new ArrayList<>();
      for (String name : group.optimizer().scalars()) {
        inputs.add(stepInputs.computeIfAbsent(group.input(name), key -> HostTensor.zeros(scalar)));
      }
      scalars.putIfAbsent(
          group.number(), new Scalars(group.optimizer(), new double[inputs.size()], inputs));
    }
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
    Kind kind = turn.last() ? Kind.TRAIN : Kind.ACCUMULATE;
    Compiled program = compiled(kind, batch.feature().spec());
    program.executable().run(arguments(program, turn, batch));
    DebugPrint.show(program.programs(), program.executable());
  }

  /** Multiplies the learning rates of all steps from here on. */
  void scaleLearningRates(double factor) {
    scale = factor;
  }

  /** Adds a batch to the sums of loss and metrics without training. */
  public void evaluate(Batch batch) {
    Compiled program = compiled(Kind.EVALUATE, batch.feature().spec());
    program.executable().run(arguments(program, NO_TURN, batch));
    DebugPrint.show(program.programs(), program.executable());
  }

  /**
   * What the model predicts.
   *
   * @param features f32 {@code [N, ...]}
   */
  public HostTensor predict(HostTensor features) {
    Compiled program = compiled(Kind.PREDICT, features.spec());
    Batch batch = new Batch(List.of(features), List.of());
    program.executable().run(arguments(program, NO_TURN, batch));
    List<HostTensor> outputs = program.executable().read();
    return outputs.get(outputs.size() - 1);
  }

  /** Runs a step of training node by node, without any effect on the states. */
  public Inspection inspect(long step, Batch batch) {
    Compiled program = compiled(Kind.TRAIN, batch.feature().spec());
    return program.executable().inspect(arguments(program, alone(step), batch));
  }

  /** The programs of a training step for features of a given spec, as traced. */
  public List<Program> programs(Spec features) {
    if (programs.accumulates()) {
      compiled(Kind.ACCUMULATE, features);
    }
    return compiled(Kind.TRAIN, features).programs();
  }

  /**
   * The number of the first step with a non-finite loss or gradient, or 0. Waits for the device.
   */
  public int failedStep() {
    return store.read(programs.flag()).ints()[0];
  }

  /**
   * The sums over examples of the loss and of each metric since the last call; at the end that of
   * the weights if the loss has any. Waits for the device.
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
    Map<String, HostTensor> gradients = new LinkedHashMap<>();
    for (ParameterGroup group : programs.groups()) {
      for (int i = 0; i < group.gradients().members().size(); i++) {
        gradients.put(
            group.parameters().members().get(i).name(),
            store.read(group.gradients().members().get(i)));
      }
    }
    return gradients;
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
   * Checks one example's target.
   *
   * @throws dev.tarn.TarnException if the loss needs another
   */
  void checkTarget(Spec given) {
    programs.checkTarget(given);
  }

  /** Bytes of device memory: states and the memory of every compiled step. */
  public long bytes() {
    return store.bytes()
        + compiled.values().stream().mapToLong(program -> program.executable().bytes()).sum();
  }

  @Override
  public void close() {
    compiled.values().forEach(program -> program.executable().close());
    compiled.clear();
    store.close();
  }

  private static Turn alone(long step) {
    return new Turn(step, step, true, true);
  }

  private HostTensor[] arguments(Compiled program, Turn turn, Batch batch) {
    stepInputs.get(Trace.STEP).ints()[0] = (int) turn.step();
    stepInputs.get(StepPrograms.KEEP).set(0, turn.first() ? 0 : 1);
    if (turn.last()) {
      for (Scalars group : scalars.values()) {
        group.optimizer().scalars(turn.update(), scale, group.values());
        for (int i = 0; i < group.values().length; i++) {
          group.inputs().get(i).set(0, group.values()[i]);
        }
      }
    }
    List<Program.Input> inputs = program.executable().inputs();
    HostTensor[] arguments = program.arguments();
    for (int i = 0; i < arguments.length; i++) {
      String name = inputs.get(i).name();
      if (name.equals(StepPrograms.FEATURES)) {
        arguments[i] = batch.feature();
      } else if (name.equals(StepPrograms.TARGET)) {
        arguments[i] = batch.target();
      }
    }
    return arguments;
  }

  private Compiled compiled(Kind kind, Spec given) {
    Spec features = Spec.f32(given.shape());
    Key key = new Key(kind, features);
    Compiled known = compiled.get(key);
    if (known != null) {
      return known;
    }
    Compiled made = compile(kind, features);
    compiled.put(key, made);
    if (compiled.size() > MAX_COMPILED) {
      Key oldest = compiled.keySet().iterator().next();
      compiled.remove(oldest).executable().close();
      LOG.warn(
          "more than {} shapes of batches are in use; the step for {} was dropped and will be"
              + " compiled again: pad or bucket the batches",
          MAX_COMPILED,
          oldest.features());
    }
    return made;
  }

  private Compiled compile(Kind kind, Spec features) {
    long start = System.nanoTime();
    List<Program> traced =
        switch (kind) {
          case TRAIN -> List.of(programs.gradients(features), programs.apply());
          case ACCUMULATE -> List.of(programs.gradients(features));
          case EVALUATE -> List.of(programs.evaluate(features));
          case PREDICT -> List.of(programs.predict(features));
        };
    Executable executable = backend.compile(traced, store, precision);
    HostTensor[] arguments = new HostTensor[executable.inputs().size()];
    for (int i = 0; i < arguments.length; i++) {
      HostTensor shared = stepInputs.get(executable.inputs().get(i).name());
      if (shared != null) {
        arguments[i] = shared;
      }
    }
    LOG.info(
        "compiled {} for features {} in {} ms, {} bytes",
        kind,
        features,
        (System.nanoTime() - start) / 1_000_000,
        executable.bytes());
    return new Compiled(traced, executable, arguments);
  }
}
