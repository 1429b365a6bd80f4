package dev.tarn.benchmarks.djl;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.Blocks;
import ai.djl.nn.ParallelBlock;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.nn.pooling.Pool;
import dev.tarn.benchmarks.engine.Workload;
import java.util.List;

/** The models of the workloads. */
final class Nets {
  private Nets() {}

  static Block of(Workload.Net net) {
    return switch (net) {
      case MLP ->
          new SequentialBlock()
              .add(dense(512))
              .add(Activation::relu)
              .add(dense(256))
              .add(Activation::relu)
              .add(dense(Workload.CLASSES));
      case LENET ->
          new SequentialBlock()
              .add(conv(32, 5, 1, 2, true))
              .add(Activation::relu)
              .add(pool())
              .add(conv(64, 5, 1, 2, true))
              .add(Activation::relu)
              .add(pool())
              .add(Blocks.batchFlattenBlock())
              .add(dense(512))
              .add(Activation::relu)
              .add(dense(Workload.CLASSES));
      case VGG -> vgg();
      case RESNET20 -> resnet();
    };
  }

  private static Block vgg() {
    SequentialBlock net = new SequentialBlock();
    for (int filters : new int[] {64, 128, 256}) {
      for (int i = 0; i < 2; i++) {
        net.add(conv(filters, 3, 1, 1, false)).add(norm()).add(Activation::relu);
      }
      net.add(pool());
    }
    return net.add(Blocks.batchFlattenBlock()).add(dense(Workload.CLASSES));
  }

  private static Block resnet() {
    SequentialBlock net =
        new SequentialBlock().add(conv(16, 3, 1, 1, false)).add(norm()).add(Activation::relu);
    for (int filters : new int[] {16, 32, 64}) {
      for (int i = 0; i < 3; i++) {
        boolean down = i == 0 && filters > 16;
        Block branch =
            new SequentialBlock()
                .add(conv(filters, 3, down ? 2 : 1, 1, false))
                .add(norm())
                .add(Activation::relu)
                .add(conv(filters, 3, 1, 1, false))
                .add(norm());
        Block shortcut =
            down
                ? new SequentialBlock().add(conv(filters, 1, 2, 0, false)).add(norm())
                : Blocks.identityBlock();
        net.add(new ParallelBlock(Nets::sum, List.of(branch, shortcut))).add(Activation::relu);
      }
    }
    return net.add(Pool.globalAvgPool2dBlock()).add(dense(Workload.CLASSES));
  }

  private static NDList sum(List<NDList> branches) {
    return new NDList(branches.get(0).singletonOrThrow().add(branches.get(1).singletonOrThrow()));
  }

  private static Block dense(int units) {
    return Linear.builder().setUnits(units).build();
  }

  private static Block norm() {
    return BatchNorm.builder().build();
  }

  private static Block pool() {
    return Pool.maxPool2dBlock(new Shape(2, 2), new Shape(2, 2));
  }

  private static Block conv(int filters, int kernel, int stride, int padding, boolean bias) {
    return Conv2d.builder()
        .setKernelShape(new Shape(kernel, kernel))
        .optStride(new Shape(stride, stride))
        .optPadding(new Shape(padding, padding))
        .setFilters(filters)
        .optBias(bias)
        .build();
  }
}
