package dev.tarn.benchmarks.engine;

/**
 * What is trained. Every engine builds the same layers; learning rates are tiny, so that a model
 * stays as it is and every step costs the same.
 *
 * @param net the model
 * @param batch examples in a step
 * @param adam whether the optimizer is Adam, and not SGD with momentum 0.9
 */
public record Workload(Net net, int batch, boolean adam) {
  /** The classes of every workload. */
  public static final int CLASSES = 10;

  /** The learning rate of SGD. */
  public static final double SGD_RATE = 1e-6;

  /** The momentum of SGD. */
  public static final double MOMENTUM = 0.9;

  /** The learning rate of Adam. */
  public static final double ADAM_RATE = 1e-7;

  /** The models; {@code benchmarks/workloads} has their layers. */
  public enum Net {
    /** 784-512-256-10. */
    MLP(784),
    /** Two convolutions and two dense layers. */
    LENET(1, 28, 28),
    /** Six convolutions with batch norm. */
    VGG(3, 32, 32),
    /** He et al. 2016, section 4.2, with projections. */
    RESNET20(3, 32, 32);

    private final int[] shape;

    Net(int... shape) {
      this.shape = shape;
    }

    /** One example: features, or channels, rows and columns. */
    public int[] shape() {
      return shape.clone();
    }
  }

  /**
   * A workload by its name, such as {@code mlp-64-adam}.
   *
   * @throws IllegalArgumentException if it is none
   */
  public static Workload of(String name) {
    return switch (name) {
      case "mlp-64" -> new Workload(Net.MLP, 64, false);
      case "mlp-64-adam" -> new Workload(Net.MLP, 64, true);
      case "mlp-512" -> new Workload(Net.MLP, 512, false);
      case "mlp-512-adam" -> new Workload(Net.MLP, 512, true);
      case "lenet-64" -> new Workload(Net.LENET, 64, true);
      case "lenet-256" -> new Workload(Net.LENET, 256, true);
      case "vgg-64" -> new Workload(Net.VGG, 64, false);
      case "resnet20-128" -> new Workload(Net.RESNET20, 128, false);
      default -> throw new IllegalArgumentException("no workload '" + name + "'");
    };
  }

  /** The shape of a batch of features. */
  public long[] features() {
    int[] one = net.shape();
    long[] all = new long[one.length + 1];
    all[0] = batch;
    for (int i = 0; i < one.length; i++) {
      all[i + 1] = one[i];
    }
    return all;
  }
}
