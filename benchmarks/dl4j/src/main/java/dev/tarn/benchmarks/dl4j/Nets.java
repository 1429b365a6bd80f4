package dev.tarn.benchmarks.dl4j;

import dev.tarn.benchmarks.engine.Workload;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration.GraphBuilder;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.weights.WeightInit;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/** The models of the workloads. */
final class Nets {
  private static final String INPUT = "input";

  private final GraphBuilder graph;
  private String last = INPUT;
  private int count;

  private Nets(Workload workload) {
    graph =
        new NeuralNetConfiguration.Builder()
            .seed(1)
            .weightInit(WeightInit.XAVIER)
            .updater(
                workload.adam()
                    ? new Adam(Workload.ADAM_RATE)
                    : new Nesterovs(Workload.SGD_RATE, Workload.MOMENTUM))
            .trainingWorkspaceMode(WorkspaceMode.ENABLED)
            .graphBuilder()
            .addInputs(INPUT);
  }

  static ComputationGraphConfiguration of(Workload workload) {
    int[] shape = workload.net().shape();
    Nets net = new Nets(workload);
    switch (workload.net()) {
      case MLP -> net.add(dense(512)).add(dense(256));
      case LENET ->
          net.add(conv(32, 5, 1, 2, true))
              .add(pool())
              .add(conv(64, 5, 1, 2, true))
              .add(pool())
              .add(dense(512));
      case VGG -> net.vgg();
      case RESNET20 -> net.resnet();
    }
    net.add(
        new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
            .nOut(Workload.CLASSES)
            .activation(Activation.SOFTMAX)
            .build());
    return net.graph
        .setOutputs(net.last)
        .setInputTypes(
            shape.length == 1
                ? InputType.feedForward(shape[0])
                : InputType.convolutional(shape[1], shape[2], shape[0]))
        .build();
  }

  private Nets add(Layer layer) {
    String name = "layer" + ++count;
    graph.addLayer(name, layer, last);
    last = name;
    return this;
  }

  private void vgg() {
    for (int filters : new int[] {64, 128, 256}) {
      for (int i = 0; i < 2; i++) {
        add(conv(filters, 3, 1, 1, false)).add(norm()).add(relu());
      }
      add(pool());
    }
  }

  private void resnet() {
    add(conv(16, 3, 1, 1, false)).add(norm()).add(relu());
    for (int filters : new int[] {16, 32, 64}) {
      for (int i = 0; i < 3; i++) {
        boolean down = i == 0 && filters > 16;
        String from = last;
        add(conv(filters, 3, down ? 2 : 1, 1, false)).add(norm()).add(relu());
        String branch = add(conv(filters, 3, 1, 1, false)).add(norm()).last;
        last = from;
        String shortcut = down ? add(conv(filters, 1, 2, 0, false)).add(norm()).last : from;
        last = "sum" + ++count;
        graph.addVertex(last, new ElementWiseVertex(ElementWiseVertex.Op.Add), branch, shortcut);
        add(relu());
      }
    }
    add(new GlobalPoolingLayer.Builder(PoolingType.AVG).build());
  }

  private static Layer dense(int units) {
    return new DenseLayer.Builder().nOut(units).activation(Activation.RELU).build();
  }

  private static Layer norm() {
    return new BatchNormalization.Builder().build();
  }

  private static Layer relu() {
    return new ActivationLayer(Activation.RELU);
  }

  private static Layer pool() {
    return new SubsamplingLayer.Builder(SubsamplingLayer.PoolingType.MAX)
        .kernelSize(2, 2)
        .stride(2, 2)
        .build();
  }

  /** A convolution with bias and ReLU, or with neither. */
  private static Layer conv(int filters, int kernel, int stride, int padding, boolean relu) {
    return new ConvolutionLayer.Builder(kernel, kernel)
        .stride(stride, stride)
        .padding(padding, padding)
        .nOut(filters)
        .hasBias(relu)
        .activation(relu ? Activation.RELU : Activation.IDENTITY)
        .build();
  }
}
