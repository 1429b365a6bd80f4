package dev.tarn.benchmarks.tarn;

import dev.tarn.Parameter;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Backends;
import dev.tarn.benchmarks.engine.Engine;
import dev.tarn.benchmarks.engine.Server;
import dev.tarn.config.RunConfig;
import dev.tarn.data.Batches;
import dev.tarn.data.Batches.Batch;
import dev.tarn.data.Dataset;
import dev.tarn.nn.Sequential;
import dev.tarn.train.TrainStep;
import dev.tarn.train.Trainer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Tarn on the CPU, with the run files of {@code benchmarks/workloads}. */
final class TarnEngine implements Engine {
  private final Backend backend;
  private final Trainer trainer;
  private final TrainStep step;
  private final Sequential model;
  private final Batch batch;
  private long number;

  private TarnEngine(RunConfig config) {
    Dataset data = config.load().split().train();
    Batches batches = config.data().batches(data, config.train().batch());
    model = config.modelFor(data);
    backend = Backends.named("cpu");
    trainer =
        Trainer.of(model, backend)
            .loss(config.train().loss())
            .updates(config.train().updates(batches.count()))
            .seed(config.seed())
            .precision(config.precision())
            .build();
    step = trainer.prepare(batches);
    batches.startEpoch(config.seed(), 0);
    batch = batches.load(0);
  }

  /** What Tarn computes in; the peers always compute in fp32. */
  static String precision() {
    String set = System.getenv("PRECISION");
    return set == null ? "fp32" : set;
  }

  @Override
  public String description() {
    return "Tarn, " + backend.description() + ", " + precision();
  }

  @Override
  public long parameters() {
    return model.parameters().stream().map(Parameter::spec).mapToLong(s -> s.shape().size()).sum();
  }

  @Override
  public void step() {
    step.train(++number, batch);
  }

  @Override
  public double loss() {
    return step.takeSums()[0] / batch.size();
  }

  @Override
  public void close() {
    trainer.close();
    backend.close();
  }

  /**
   * Runs the engine.
   *
   * @param arguments the name of a workload, and the directory of the run files
   */
  public static void main(String... arguments) throws IOException {
    Path file = Path.of(arguments[1], arguments[0] + ".yaml");
    Backends.preload("cpu");
    Server.serve(
        arguments,
        workload ->
            new TarnEngine(
                // As many examples as one batch: the others would only be made and not used.
                RunConfig.read(
                    file,
                    List.of("data.examples=" + workload.batch(), "precision=" + precision()))));
  }
}
