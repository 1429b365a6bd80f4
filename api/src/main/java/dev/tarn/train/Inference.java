package dev.tarn.train;

import dev.tarn.HostTensor;
import dev.tarn.Mode;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.TarnException;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.backend.Backend;
import dev.tarn.backend.StateStore;
import dev.tarn.data.Batches.Batch;
import dev.tarn.ir.Program;
import dev.tarn.nn.Module;
import dev.tarn.reference.ValidatingBackend;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A saved model on a device, to predict with: its parameters, without gradients or moments.
 *
 * <p>The program is compiled once for each size of batch that {@link #run} is given. Used by one
 * thread; {@code dev.tarn.predict.Predictor} is for many.
 */
public final class Inference implements AutoCloseable {
  private final Backend backend;
  private final Module model;
  private final List<Term> terms;
  private final ModelFile saved;
  private final StateStore store;
  private final List<Spec> outputs;
  private final Map<Integer, CompiledStep> compiled = new HashMap<>();
  private final Map<String, HostTensor> shared =
      Map.of(Trace.SEED, HostTensor.of(new int[2], 2), Trace.STEP, HostTensor.scalar(0));

  /**
   * Gives a model the parameters of a file.
   *
   * @param terms the losses it was trained by, which say what predictions are: probabilities, for
   *     instance, where the model's outputs are logits; an output without one is given as it is
   * @throws TarnException if the file does not fit the model
   */
  public Inference(Backend backend, Module model, List<Term> terms, ModelFile saved) {
    this.backend = ValidatingBackend.ifAsked(backend);
    this.model = model;
    this.terms = List.copyOf(terms);
    this.saved = saved;
    // The first pass over the model makes its parameters.
    this.outputs =
        predict(1).outputs().stream()
            .filter(output -> output.name().equals(StepPrograms.PREDICTION))
            .map(output -> output.value().spec())
            .toList();
    for (int i = 0; i < outputs.size(); i++) {
      if (outputs.get(i).shape().rank() == 0 || outputs.get(i).shape().dim(0) != 1) {
        throw new ShapeException(
            String.format(
                "predict: output %d of the model is %s for a batch of 1: its first axis must be the"
                    + " batch",
                i, outputs.get(i)));
      }
    }
    List<State> states = new ArrayList<>(model.parameters());
    states.addAll(model.buffers());
    this.store = this.backend.allocate(states);
    try {
      saved.write(states, store);
    } catch (RuntimeException e) {
      store.close();
      throw e;
    }
  }

  /** One example's features, in the order of the model's inputs. */
  public List<Spec> features() {
    return saved.features();
  }

  /** One example's predictions, in the order of the model's outputs. */
  public List<Spec> outputs() {
    return outputs.stream().map(Spec::withoutFirst).toList();
  }

  /**
   * What the model predicts for a batch.
   *
   * @param batch {@code [N, ...]}, in the order of the model's inputs
   * @return {@code [N, ...]}, in the order of the model's outputs
   */
  public List<HostTensor> run(List<HostTensor> batch) {
    CompiledStep step = step(batch.get(0).shape().dim(0));
    step.run(new Batch(batch, List.of()));
    return step.read(outputs.size());
  }

  /**
   * The same through the program of another size of batch, with zeros in the rows that are left: an
   * example's prediction has the same bits in whatever company, where the model mixes no examples.
   *
   * @param batch {@code [N, ...]} as the model takes them, f32 or i32
   * @param size at least N
   * @return {@code [N, ...]}
   */
  public List<HostTensor> run(List<HostTensor> batch, int size) {
    int given = batch.get(0).shape().dim(0);
    List<HostTensor> whole = batch.stream().map(one -> resized(one, size)).toList();
    return run(whole).stream().map(one -> resized(one, given)).toList();
  }

  /** A tensor with another number of rows. */
  private static HostTensor resized(HostTensor tensor, int rows) {
    HostTensor other = HostTensor.zeros(tensor.spec().withoutFirst().prepend(rows));
    other.copyFrom(tensor, 0, 0, Math.min(tensor.size(), other.size()));
    return other;
  }

  /** Compiles the program for a size of batch before it is needed. */
  public void prepare(int batchSize) {
    step(batchSize);
  }

  private CompiledStep step(int batchSize) {
    return compiled.computeIfAbsent(
        batchSize,
        size -> {
          List<Program> programs = List.of(predict(size));
          return new CompiledStep(
              programs, backend.compile(programs, store, saved.precision()), shared);
        });
  }

  private Program predict(int batchSize) {
    Trace trace = new Trace();
    List<Spec> batch = saved.features().stream().map(one -> one.prepend(batchSize)).toList();
    List<Tensor> results = StepPrograms.forward(model, trace, batch, Mode.EVAL);
    for (Tensor prediction : Objective.predictions(terms, results)) {
      trace.output(StepPrograms.PREDICTION, prediction);
    }
    return trace.build("predict");
  }

  @Override
  public void close() {
    compiled.values().forEach(CompiledStep::close);
    compiled.clear();
    store.close();
  }
}
