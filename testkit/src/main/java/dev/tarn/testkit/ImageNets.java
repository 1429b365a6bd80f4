package dev.tarn.testkit;

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
    return new Sequential()
        .add("conv1", Conv2d.filters(filters).kernel(3).same().withoutBias())
        .add("norm1", BatchNorm.create())
        .add("relu1", Activation.relu())
        .add("pool", Pooling.max(2))
        .add("conv2", Conv2d.filters(filters + 1).kernel(3).same())
        .add("relu2", Activation.relu())
        .add("drop_channels", Dropout.rate(dropout).spatial())
        .add("flatten", Activation.flatten())
        .add("drop", Dropout.rate(dropout))
        .add("out", Dense.units(classes));
  }

  /**
   * Two residual blocks, the second with a stride and a projection, and global average pooling (He
   * et al. 2016).
   *
   * @param filters of the first block; the second has one more
   */
  static Module residual(int filters, int classes) {
    Module projection =
        new Sequential()
            .add("conv", Conv2d.filters(filters + 1).stride(2).withoutBias())
            .add("norm", BatchNorm.create());
    return new Sequential()
        .add("stem", convolution(filters, 1))
        .add("block1", block(filters, 1))
        .add("relu1", Activation.relu())
        .add("block2", block(filters + 1, 2).shortcut(projection))
        .add("relu2", Activation.relu())
        .add("pool", Pooling.globalAverage())
        .add("out", Dense.units(classes));
  }

  private static Residual block(int filters, int stride) {
    return new Residual()
        .add("conv1", convolution(filters, stride))
        .add("norm1", BatchNorm.create())
        .add("relu", Activation.relu())
        .add("conv2", convolution(filters, 1))
        .add("norm2", BatchNorm.create());
  }

  private static Conv2d convolution(int filters, int stride) {
    return Conv2d.filters(filters).kernel(3).stride(stride).padding(1).withoutBias();
  }
}
