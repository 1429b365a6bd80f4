package dev.tarn.train;

import dev.tarn.HostTensor;
import dev.tarn.Precision;
import dev.tarn.Spec;
import dev.tarn.TarnException;
import dev.tarn.backend.Backend;
import dev.tarn.data.Batches;
import dev.tarn.data.Batches.Batch;
import dev.tarn.data.Dataset;
import dev.tarn.loss.Loss;
import dev.tarn.nn.Module;
import dev.tarn.optim.Optimizer;
import dev.tarn.optim.Plateau;
import dev.tarn.optim.Updates;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Trains a model on data, evaluates it, predicts with it, and saves it.
 *
 * <p>The same seed, data, device and library versions give the same bits, whether or not the
 * training was stopped and resumed in between. Used by one thread; {@link #stop} may be called by
 * another.
 */
public final class Trainer implements AutoCloseable {
  private final Module model;
  private final Objective objective;
  private final Settings settings;
  private final Course course;
  private final InOrder inOrder;
  private final List<EpochResult> history = new ArrayList<>();
  private final AtomicReference<Stop> request = new AtomicReference<>();
  private @Nullable TrainStep step;
  private @Nullable List<Spec> features;
  private @Nullable Batches fitting;
  private @Nullable RunDirectory resumed;
  private @Nullable Stop stopped;
  private boolean closed;

  private Trainer(Builder builder, Updates updates) {
    this.model = builder.model;
    this.objective = new Objective(builder.terms, builder.metrics, builder.evaluated);
    this.settings =
        new Settings(
            builder.backend,
            updates,
            builder.plateau,
            builder.earlyStopping,
            builder.stop,
            List.copyOf(builder.listeners),
            builder.seed,
            builder.precision);
    this.inOrder = new InOrder(builder.evaluationBatch);
    this.course = new Course(objective.sums().size());
  }

  /** Begins to describe the training of a model on a device. */
  public static Builder of(Module model, Backend backend) {
    return new Builder(model, backend);
  }

  /**
   * Trains until a number of epochs is done in all, resumed ones included, or a rule or {@link
   * #stop} ends it; {@link #stopped} says which. With early stopping the weights of the best epoch
   * are in place afterwards, unless {@link #stop()} was called.
   *
   * @param train the training batches
   * @param validation evaluated after each epoch, or null
   * @param epochs the number of epochs in all
   * @return what each epoch that ended here gave
   * @throws NonFiniteException if the loss or a gradient becomes NaN or infinite
   * @throws TarnException if a resumed training had another number of batches an epoch, or a rule
   *     is about a metric that is not measured, or a label is not one of the model's classes
   */
  public List<EpochResult> fit(Batches train, @Nullable Dataset validation, int epochs) {
    Fitting fit = new Fitting(this, step(train.data()), course, history, train, validation, epochs);
    if (resumed != null) {
      int validated = validation == null ? 0 : validation.size();
      history.addAll(resumed.history(train.data().size(), validated));
      resumed = null;
    }
    int before = history.size();
    fitting = train;
    stopped = null;
    stopped = fit.run();
    return List.copyOf(history.subList(before, history.size()));
  }

  /**
   * What every epoch gave, in order. Where the training was resumed from a {@link RunDirectory},
   * those before are there from {@link #fit} on; from a file alone they are not known.
   */
  public List<EpochResult> history() {
    return List.copyOf(history);
  }

  /** Why the last call of {@link #fit} ended; null before, while it lasts, and if it failed. */
  public @Nullable Stop stopped() {
    return stopped;
  }

  /**
   * Makes and compiles the training step before the first step is run, so that {@link
   * TrainStep#bytes} tells the memory it needs.
   *
   * @throws dev.tarn.ShapeException if the data do not fit the model
   */
  public TrainStep prepare(Batches train) {
    TrainStep current = step(train.data());
    current.programs(
        train.data().features().stream()
            .map(one -> one.prepend(train.batchSize()))
            .toArray(Spec[]::new));
    return current;
  }

  /** Loss and metrics over a data set. */
  public Evaluation evaluate(Dataset data) {
    TrainStep current = step(data);
    double[] kept = current.takeSums();
    Evaluation evaluation = Measures.evaluate(current, data, inOrder, objective);
    course.position = course.position.plus(kept);
    return evaluation;
  }

  /**
   * Shows what the model predicts for a data set, batch by batch.
   *
   * @param consumer takes the predictions, one tensor for each output, and the examples they are
   *     of; both are reused afterwards
   */
  public void predictions(Dataset data, BiConsumer<List<HostTensor>, Batch> consumer) {
    inOrder.forEach(data, batch -> consumer.accept(predict(batch.features()), batch));
  }

  /**
   * What the model predicts for a batch, for instance probabilities {@code [N, C]}.
   *
   * @param batch f32 or i32 {@code [N, ...]}
   * @throws TarnException if the model has several inputs or outputs
   */
  public HostTensor predict(HostTensor batch) {
    List<HostTensor> predictions = predict(List.of(batch));
    if (predictions.size() != 1) {
      int n = predictions.size();
      throw new TarnException(
          "predict: the model has " + n + " outputs; call predict with a list of its inputs");
    }
    return predictions.get(0);
  }

  /**
   * What the model predicts for a batch, one tensor for each of its outputs.
   *
   * @param batch f32 or i32 {@code [N, ...]}, in the order of the model's inputs
   */
  public List<HostTensor> predict(List<HostTensor> batch) {
    Batch checked = new Batch(batch, List.of());
    List<Spec> specs =
        checked.features().stream().map(one -> TrainStep.input(one).withoutFirst()).toList();
    return step(specs).predict(batch);
  }

  /** Makes {@link #fit} return after the step in progress; any thread may call it, also before. */
  public void stop() {
    request.compareAndSet(null, new Stop(Stop.Reason.INTERRUPTED, "interrupted"));
  }

  /**
   * Ends the training after the step in progress as a rule would. May be called by any thread.
   *
   * @param why in words, such as {@code the robot has fallen}
   */
  public void stop(String why) {
    request.compareAndSet(null, new Stop(Stop.Reason.ASKED, why));
  }

  /** What {@link #stop} asked for since the last call, or null. */
  @Nullable Stop takeRequest() {
    return request.getAndSet(null);
  }

  Settings settings() {
    return settings;
  }

  /** What decides which epoch is the best: the loss, or what early stopping looks at. */
  public Monitored monitored() {
    EarlyStopping early = settings.earlyStopping();
    String name = early == null ? "loss" : early.metric();
    return new Monitored(name, objective.measured().higherIsBetter(name));
  }

  /** Whether steps were done since the last epoch ended. */
  boolean isWithinEpoch() {
    return course.position.examples() > 0;
  }

  Objective objective() {
    return objective;
  }

  /** One example's features; null before the first data or file is seen. */
  public @Nullable List<Spec> features() {
    return features;
  }

  /** The number of steps done since the training began. */
  public long steps() {
    return course.position.step();
  }

  /**
   * Saves everything that {@link #resume} needs into one safetensors file.
   *
   * @throws TarnException if nothing was trained or loaded yet, or the file cannot be written
   */
  public void save(Path file) {
    save(file, Map.of());
  }

  /** Saves as {@link #save(Path)} does, with texts to be kept in the file. */
  public void save(Path file, Map<String, String> texts) {
    new Checkpoint(this, course).save(file, texts);
  }

  /**
   * Continues a training exactly where a checkpoint was saved: parameters, moments, step, sums.
   *
   * @return the texts that are kept in the file
   * @throws TarnException if the file does not fit this model, optimizer, seed or precision
   */
  public Map<String, String> resume(Path file) {
    return new Checkpoint(this, course).resume(file);
  }

  /**
   * Takes the parameters of a saved model and nothing else: to predict, or to start a training from
   * them.
   *
   * @throws TarnException if the file does not fit this model
   */
  public void load(Path file) {
    new Checkpoint(this, course).load(file, features);
  }

  /** The compiled step: for looking at programs and values. Null before the first data is seen. */
  public @Nullable TrainStep step() {
    return step;
  }

  @Override
  public void close() {
    if (step != null) {
      step.close();
      step = null;
    }
    closed = true;
  }

  /** Begins the history anew with a run directory's, whose examples {@link #fit} knows. */
  void goOnIn(RunDirectory directory) {
    history.clear();
    resumed = directory;
  }

  private TrainStep step(Dataset data) {
    TrainStep current = step(data.features());
    current.checkTargets(data.targets());
    return current;
  }

  TrainStep step(List<Spec> given) {
    if (closed) {
      throw new IllegalStateException("the trainer is closed");
    }
    if (step == null) {
      step = settings.step(model, objective, given);
      features = List.copyOf(given);
    } else if (!given.equals(features)) {
      throw new TarnException(
          "data: examples are " + given + ", the model was made for " + features);
    }
    return step;
  }

  /** Throws what explains a failed step, if its batch can be made again. */
  void explain(int failed) {
    if (step != null && fitting != null) {
      throw NonFiniteException.of(step, fitting, failed, settings);
    }
  }

  /** Describes a training. */
  public static final class Builder {
    private final Module model;
    private final Backend backend;
    private final List<Metric> metrics = new ArrayList<>();
    private final List<EvaluationMetric> evaluated = new ArrayList<>();
    private final List<TrainingListener> listeners = new ArrayList<>();
    private final List<Term> terms = new ArrayList<>();
    private @Nullable Updates updates;
    private @Nullable Plateau plateau;
    private @Nullable EarlyStopping earlyStopping;
    private StopRules stop = StopRules.NONE;
    private long seed;
    private Precision precision = Precision.FP32;
    private int evaluationBatch = 256;

    private Builder(Module model, Backend backend) {
      this.model = model;
      this.backend = backend;
    }

    /** What is minimised. */
    public Builder loss(Loss value) {
      return losses(Term.of(0, value));
    }

    /** What is minimised: several losses, of one output or of several. */
    public Builder losses(Term... values) {
      terms.clear();
      terms.addAll(List.of(values));
      return this;
    }

    /** How parameters follow their gradients. */
    public Builder optimizer(Optimizer value) {
      return updates(Updates.of(value));
    }

    /** How parameters follow their gradients: groups, clipping, several batches an update. */
    public Builder updates(Updates value) {
      updates = value;
      return this;
    }

    /** Lowers learning rates when the validation loss, or without one the loss, stops falling. */
    public Builder plateau(@Nullable Plateau value) {
      plateau = value;
      return this;
    }

    /** What is measured beside the loss. */
    public Builder metrics(Metric... values) {
      metrics.addAll(List.of(values));
      return this;
    }

    /** What is measured on the host where the model is evaluated, beside the loss. */
    public Builder evaluationMetrics(EvaluationMetric... values) {
      evaluated.addAll(List.of(values));
      return this;
    }

    /** Ends the training when it makes no progress, with the best weights. Null for not. */
    public Builder earlyStopping(@Nullable EarlyStopping value) {
      earlyStopping = value;
      return this;
    }

    /** What else ends the training before its last epoch. */
    public Builder stop(StopRules value) {
      stop = value;
      return this;
    }

    /** The seed of initial values, shuffles and dropout; 0 if it is not set. */
    public Builder seed(long value) {
      seed = value;
      return this;
    }

    /** How exactly products are computed; {@link Precision#FP32} if it is not set. */
    public Builder precision(Precision value) {
      precision = value;
      return this;
    }

    /** Examples in a step of evaluation, 256 if not set; halved where the device has no room. */
    public Builder evaluationBatch(int value) {
      if (value < 1) {
        throw new IllegalArgumentException("evaluation batch: at least 1, not " + value);
      }
      evaluationBatch = value;
      return this;
    }

    /** Who is told how the training goes. */
    public Builder listener(TrainingListener listener) {
      listeners.add(listener);
      return this;
    }

    /**
     * The trainer.
     *
     * @throws TarnException if loss or optimizer is missing
     */
    public Trainer build() {
      if (terms.isEmpty()) {
        throw new TarnException("trainer: a loss is needed, such as .loss(Losses.crossEntropy())");
      }
      if (updates == null) {
        throw new TarnException(
            "trainer: an optimizer is needed, such as .optimizer(Adam.lr(1e-3))");
      }
      return new Trainer(this, updates);
    }
  }
}
