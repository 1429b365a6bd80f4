package dev.tarn.cli;

import com.google.gson.JsonObject;
import dev.tarn.Parameter;
import dev.tarn.Precision;
import dev.tarn.Spec;
import dev.tarn.backend.Backend;
import dev.tarn.backend.StepTime;
import dev.tarn.config.RunConfig;
import dev.tarn.data.Batches;
import dev.tarn.data.Batches.Batch;
import dev.tarn.data.DataSource.Prepared;
import dev.tarn.data.Dataset;
import dev.tarn.nn.Sequential;
import dev.tarn.optim.Updates;
import dev.tarn.train.TrainStep;
import dev.tarn.train.Trainer;
import dev.tarn.train.TrainingListener;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * How fast a workload trains.
 *
 * @param workload its name
 * @param precision how exactly products were computed
 * @param batch examples in a step
 * @param parameters numbers that are trained
 * @param flops floating point operations of a step, by {@link Flops}
 * @param firstStep seconds from the built model to the end of the first step, compilation included
 * @param warmUpSteps steps before the first that was measured
 * @param step the step alone, always with the same batch
 * @param loop the training as users run it: shuffling, gathering batches, sums of the loss
 * @param deviceBytes memory of states and values on the device
 * @param peakResidentBytes the most memory the process had meanwhile, or -1 where that is not known
 * @param families seconds of a step by kind of operation, its pieces measured one by one
 * @param ceiling what the device reaches at best
 */
record Measurement(
    String workload,
    Precision precision,
    int batch,
    long parameters,
    long flops,
    double firstStep,
    long warmUpSteps,
    Timing step,
    Timing loop,
    long deviceBytes,
    long peakResidentBytes,
    Map<String, Double> families,
    Ceiling ceiling) {
  private static final int TIMED_RUNS = 9;
  private static final double CEILING_SECONDS = 0.2;

  /**
   * Measures a workload.
   *
   * @param seconds how long the step, and how long the loop
   */
  static Measurement of(Workload workload, Backend backend, double seconds) {
    ProcessMemory.forgetPeak();
    RunConfig config = workload.config();
    Prepared prepared = config.load();
    Dataset data = prepared.split().train();
    Sequential model = config.modelFor(prepared);
    try (Batches batches = config.data().batches(data, config.train().batch())) {
      Updates updates = config.train().updates(batches.count());
      Loop loop = new Loop(seconds);
      long built = System.nanoTime();
      try (Trainer trainer =
          Trainer.of(model, backend)
              .loss(config.train().loss())
              .updates(updates)
              .seed(config.seed())
              .precision(config.precision())
              .listener(loop)
              .build()) {
        TrainStep step = trainer.prepare(batches);
        batches.startEpoch(config.seed(), 0);
        Batch batch = batches.load(0);
        step.train(1, batch);
        step.failedStep();
        double firstStep = (System.nanoTime() - built) / 1e9;
        Timing.Collector alone = new Timing.Collector(seconds / 2, seconds);
        long number = 1;
        do {
          step.train(++number, batch);
        } while (!alone.step(step::failedStep));
        Map<String, Double> families = families(step, number, batch);
        trainer.fit(batches, null, Integer.MAX_VALUE);
        long flops =
            Flops.of(
                step.programs(
                    batch.features().stream().map(one -> one.spec()).toArray(Spec[]::new)));
        long resident = ProcessMemory.peak();
        return new Measurement(
            workload.name(),
            config.precision(),
            batch.size(),
            model.parameters().stream().map(Parameter::spec).mapToLong(s -> s.shape().size()).sum(),
            flops,
            firstStep,
            alone.warmUpSteps(),
            alone.timing(),
            loop.collector.timing(),
            step.bytes(),
            resident,
            families,
            Ceiling.measure(backend, config.precision(), CEILING_SECONDS));
      }
    }
  }

  private static Map<String, Double> families(TrainStep step, long number, Batch batch) {
    List<List<StepTime>> runs = new ArrayList<>();
    for (int i = 0; i < TIMED_RUNS; i++) {
      runs.add(step.time(number + i, batch));
    }
    return OpFamilies.median(runs.subList(2, runs.size()));
  }

  /** Ends a training when enough of it was measured. */
  private static final class Loop implements TrainingListener {
    private final double seconds;
    private Timing.Collector collector;

    Loop(double seconds) {
      this.seconds = seconds;
      this.collector = collector();
    }

    private Timing.Collector collector() {
      return new Timing.Collector(seconds / 2, seconds);
    }

    @Override
    public void onStep(Trainer trainer, Progress at) {
      if (at.step() == 1) {
        collector = collector();
      }
      TrainStep step = trainer.step();
      if (step != null && collector.step(step::failedStep)) {
        trainer.stop();
      }
    }
  }

  JsonObject json() {
    JsonObject json = new JsonObject();
    json.addProperty("workload", workload);
    json.addProperty("precision", precision.toString());
    json.addProperty("batch", batch);
    json.addProperty("parameters", parameters);
    json.addProperty("gflop_per_step", flops / 1e9);
    json.addProperty("first_step_seconds", firstStep);
    json.addProperty("warm_up_steps", warmUpSteps);
    json.add("step", step.json(batch, flops));
    json.add("loop", loop.json(batch, flops));
    json.addProperty("device_bytes", deviceBytes);
    if (peakResidentBytes >= 0) {
      json.addProperty("peak_resident_bytes", peakResidentBytes);
    }
    JsonObject times = new JsonObject();
    families.forEach((family, time) -> times.addProperty(family, 1e6 * time));
    json.add("us_by_operation", times);
    json.add("ceiling", ceiling.json());
    json.addProperty("share_of_ceiling", share());
    return json;
  }

  /** The part of the ceiling that the step alone reaches. */
  double share() {
    return flops / step.median() / 1e9 / ceiling.gflops();
  }
}
