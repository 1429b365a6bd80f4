package dev.tarn.nn;

import dev.tarn.Mode;
import dev.tarn.Parameter;
import dev.tarn.Shape;
import dev.tarn.ShapeException;
import dev.tarn.State;
import dev.tarn.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * Batch normalization (Ioffe and Szegedy 2015) of {@code [N, C]}, {@code [N, C, L]} or {@code [N,
 * C, H, W]}: {@code y = weight_c (x - mean_c) / sqrt(variance_c + epsilon) + bias_c}.
 *
 * <p>In training, mean and biased variance are those of the batch, and the running statistics move
 * towards them: {@code running = (1 - momentum) running + momentum batch}, with the unbiased
 * variance, as in PyTorch. In evaluation the running statistics are used.
 *
 * <p>Parameters: {@code weight} f32 {@code [C]}, at first 1, and {@code bias} f32 {@code [C]}, at
 * first 0; neither decays. States: {@code running_mean} f32 {@code [C]}, at first 0, and {@code
 * running_var} f32 {@code [C]}, at first 1.
 */
public final class BatchNorm extends Module {
  private final double momentum;
  private final double epsilon;
  private Initializer weightInitializer = Initializers.constant(1);
  private Initializer biasInitializer = Initializers.zeros();

  private BatchNorm(double momentum, double epsilon) {
    this.momentum = momentum;
    this.epsilon = epsilon;
  }

  /** A layer with momentum 0.1 and epsilon 1e-5; channels are taken from the first input. */
  public static BatchNorm create() {
    return new BatchNorm(0.1, 1e-5);
  }

  /**
   * This layer with another share of a batch in the running statistics.
   *
   * @throws ShapeException if it is not in [0, 1]
   */
  public BatchNorm momentum(double share) {
    if (!(share >= 0 && share <= 1)) {
      throw new ShapeException("batch_norm: the momentum must be from 0 to 1, not " + share);
    }
    return with(share, epsilon, weightInitializer, biasInitializer);
  }

  /**
   * This layer with another number added to the variance.
   *
   * @throws ShapeException if it is not positive
   */
  public BatchNorm epsilon(double added) {
    return with(momentum, Norms.positive("batch_norm", added), weightInitializer, biasInitializer);
  }

  /** This layer with another start of its weight, such as zeros at the end of a residual. */
  public BatchNorm weights(Initializer initializer) {
    return with(momentum, epsilon, initializer, biasInitializer);
  }

  /** This layer with another start of its bias. */
  public BatchNorm biases(Initializer initializer) {
    return with(momentum, epsilon, weightInitializer, initializer);
  }

  private static BatchNorm with(
      double momentum, double epsilon, Initializer weight, Initializer bias) {
    BatchNorm layer = new BatchNorm(momentum, epsilon);
    layer.weightInitializer = weight;
    layer.biasInitializer = bias;
    return layer;
  }

  @Override
  public Tensor forward(Tensor x, Mode mode) {
    return recorded(x, () -> output(x, mode));
  }

  private Tensor output(Tensor x, Mode mode) {
    Shape shape = x.shape();
    if (shape.rank() < 2 || shape.rank() > 4) {
      throw x.trace()
          .failure(
              "batch_norm " + path() + ": needs [N,C], [N,C,L] or [N,C,H,W], was given " + shape);
    }
    int channels = shape.dim(1);
    Shape channel = Shape.of(channels);
    Parameter weight = parameter("weight", channel, weightInitializer, false);
    Parameter bias = parameter("bias", channel, biasInitializer, false);
    State runningMean = state("running_mean", channel, Initializers.zeros());
    State runningVariance = state("running_var", channel, Initializers.constant(1));
    Tensor scale = x.trace().state(weight);
    Tensor shift = x.trace().state(bias);
    if (mode == Mode.EVAL) {
      int[] along = new int[shape.rank()];
      Arrays.fill(along, 1);
      along[1] = channels;
      Tensor factor = scale.div(x.trace().state(runningVariance).add(epsilon).sqrt());
      return x.sub(x.trace().state(runningMean).reshape(along))
          .mul(factor.reshape(along))
          .add(shift.reshape(along));
    }
    double count = (double) shape.size() / Math.max(1, channels);
    if (count < 2) {
      throw x.trace()
          .failure(
              "batch_norm "
                  + path()
                  + ": training needs more than one value per channel, was given "
                  + shape
                  + "; choose a batch size that leaves no single example over");
    }
    List<Tensor> out = x.trace().add(new dev.tarn.ir.BatchNorm(epsilon), x, scale, shift);
    move(runningMean, out.get(1));
    move(runningVariance, out.get(2).mul(count / (count - 1)));
    return out.get(0);
  }

  private void move(State running, Tensor batch) {
    Tensor kept = batch.trace().state(running).mul(1 - momentum);
    batch.trace().update(running, kept.add(batch.mul(momentum)));
  }
}
