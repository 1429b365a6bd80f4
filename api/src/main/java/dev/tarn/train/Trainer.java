package dev.tarn.train;

import dev.tarn.HostTensor;
import dev.tarn.Precision;
import dev.tarn.Shape;
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
import java.util.Arrays;
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
  private final Loss loss;
  private final Updates updates;
  private final @Nullable Plateau plateau;
  private final List<Metric> metrics;
  private final long seed;
  private final Precision precision;
  private final List<TrainingListener> listeners;
  private @Nullable TrainStep step;
  private @Nullable Shape features;
  private @Nullable Batches fitting;
  private Position position;
  private Plateau.State progress = Plateau.State.START;
  private volatile boolean stopRequested;
  private boolean closed;

  private Trainer(Builder builder, Loss loss, Updates updates) {
    this.backend = builder.backend;
    this.model = builder.model;
    this.loss = loss;
    this.updates = updates;
    this.plateau = builder.plateau;
    this.metrics = List.copyOf(builder.metrics);
    this.seed = builder.seed;
    this.precision = builder.precision;
    this.listeners = List.copyOf(builder.listeners);
    this.position = Position.start(sums());
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
      Evaluation trained = evaluation(position.sums(), position.examples());
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
    current.programs(Spec.f32(train.data().featureShape().prepend(train.batchSize())));
    return current;
  }

  /** Loss and metrics over a data set. */
  public Evaluation evaluate(Dataset data) {
    TrainStep current = step(data);
    Batches batches = new Batches(data, EVALUATION_BATCH, false);
    batches.startEpoch(0, 0);
    double[] kept = current.takeSums();
    double[] sums = new double[sums()];
    for (int i = 0; i < batches.count(); i++) {
      current.evaluate(batches.load(i));
      double[] more = current.takeSums();
      Arrays.setAll(sums, s -> sums[s] + more[s]);
    }
    position = position.plus(kept);
    return evaluation(sums, data.size());
  }

  /**
   * What the model predicts for a batch, for instance probabilities {@code [N, C]}.
   *
   * @param batch f32 {@code [N, ...]}
   */
  public HostTensor predict(HostTensor batch) {
    return step(batch.shape().withoutFirst()).predict(batch);
  }

  /** Makes {@link #fit} return after the step in progress. May be called by any thread. */
  public void stop() {
    stopRequested = true;
  }

  /** The shape of one example's features; null before the first data or file is seen. */
  public @Nullable Shape features() {
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
    Shape shape = features;
    if (current == null || shape == null) {
      throw new TarnException("save: nothing was trained or loaded yet");
    }
    int failed = current.failedStep();
    if (failed != 0 && fitting != null) {
      throw nonFinite(current, fitting, failed);
    }
    if (failed != 0) {
      throw new TarnException(
          file
              + ": not saved: step "
              + failed
              + " gave NaN or infinity; resume from an earlier one");
    }
    Map<String, String> metadata = new LinkedHashMap<>(texts);
    metadata.put(CheckpointHeader.KEY, header(shape).toJson());
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
    Shape savedFeatures = CheckpointHeader.of(saved, file).features();
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
  private CheckpointHeader header(Shape shape) {
    String device = backend.name() + ": " + backend.description();
    String method = plateau == null ? updates.toString() : updates + " and " + plateau;
    return new CheckpointHeader(
        position, progress, seed, shape, device, method, precision.toString());
  }

  /** The number of sums over examples: of the loss, of each metric, of weights. */
  private int sums() {
    return metrics.size() + (loss.weighted() ? 2 : 1);
  }

  private TrainStep step(Dataset data) {
    TrainStep current = step(data.featureShape());
    current.checkTarget(data.targetSpec());
    return current;
  }

  private TrainStep step(Shape shape) {
    if (closed) {
      throw new IllegalStateException("the trainer is closed");
    }
    if (step == null) {
      step = new TrainStep(backend, model, loss, updates, metrics, shape, seed, precision);
      features = shape;
    } else if (!shape.equals(features)) {
      throw new TarnException(
          "data: examples are " + shape + ", the model was made for " + features);
    }
    return step;
  }

  /** Takes the sums off the device and looks at the flag. */
  private void collect(Batches train) {
    TrainStep current = step(train.data());
    position = position.plus(current.takeSums());
    int failed = current.failedStep();
    if (failed != 0) {
      throw nonFinite(current, train, failed);
    }
  }

  private NonFiniteException nonFinite(TrainStep current, Batches train, int failed) {
    int epoch = (failed - 1) / train.count();
    train.startEpoch(seed, epoch);
    Batch batch = train.load((failed - 1) % train.count());
    return NonFiniteException.of(current.inspect(failed, batch), batch, failed, epoch + 1);
  }

  private Evaluation evaluation(double[] sums, long examples) {
    Map<String, Double> values = new LinkedHashMap<>();
    double weight = loss.weighted() ? sums[sums.length - 1] : examples;
    values.put("loss", weight == 0 ? 0 : sums[0] / weight);
    for (int i = 0; i < metrics.size(); i++) {
      values.put(metrics.get(i).name(), sums[i + 1] / examples);
    }
    return new Evaluation(values, examples);
  }

  /** Describes a training. */
  public static final class Builder {
    private final Module model;
    private final Backend backend;
    private final List<Metric> metrics = new ArrayList<>();
    private final List<TrainingListener> listeners = new ArrayList<>();
    private @Nullable Loss loss;
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
      loss = value;
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
      if (loss == null || updates == null) {
        throw new TarnException("trainer: a loss and an optimizer are needed");
      }
      return new Trainer(this, loss, updates);
    }
  }
}
