package dev.tarn.predict;

import dev.tarn.HostTensor;
import dev.tarn.Spec;
import dev.tarn.TarnException;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Backends;
import dev.tarn.predict.RequestQueue.Request;
import dev.tarn.train.Inference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The thread that owns the device: it opens it, runs batches of waiting requests, closes it. */
final class PredictorWorker {
  private static final Logger LOG = LoggerFactory.getLogger(PredictorWorker.class);

  /** What is known once the device is open. */
  private record Opened(String device, List<String> classes) {}

  private final PredictorModel model;
  private final RequestQueue queue;
  private final String deviceName;
  private final int[] sizes;
  private final CompletableFuture<Opened> opened = new CompletableFuture<>();
  private final Thread thread = new Thread(this::work, "tarn-predictor");

  private PredictorWorker(
      PredictorModel model, RequestQueue queue, String deviceName, int[] sizes) {
    this.model = model;
    this.queue = queue;
    this.deviceName = deviceName;
    this.sizes = sizes.clone();
    thread.setDaemon(true);
  }

  /** Starts the thread and waits until the device is ready, or throws why it is not. */
  static PredictorWorker start(
      PredictorModel model, RequestQueue queue, String device, int[] sizes) {
    PredictorWorker worker = new PredictorWorker(model, queue, device, sizes);
    worker.thread.start();
    try {
      worker.opened.join();
      return worker;
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new TarnException("predictor: the device cannot be opened: " + e.getCause(), e);
    }
  }

  String device() {
    return opened.join().device();
  }

  List<String> classes() {
    return opened.join().classes();
  }

  /** Waits for the thread's end, unless it is the calling one. */
  void join() {
    if (Thread.currentThread() == thread) {
      return;
    }
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void work() {
    try (Backend backend = Backends.named(deviceName);
        Inference inference = new Inference(backend, model.model(), model.terms(), model.saved())) {
      List<String> classes = model.classes(inference.outputs().get(0));
      for (int size : sizes) {
        inference.prepare(size);
      }
      opened.complete(new Opened(backend.name() + ": " + backend.description(), classes));
      int largest = sizes[sizes.length - 1];
      for (List<Request> taken = queue.take(largest);
          !taken.isEmpty();
          taken = queue.take(largest)) {
        answer(inference, classes, taken);
      }
    } catch (Throwable e) {
      // Whoever opens the predictor is told; afterwards only closing the device can fail.
      if (!opened.completeExceptionally(e)) {
        LOG.error("the predictor's device cannot be closed", e);
      }
    }
  }

  private void answer(Inference inference, List<String> classes, List<Request> requests) {
    try {
      List<HostTensor> outputs = inference.run(batch(requests));
      for (int i = 0; i < requests.size(); i++) {
        int row = i;
        List<HostTensor> own = outputs.stream().map(output -> row(output, row)).toList();
        requests.get(i).result().complete(new Prediction(own, classes));
      }
    } catch (Throwable e) {
      requests.forEach(request -> request.result().completeExceptionally(e));
    }
  }

  /** Requests side by side, and zeros up to the size of the run. */
  private List<HostTensor> batch(List<Request> requests) {
    int size = Arrays.stream(sizes).filter(s -> s >= requests.size()).findFirst().orElseThrow();
    List<HostTensor> batch = new ArrayList<>();
    List<Spec> specs = model.saved().features();
    for (int i = 0; i < specs.size(); i++) {
      HostTensor all = HostTensor.zeros(specs.get(i).prepend(size));
      for (int row = 0; row < requests.size(); row++) {
        HostTensor one = requests.get(row).features().get(i);
        all.copyFrom(one, 0, row * one.size(), one.size());
      }
      batch.add(all);
    }
    return batch;
  }

  private static HostTensor row(HostTensor output, int row) {
    HostTensor one = HostTensor.zeros(output.spec().withoutFirst());
    one.copyFrom(output, row * one.size(), 0, one.size());
    return one;
  }
}
