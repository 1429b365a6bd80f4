package dev.tarn.predict;

import dev.tarn.HostTensor;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import dev.tarn.TarnException;
import dev.tarn.data.RowEncoder;
import dev.tarn.data.RowException;
import dev.tarn.nn.Module;
import dev.tarn.predict.RequestQueue.Request;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Predicts with a saved model; any number of threads may use it at once.
 *
 * <p>Examples come in one by one and wait in a queue. One thread of the predictor's own takes what
 * waits, up to a batch, and runs it on the device; no example is held back for a batch to fill.
 * Unless several batch sizes are asked for, every run has the same size, rows without an example
 * being zero, and goes through one compiled program. So what is predicted for an example does not
 * depend on the examples beside it: on one device, with one number of threads and the same library
 * versions, it has the same bits every time. (A model that mixes examples of a batch is an
 * exception.) With several sizes the last bits may differ from size to size.
 *
 * <pre>{@code
 * try (Predictor predictor = Predictor.open(Path.of("runs/iris-1"))) {
 *   Prediction flower = predictor.predict(5.1f, 3.5f, 1.4f, 0.2f);
 *   System.out.println(flower.label() + " " + flower.probability());
 * }
 * }</pre>
 */
public final class Predictor implements AutoCloseable {
  /** The number of examples in a run, unless {@link PredictorBuilder#batchSizes} says otherwise. */
  public static final int BATCH = 16;

  private final PredictorModel model;
  private final RequestQueue queue;
  private final Duration timeout;
  private final PredictorWorker worker;

  Predictor(PredictorModel model, PredictorBuilder settings) {
    this.model = model;
    this.queue = new RequestQueue(settings.queue);
    this.timeout = settings.timeout;
    this.worker = PredictorWorker.start(model, queue, settings.device, settings.batchSizes);
  }

  /**
   * Opens the model of a run file, on the best device there is, with every other setting at its
   * default.
   *
   * @param runOrFile a run directory, of which the best checkpoint is taken, or a checkpoint
   * @throws TarnException if it cannot be read
   */
  public static Predictor open(Path runOrFile) {
    return of(runOrFile).build();
  }

  /**
   * Begins to describe a predictor of a model that was trained from a run file.
   *
   * @param runOrFile a run directory, of which the best checkpoint is taken, or a checkpoint
   */
  public static PredictorBuilder of(Path runOrFile) {
    return new PredictorBuilder(runOrFile, null);
  }

  /**
   * Begins to describe a predictor of a model that was written in Java.
   *
   * @param model a new instance of it; its parameters are read from the file
   * @param runOrFile a run directory, of which the best checkpoint is taken, or a checkpoint
   */
  public static PredictorBuilder of(Module model, Path runOrFile) {
    return new PredictorBuilder(runOrFile, model);
  }

  /**
   * Predicts from raw numbers, in the order of the features that the model was trained on.
   *
   * @param row one number for each; NaN where it is missing
   * @throws RowException as {@link RowEncoder#encode(float...)} does
   * @throws TarnException as {@link #predict(List)} does, or the file does not say what rows are
   */
  public Prediction predict(float... row) {
    return predict(rows().encode(row));
  }

  /**
   * Predicts from a raw row by the names of its columns; others are not looked at.
   *
   * @param row for each column a {@link Number}, a category's text, or null where it is missing
   * @throws RowException as {@link RowEncoder#encode(Map)} does
   * @throws TarnException as {@link #predict(List)} does, or the file does not say what rows are
   */
  public Prediction predict(Map<String, ?> row) {
    return predict(rows().encode(row));
  }

  /**
   * Predicts from several raw rows by the names of their columns.
   *
   * @return one prediction for each row, in order
   * @throws TarnException as {@link #predict(Map)} does; then none is given
   */
  public List<Prediction> predictAll(List<? extends Map<String, ?>> rows) {
    long deadline = deadline();
    List<List<HostTensor>> examples = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      try {
        examples.add(rows().encode(rows.get(i)));
      } catch (RowException e) {
        throw new RowException(
            "predictAll: " + (i + 1) + " of " + rows.size() + ": " + e.getMessage());
      }
    }
    List<Request> requests = new ArrayList<>();
    try {
      for (List<HostTensor> example : examples) {
        requests.add(enqueue(example, deadline));
      }
      List<Prediction> predictions = new ArrayList<>();
      for (Request request : requests) {
        predictions.add(await(request, deadline));
      }
      return predictions;
    } finally {
      requests.forEach(request -> request.result().cancel(false));
    }
  }

  /**
   * Predicts from features as the model takes them, already prepared.
   *
   * @param features tensors of {@link #features}, without a batch axis
   * @throws ShapeException if they are others
   * @throws PredictorBusyException if there is no result within the timeout
   * @throws TarnException if the device fails, or this thread is interrupted
   * @throws IllegalStateException if the predictor is closed
   */
  public Prediction predict(List<HostTensor> features) {
    long deadline = deadline();
    return await(enqueue(features, deadline), deadline);
  }

  /**
   * Predicts later; what depends on the result is run by the predictor's thread, and so must not
   * take long or wait for other predictions. A future that is cancelled in time is not computed.
   *
   * @param features tensors of {@link #features}, without a batch axis, as {@link #rows} encodes
   *     them; they are not to change until the result is there
   * @throws ShapeException if they are others
   * @throws PredictorBusyException if the queue is full
   * @throws IllegalStateException if the predictor is closed
   */
  public CompletableFuture<Prediction> submit(List<HostTensor> features) {
    return enqueue(features, System.nanoTime()).result();
  }

  /**
   * Makes raw rows into the model's features.
   *
   * @throws TarnException if the model's file does not say how
   */
  public RowEncoder rows() {
    return model.encoder();
  }

  /** One example's features, in the order of the model's inputs. */
  public List<Spec> features() {
    return model.saved().features();
  }

  /** The names of the classes; empty if the model predicts numbers. */
  public List<String> classes() {
    return worker.classes();
  }

  /** The device, with its versions. */
  public String device() {
    return worker.device();
  }

  /**
   * Refuses new requests, answers those that wait, and releases the device. Waits until that is
   * done, unless it is called from a future's continuation on the predictor's own thread.
   */
  @Override
  public void close() {
    queue.close();
    worker.join();
  }

  private long deadline() {
    return System.nanoTime() + timeout.toNanos();
  }

  private Request enqueue(List<HostTensor> features, long deadline) {
    List<Spec> given = features.stream().map(HostTensor::spec).toList();
    if (!given.equals(features())) {
      throw new ShapeException(
          "predict: the model takes an example of " + features() + ", was given " + given);
    }
    Request request = new Request(List.copyOf(features), new CompletableFuture<>());
    try {
      if (!queue.offer(request, deadline - System.nanoTime())) {
        throw new PredictorBusyException(
            "predict: as many requests wait as the queue may hold; try again later, or ask for less"
                + " at once");
      }
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
    return request;
  }

  private Prediction await(Request request, long deadline) {
    CompletableFuture<Prediction> result = request.result();
    try {
      return result.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      result.cancel(false);
      throw new PredictorBusyException(
          "predict: no result within "
              + timeout.toMillis()
              + " ms; the device is too slow for what is asked of it, or the timeout too short");
    } catch (InterruptedException e) {
      result.cancel(false);
      throw interrupted(e);
    } catch (ExecutionException e) {
      @Nullable Throwable cause = e.getCause();
      throw new TarnException("predict: " + (cause == null ? e : cause).getMessage(), cause);
    }
  }

  private static TarnException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return new TarnException("predict: interrupted while waiting for the result", e);
  }
}
