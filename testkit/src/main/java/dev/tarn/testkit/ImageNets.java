package dev.tarn.testkit;

import dev.tarn.ir.Origin;
import dev.tarn.nn.Activation;
import dev.tarn.nn.BatchNorm;
import dev.tarn.nn.Conv2d;
import dev.tarn.nn.Dense;
import dev.tarn.nn.Dropout;
import dev.tarn.nn.Module;
import dev.tarn.nn.Pooling;
import dev.tarn.nn.Residual;
import dev.tarn.nn.Sequential;

/** Small convolutional nets for images {@code [N, C, H, W]}, the same as in model_numbers.py. */
final class ImageNets {
  private ImageNets() {}

  /**
   * Two convolutions, batch normalization, ReLU, max pooling, both kinds of dropout and a dense
   * layer.
   *
   * @param filters of the first convolution; the second has one more
   * @param dropout the rate of both kinds of dropout
   */
  static Module cnn(int filters, int classes, double dropout) {
    Chain net = new Chain();
    net.add("conv1", Conv2d.filters(filters).kernel(3).same().withoutBias());
    net.add("norm1", BatchNorm.create());
    net.add("relu1", Activation.relu());
    net.add("pool", Pooling.max(2));
    net.add("conv2", Conv2d.filters(filters + 1).kernel(3).same());
    net.add("relu2", Activation.relu());
    net.add("drop_channels", Dropout.rate(dropout).spatial());
    net.add("flatten", Activation.flatten());
    net.add("drop", Dropout.rate(dropout));
    net.add("out", Dense.units(classes));
    return net.chain;
  }

  /**
   * Two residual blocks, the second with a stride and a projection, and global average pooling (He
   * et al. 2016).
   *
   * @param filters of the first block; the second has one more
   */
  static Module residual(int filters, int classes) {
    Chain net = new Chain();
    net.add("stem", convolution(filters, 1));
    net.add("block1", block(filters, 1));
    net.add("relu1", Activation.relu());
    Chain projection = new Chain();
    projection.add("conv", Conv2d.filters(filters + 1).stride(2).withoutBias());
    projection.add("norm", BatchNorm.create());
    net.add("block2", block(filters + 1, 2).shortcut(projection.chain));
    net.add("relu2", Activation.relu());
    net.add("pool", Pooling.globalAverage());
    net.add("out", Dense.units(classes));
    return net.chain;
  }

  private static Residual block(int filters, int stride) {
    return new Residual()
        .add("conv1", convolution(filters, stride), Origin.NONE)
        .add("norm1", BatchNorm.create(), Origin.NONE)
        .add("relu", Activation.relu(), Origin.NONE)
        .add("conv2", convolution(filters, 1), Origin.NONE)
        .add("norm2", BatchNorm.create(), Origin.NONE);
  }

  private static Conv2d convolution(int filters, int stride) {
    return Conv2d.filters(filters).kernel(3).stride(stride).padding(1).withoutBias();
  }

  private static final class Chain {
    private final Sequential chain = new Sequential();

    void add(String name, Module module) {
      chain.add(name, module, Origin.NONE);
    }
  }
}
