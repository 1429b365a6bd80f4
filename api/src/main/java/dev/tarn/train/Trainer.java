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
import dev.tarn.train.TrainingListener.Progress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Trains a model on data, evaluates it, predicts with it, and saves it.
 *
 * <p>The same seed, data, device and library versions give the same bits, whether or not the
 * training was stopped and resumed in between. Used by one thread; {@link #stop} may be called by
 * another.
 */
public final class Trainer implements AutoCloseable {
  /** Sums move from the device to doubles, and the flag is looked at, every so many steps. */
  private static final int READ_EVERY = 64;

  private static final int EVALUATION_BATCH = 256;

  private final Backend backend;
  private final Module model;
  private final Objective objective;
  private final Updates updates;
  private final @Nullable Plateau plateau;
  private final long seed;
  private final Precision precision;
  private final List<TrainingListener> listeners;
  private @Nullable TrainStep step;
  private @Nullable List<Spec> features;
  private @Nullable Batches fitting;
  private Position position;
  private Plateau.State progress = Plateau.State.START;
  private volatile boolean stopRequested;
  private boolean closed;

  private Trainer(Builder builder, Updates updates) {
    this.backend = builder.backend;
    this.model = builder.model;
    this.objective = new Objective(builder.terms, builder.metrics);
    this.updates = updates;
    this.plateau = builder.plateau;
    this.seed = builder.seed;
    this.precision = builder.precision;
    this.listeners = List.copyOf(builder.listeners);
    this.position = Position.start(objective.sums().size());
  }

  /** Begins to describe the training of a model on a device. */
  public static Builder of(Module model, Backend backend) {
    return new Builder(model, backend);
  }

  /**
   * Trains until a number of epochs is done in all, resumed ones included, or {@link #stop} is
   * called.
   *
   * @param train the training batches
   * @param validation evaluated after each epoch, or null
   * @param epochs the number of epochs in all
   * @return what each epoch that ended here gave
   * @throws NonFiniteException if the loss or a gradient becomes NaN or infinite
   * @throws TarnException if a resumed training had another number of batches an epoch
   */
  public List<EpochResult> fit(Batches train, @Nullable Dataset validation, int epochs) {
    List<EpochResult> results = new ArrayList<>();
    TrainStep current = step(train.data());
    position = position.of(train.count());
    long examples = 0;
    fitting = train;
    while (!stopRequested) {
      // A checkpoint saved after an epoch's last step has that epoch's results still to give.
      long begun = position.examples() > 0 ? position.step() - 1 : position.step();
      int epoch = (int) (begun / train.count());
      if (epoch >= epochs) {
        break;
      }
      long start = System.nanoTime();
      train.startEpoch(seed, epoch);
      int first = (int) (position.step() - (long) epoch * train.count());
      for (int i = first; i < train.count(); i++) {
        if (stopRequested) {
          return results;
        }
        Batch batch = train.load(i);
        current.train(Turn.of(position.step() + 1, train.count(), updates.accumulate()), batch);
        position = position.next(batch.size());
        examples += batch.size();
        if (position.step() % READ_EVERY == 0) {
          collect(train);
        }
        Progress where =
            new Progress(epoch + 1, epochs, i + 1, train.count(), position.step(), examples);
        listeners.forEach(listener -> listener.onStep(this, where));
      }
      collect(train);
      Evaluation trained = objective.evaluation(position.sums(), position.examples());
      position = position.nextEpoch();
      Evaluation validated = validation == null ? null : evaluate(validation);
      double seconds = (System.nanoTime() - start) / 1e9;
      if (plateau != null) {
        progress = plateau.next(progress, (validated == null ? trained : validated).loss());
        current.scaleLearningRates(progress.scale());
      }
      EpochResult result = new EpochResult(epoch + 1, position.step(), trained, validated, seconds);
      results.add(result);
      listeners.forEach(listener -> listener.onEpoch(this, result));
    }
    return results;
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
    Batches batches = new Batches(data, EVALUATION_BATCH, false);
    batches.startEpoch(0, 0);
    double[] kept = current.takeSums();
    Position counted = Position.start(kept.length);
    for (int i = 0; i < batches.count(); i++) {
      current.evaluate(batches.load(i));
      counted = counted.plus(current.takeSums());
    }
    position = position.plus(kept);
    return objective.evaluation(counted.sums(), data.size());
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
      throw new TarnException(
          "predict: the model has "
              + predictions.size()
              + " outputs; call predict with a list of its inputs");
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

  /** Makes {@link #fit} return after the step in progress. May be called by any thread. */
  public void stop() {
    stopRequested = true;
  }

  /** One example's features; null before the first data or file is seen. */
  public @Nullable List<Spec> features() {
    return features;
  }

  /** The number of steps done since the training began. */
  public long steps() {
    return position.step();
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
    TrainStep current = step;
    List<Spec> seen = features;
    if (current == null || seen == null) {
      throw new TarnException("save: nothing was trained or loaded yet");
    }
    int failed = current.failedStep();
    if (failed != 0 && fitting != null) {
      throw NonFiniteException.of(current, fitting, failed, seed);
    }
    if (failed != 0) {
      throw new TarnException(
          file
              + ": not saved: step "
              + failed
              + " gave NaN or infinity; resume from an earlier one");
    }
    Map<String, String> metadata = new LinkedHashMap<>(texts);
    metadata.put(CheckpointHeader.KEY, header(seen).toJson());
    new Safetensors(current.checkpoint(), metadata).write(file);
  }

  /**
   * Continues a training exactly where a checkpoint was saved: parameters, moments, step, sums.
   *
   * @throws TarnException if the file does not fit this model, optimizer, seed or precision
   */
  public void resume(Path file) {
    Safetensors saved = Safetensors.read(file);
    CheckpointHeader header = CheckpointHeader.of(saved, file);
    header.checkFits(file, header(header.features()));
    TrainStep current = step(header.features());
    Weights.copy(saved, current, current.checkpointStates(), file);
    position = header.position();
    progress = header.progress();
    current.scaleLearningRates(progress.scale());
  }

  /**
   * Takes the parameters of a saved model and nothing else: to predict, or to start a training from
   * them.
   *
   * @throws TarnException if the file does not fit this model
   */
  public void load(Path file) {
    Safetensors saved = Safetensors.read(file);
    List<Spec> savedFeatures = CheckpointHeader.of(saved, file).features();
    if (features != null && !features.equals(savedFeatures)) {
      throw new TarnException(
          file + ": was trained on examples of " + savedFeatures + ", these are " + features);
    }
    TrainStep current = step(savedFeatures);
    Weights.copy(saved, current, current.parameterStates(), file);
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

  /** What a checkpoint saved now would say. */
  private CheckpointHeader header(List<Spec> given) {
    String device = backend.name() + ": " + backend.description();
    String method = plateau == null ? updates.toString() : updates + " and " + plateau;
    return new CheckpointHeader(position, progress, seed, given, device, method, precision);
  }

  private TrainStep step(Dataset data) {
    TrainStep current = step(data.features());
    current.checkTargets(data.targets());
    return current;
  }

  private TrainStep step(List<Spec> given) {
    if (closed) {
      throw new IllegalStateException("the trainer is closed");
    }
    if (step == null) {
      step = new TrainStep(backend, model, objective, updates, given, seed, precision);
      features = List.copyOf(given);
    } else if (!given.equals(features)) {
      throw new TarnException(
          "data: examples are " + given + ", the model was made for " + features);
    }
    return step;
  }

  /** Takes the sums off the device and looks at the flag. */
  private void collect(Batches train) {
    TrainStep current = step(train.data());
    position = position.plus(current.takeSums());
    int failed = current.failedStep();
    if (failed != 0) {
      throw NonFiniteException.of(current, train, failed, seed);
    }
  }

  /** Describes a training. */
  public static final class Builder {
    private final Module model;
    private final Backend backend;
    private final List<Metric> metrics = new ArrayList<>();
    private final List<TrainingListener> listeners = new ArrayList<>();
    private final List<Term> terms = new ArrayList<>();
    private @Nullable Updates updates;
    private @Nullable Plateau plateau;
    private long seed;
    private Precision precision = Precision.FP32;

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
    public Builder plateau(Plateau value) {
      plateau = value;
      return this;
    }

    /** What is measured beside the loss. */
    public Builder metrics(Metric... values) {
      metrics.addAll(List.of(values));
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
      if (terms.isEmpty() || updates == null) {
        throw new TarnException("trainer: a loss and an optimizer are needed");
      }
      return new Trainer(this, updates);
    }
  }
}
