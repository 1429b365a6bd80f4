package dev.tarn.cuda;

import dev.tarn.HostTensor;
import dev.tarn.Precision;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.backend.Backend;
import dev.tarn.data.Batches.Batch;
import dev.tarn.internal.RandomStream;
import dev.tarn.loss.Losses;
import dev.tarn.nn.Activation;
import dev.tarn.nn.BatchNorm;
import dev.tarn.nn.Conv2d;
import dev.tarn.nn.Dense;
import dev.tarn.nn.Pooling;
import dev.tarn.nn.Residual;
import dev.tarn.nn.Sequential;
import dev.tarn.optim.Adam;
import dev.tarn.optim.Optimizer;
import dev.tarn.optim.Sgd;
import dev.tarn.optim.Updates;
import dev.tarn.train.Term;
import dev.tarn.train.TrainStep;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.Stream;

/** The networks that steps are measured with, the same as in {@code torch_step.py}. */
final class CheckModels {
  private static final int CLASSES = 10;

  /** So small that nothing is learned: the last step costs what the first did. */
  private static final double SLOW = 1e-6;

  private CheckModels() {}

  /**
   * A network and its training.
   *
   * @param model makes it, with its widths divided by a number
   */
  record Workload(
      String name, Shape features, int batch, IntFunction<Sequential> model, Optimizer optimizer) {
    /** A step of this training. */
    TrainStep step(Backend backend, Precision precision, int divisor) {
      return new TrainStep(
          backend,
          model.apply(divisor),
          List.of(Term.of(0, Losses.crossEntropy())),
          Updates.of(optimizer),
          List.of(),
          List.of(Spec.f32(features)),
          1,
          precision);
    }

    /** Random examples. */
    Batch examples(int count) {
      RandomStream random = new RandomStream(1, "examples");
      HostTensor x = HostTensor.zeros(Spec.f32(features.prepend(count)));
      for (int i = 0; i < x.size(); i++) {
        x.floats()[i] = (float) random.nextGaussian();
      }
      HostTensor labels = HostTensor.zeros(Spec.i32(count));
      for (int i = 0; i < count; i++) {
        labels.ints()[i] = random.nextInt(CLASSES);
      }
      return new Batch(x, labels);
    }
  }

  /** All of them, from the smallest step to the largest. */
  static List<Workload> all() {
    Optimizer sgd = Sgd.lr(SLOW).momentum(0.9);
    List<Workload> all = new ArrayList<>();
    for (int batch : new int[] {64, 512}) {
      all.add(new Workload("mlp-" + batch, Shape.of(784), batch, CheckModels::mlp, sgd));
    }
    for (int batch : new int[] {64, 256}) {
      all.add(
          new Workload(
              "lenet-" + batch,
              Shape.of(1, 28, 28),
              batch,
              CheckModels::lenet,
              Adam.lr(SLOW / 10)));
    }
    all.add(new Workload("vgg-64", Shape.of(3, 32, 32), 64, CheckModels::vgg, sgd));
    all.add(new Workload("resnet20-128", Shape.of(3, 32, 32), 128, CheckModels::resnet, sgd));
    return all;
  }

  /** Those that differ in more than the batch. */
  static List<Workload> distinct() {
    return Stream.of("mlp-64", "lenet-64", "vgg-64", "resnet20-128")
        .map(CheckModels::named)
        .toList();
  }

  /** All of them; when everything is small, one. */
  static List<Workload> some(boolean tiny) {
    return tiny ? List.of(named("lenet-64")) : all();
  }

  /** All precisions; when everything is small, those that differ most. */
  static List<Precision> precisions(boolean tiny) {
    return tiny ? List.of(Precision.FP32, Precision.BF16) : List.of(Precision.values());
  }

  /** The one of a name. */
  static Workload named(String name) {
    return all().stream().filter(one -> one.name().equals(name)).findFirst().orElseThrow();
  }

  private static Sequential mlp(int divisor) {
    return Sequential.of(
        Dense.units(512 / divisor),
        Activation.relu(),
        Dense.units(256 / divisor),
        Activation.relu(),
        Dense.units(CLASSES));
  }

  private static Sequential lenet(int divisor) {
    return Sequential.of(
        Conv2d.filters(32 / divisor).kernel(5).same(),
        Activation.relu(),
        Pooling.max(2),
        Conv2d.filters(64 / divisor).kernel(5).same(),
        Activation.relu(),
        Pooling.max(2),
        Activation.flatten(),
        Dense.units(512 / divisor),
        Activation.relu(),
        Dense.units(CLASSES));
  }

  private static Sequential vgg(int divisor) {
    Sequential net = new Sequential();
    int layer = 0;
    for (int filters : new int[] {64, 64, 128, 128, 256, 256}) {
      layer++;
      net.add("conv" + layer, Conv2d.filters(filters / divisor).kernel(3).same().withoutBias());
      net.add("norm" + layer, BatchNorm.create());
      net.add("relu" + layer, Activation.relu());
      if (layer % 2 == 0) {
        net.add("pool" + layer, Pooling.max(2));
      }
    }
    return net.add("flatten", Activation.flatten()).add("out", Dense.units(CLASSES));
  }

  /** ResNet-20 (He et al. 2016, section 4.2) with projections as shortcuts. */
  private static Sequential resnet(int divisor) {
    Sequential net = new Sequential();
    net.add("conv", Conv2d.filters(16 / divisor).kernel(3).same().withoutBias());
    net.add("norm", BatchNorm.create()).add("relu", Activation.relu());
    for (int block = 0; block < 9; block++) {
      int filters = (16 << block / 3) / divisor;
      boolean halves = block == 3 || block == 6;
      Residual residual = new Residual();
      Conv2d first = Conv2d.filters(filters).kernel(3).stride(halves ? 2 : 1).padding(1);
      residual.add("conv1", first.withoutBias()).add("norm1", BatchNorm.create());
      residual.add("relu", Activation.relu());
      residual.add("conv2", Conv2d.filters(filters).kernel(3).same().withoutBias());
      residual.add("norm2", BatchNorm.create());
      if (halves) {
        residual.shortcut(
            new Sequential()
                .add("conv", Conv2d.filters(filters).kernel(1).stride(2).withoutBias())
                .add("norm", BatchNorm.create()));
      }
      net.add("block" + block, residual).add("relu" + block, Activation.relu());
    }
    return net.add("pool", Pooling.globalAverage()).add("out", Dense.units(CLASSES));
  }
}
