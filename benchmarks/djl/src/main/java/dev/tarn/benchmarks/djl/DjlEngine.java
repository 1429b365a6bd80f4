package dev.tarn.benchmarks.djl;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.Trainer;
import ai.djl.training.loss.Loss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import dev.tarn.benchmarks.engine.Engine;
import dev.tarn.benchmarks.engine.Server;
import dev.tarn.benchmarks.engine.Workload;
import java.io.IOException;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * DJL with PyTorch on the CPU. Features and labels stay where PyTorch has them; the temporaries of
 * a step go when its manager is closed, as DJL's own training loop does it.
 */
final class DjlEngine implements Engine {
  private final Model model;
  private final Trainer trainer;
  private final Loss loss = Loss.softmaxCrossEntropyLoss();
  private final NDManager manager;
  private final NDArray features;
  private final NDArray labels;
  private @Nullable NDArray last;

  private DjlEngine(Workload workload) {
    model = Model.newInstance("benchmark", Device.cpu());
    model.setBlock(Nets.of(workload.net()));
    Optimizer optimizer =
        workload.adam()
            ? Optimizer.adam()
                .optLearningRateTracker(Tracker.fixed((float) Workload.ADAM_RATE))
                .build()
            : Optimizer.sgd()
                .setLearningRateTracker(Tracker.fixed((float) Workload.SGD_RATE))
                .optMomentum((float) Workload.MOMENTUM)
                .build();
    trainer =
        model.newTrainer(
            new DefaultTrainingConfig(loss)
                .optOptimizer(optimizer)
                .optDevices(new Device[] {Device.cpu()}));
    Shape shape = new Shape(workload.features());
    trainer.initialize(shape);
    manager = trainer.getManager();
    Random random = new Random(1);
    float[] values = new float[(int) shape.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    float[] classes = new float[workload.batch()];
    for (int i = 0; i < classes.length; i++) {
      classes[i] = random.nextInt(Workload.CLASSES);
    }
    features = manager.create(values, shape);
    labels = manager.create(classes, new Shape(classes.length));
  }

  @Override
  public String description() {
    ai.djl.engine.Engine engine = ai.djl.engine.Engine.getInstance();
    return "DJL with " + engine.getEngineName() + " " + engine.getVersion();
  }

  @Override
  public long parameters() {
    long count = 0;
    for (Parameter parameter : model.getBlock().getParameters().values()) {
      count += parameter.requiresGradient() ? parameter.getShape().size() : 0;
    }
    return count;
  }

  @Override
  public void step() {
    if (last != null) {
      last.close();
    }
    try (NDManager temporaries = manager.newSubManager()) {
      features.attach(temporaries);
      labels.attach(temporaries);
      try (GradientCollector collector = trainer.newGradientCollector()) {
        NDList output = trainer.forward(new NDList(features), new NDList(labels));
        NDArray value = loss.evaluate(new NDList(labels), output);
        collector.backward(value);
        value.attach(manager);
        last = value;
      }
      trainer.step();
      features.attach(manager);
      labels.attach(manager);
    }
  }

  @Override
  public double loss() {
    return last == null ? Double.NaN : last.getFloat();
  }

  @Override
  public void close() {
    trainer.close();
    model.close();
  }

  /** Runs the engine. */
  public static void main(String... arguments) throws IOException {
    Server.serve(arguments, DjlEngine::new);
  }
}
