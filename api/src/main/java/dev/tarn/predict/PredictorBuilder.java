package dev.tarn.predict;

import dev.tarn.TarnException;
import dev.tarn.loss.Loss;
import dev.tarn.nn.Module;
import dev.tarn.train.Term;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Describes a {@link Predictor}. */
public final class PredictorBuilder {
  private final Path runOrFile;
  private final @Nullable Module model;
  private List<Term> terms = List.of();
  private List<String> classes = List.of();
  String device = "auto";
  int[] batchSizes = {Predictor.BATCH};
  int queue = 1024;
  Duration timeout = Duration.ofSeconds(30);

  PredictorBuilder(Path runOrFile, @Nullable Module model) {
    this.runOrFile = runOrFile;
    this.model = model;
  }

  /** The loss that a model written in Java was trained by: it says what predictions are. */
  public PredictorBuilder loss(Loss value) {
    return losses(Term.of(0, value));
  }

  /**
   * The losses that a model written in Java was trained by. An output is given as its first loss
   * makes it a prediction, for instance probabilities from logits; one without a loss as it is.
   *
   * @throws TarnException if the model is that of a run file, which says its loss
   */
  public PredictorBuilder losses(Term... values) {
    if (model == null) {
      throw new TarnException("predictor: the run file says the loss; give one only with a model");
    }
    terms = List.of(values);
    return this;
  }

  /** The names of the classes, in order; otherwise those that the file has. */
  public PredictorBuilder classes(List<String> names) {
    classes = List.copyOf(names);
    return this;
  }

  /** The device: {@code auto}, which is the default, {@code cpu}, {@code cuda}, {@code cuda:1}. */
  public PredictorBuilder device(String name) {
    device = name;
    return this;
  }

  /**
   * The numbers of examples in a run; 16 by default. A run has the smallest of the sizes that holds
   * what waits. One size gives the same bits whatever the company; several, such as 1 and 32, make
   * a lone example fast.
   *
   * @throws TarnException if there is none, or one is not positive
   */
  public PredictorBuilder batchSizes(int... sizes) {
    if (sizes.length == 0 || Arrays.stream(sizes).anyMatch(size -> size < 1)) {
      throw new TarnException(
          "predictor: batch sizes must be positive, not " + Arrays.toString(sizes));
    }
    batchSizes = Arrays.stream(sizes).sorted().distinct().toArray();
    return this;
  }

  /**
   * How many examples may wait; 1024 by default.
   *
   * @throws TarnException if it is not positive
   */
  public PredictorBuilder queue(int examples) {
    if (examples < 1) {
      throw new TarnException("predictor: the queue must hold an example at least");
    }
    queue = examples;
    return this;
  }

  /** How long {@code predict} waits at most, for room in the queue and the result; 30 s. */
  public PredictorBuilder timeout(Duration value) {
    timeout = value;
    return this;
  }

  /**
   * Reads the model, opens the device and compiles the programs.
   *
   * @throws TarnException if the file cannot be read, does not fit the model, or names no model
   * @throws dev.tarn.backend.BackendUnavailableException if the device cannot be used
   */
  public Predictor build() {
    return new Predictor(PredictorModel.read(runOrFile, model, terms, classes), this);
  }
}
