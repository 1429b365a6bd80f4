package dev.tarn.cli;

import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.data.Batches;
import dev.tarn.data.Dataset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A model and a training of a size that fits data: the sections model and train of a run file.
 *
 * <p>The number of epochs aims at some thousand steps, since the best epoch is kept anyway.
 */
final class ModelGuess {
  private static final int FEW = 1_000;
  private static final int MANY = 20_000;
  private static final int STEPS = 4_000;
  private static final int STATISTICS = 10_000;

  private final Dataset train;
  private final Shape features;
  private final int examples;
  private final boolean image;
  private final List<String> model = new ArrayList<>();
  private final List<String> training = new ArrayList<>();

  /**
   * A guess.
   *
   * @param train the training part
   * @param classifies whether there are classes rather than numbers to predict
   */
  ModelGuess(Dataset train, boolean classifies) {
    this.train = train;
    this.features = train.features().get(0).shape();
    this.examples = train.size();
    this.image =
        train.features().size() == 1
            && features.rank() == 3
            && features.dim(0) <= 4
            && Math.min(features.dim(1), features.dim(2)) >= 8;
    int width = image ? convolutions() : hidden();
    if (classifies) {
      model.add("- dense: " + train.classes() + " # one for each class");
    } else {
      output(width);
    }
    train(classifies);
  }

  List<String> model() {
    return List.copyOf(model);
  }

  List<String> training() {
    return List.copyOf(training);
  }

  boolean isImage() {
    return image;
  }

  private int hidden() {
    if (train.features().size() == 1 && features.rank() > 1) {
      model.add("- flatten");
    }
    if (examples < FEW) {
      model.add("- dense: 128");
      model.add("- relu");
      return 128;
    }
    int width = examples < MANY ? 128 : 256;
    for (int layer = 0; layer < 2; layer++) {
      model.add("- dense: " + width);
      model.add("- relu");
      model.add("- dropout: 0.2");
    }
    return width;
  }

  private int convolutions() {
    int side = Math.min(features.dim(1), features.dim(2));
    int filters = 16;
    while (side >= 14 && filters < 128) {
      convolution(filters);
      model.add("- max_pool2d: 2");
      side /= 2;
      filters *= 2;
    }
    convolution(filters);
    convolution(filters);
    model.add("- global_avg_pool2d");
    model.add("- dropout: 0.2");
    return filters;
  }

  private void convolution(int filters) {
    model.add("- conv2d: {filters: " + filters + ", kernel: 3, padding: same, bias: false}");
    model.add("- batch_norm");
    model.add("- relu");
  }

  /**
   * The last layer of a model that predicts numbers. Where these are far from 0 and 1 it begins
   * with their mean and deviation, and learns in steps of that size: as if they were normalized.
   */
  private void output(int width) {
    int targets = train.targetSpec().shape().intSize();
    double[] statistics = statistics(targets);
    double mean = statistics[0];
    double deviation = statistics[1];
    boolean plain = Math.abs(mean) < 3 && deviation > 0.2 && deviation < 5;
    if (plain || deviation == 0) {
      model.add("- dense: " + targets);
      return;
    }
    model.add("- dense: # begins with the mean and the deviation of what is predicted");
    model.add("    units: " + targets);
    model.add("    init: {normal: {deviation: " + number(deviation / Math.sqrt(width)) + "}}");
    model.add("    bias_init: {constant: {value: " + number(mean) + "}}");
    model.add("  name: output");
    training.add("groups: # steps in the unit of what is predicted");
    training.add(
        "  - {match: \"output.*\", lr: " + number(1e-3 * deviation) + ", weight_decay: 0}");
  }

  /** Mean and deviation of all targets together. */
  private double[] statistics(int targets) {
    Batches batches = new Batches(train, Math.min(examples, STATISTICS), false);
    batches.startEpoch(0, 0);
    HostTensor values = batches.load(0).target();
    double sum = 0;
    double squares = 0;
    for (float value : values.floats()) {
      sum += value;
    }
    double mean = sum / values.size();
    for (float value : values.floats()) {
      squares += (value - mean) * (value - mean);
    }
    return new double[] {mean, Math.sqrt(squares / values.size())};
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.3g", value);
  }

  private void train(boolean classifies) {
    int batch = examples < 500 ? 16 : examples < 5_000 ? 32 : examples < 50_000 ? 64 : 128;
    int perEpoch = (examples + batch - 1) / batch;
    int epochs = Math.max(image ? 5 : 10, Math.min(100, STEPS / perEpoch));
    List<String> lines = new ArrayList<>();
    lines.add("loss: " + (classifies ? "cross_entropy" : "mse"));
    lines.add("optimizer:");
    lines.add("  adamw: {lr: 0.001, weight_decay: 0.01}");
    lines.addAll(training);
    lines.add("epochs: " + epochs + " # passes over the training data");
    lines.add("batch: " + batch + " # examples in a step");
    training.clear();
    training.addAll(lines);
  }
}
