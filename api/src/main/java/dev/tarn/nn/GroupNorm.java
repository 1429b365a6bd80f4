package dev.tarn.nn;

import dev.tarn.Mode;
import dev.tarn.Parameter;
import dev.tarn.Shape;
import dev.tarn.ShapeException;
import dev.tarn.Tensor;
import java.util.Arrays;

/**
 * Group normalization (Wu and He 2018) of {@code [N, C, ...]}: each example's channels are divided
 * into groups, each with a mean and a biased variance of its own.
 *
 * <p>Parameters: {@code weight} f32 {@code [C]}, at first 1, and {@code bias} f32 {@code [C]}, at
 * first 0; neither decays.
 */
public final class GroupNorm extends Module {
  private final int groups;
  private final double epsilon;
  private Initializer weightInitializer = Initializers.constant(1);
  private Initializer biasInitializer = Initializers.zeros();

  private GroupNorm(int groups, double epsilon) {
    this.groups = groups;
    this.epsilon = epsilon;
  }

  /**
   * A layer with so many groups and epsilon 1e-5.
   *
   * @throws ShapeException if the number is not positive
   */
  public static GroupNorm groups(int groups) {
    if (groups <= 0) {
      throw new ShapeException("group_norm: the number of groups must be positive, not " + groups);
    }
    return new GroupNorm(groups, 1e-5);
  }

  /**
   * This layer with another number added to the variance.
   *
   * @throws ShapeException if it is not positive
   */
  public GroupNorm epsilon(double added) {
    return with(groups, Norms.positive("group_norm", added), weightInitializer, biasInitializer);
  }

  /** This layer with another start of its weight, such as zeros at the end of a residual. */
  public GroupNorm weights(Initializer initializer) {
    return with(groups, epsilon, initializer, biasInitializer);
  }

  /** This layer with another start of its bias. */
  public GroupNorm biases(Initializer initializer) {
    return with(groups, epsilon, weightInitializer, initializer);
  }

  private static GroupNorm with(int groups, double epsilon, Initializer weight, Initializer bias) {
    GroupNorm layer = new GroupNorm(groups, epsilon);
    layer.weightInitializer = weight;
    layer.biasInitializer = bias;
    return layer;
  }

  @Override
  public Tensor forward(Tensor x, Mode mode) {
    return recorded(x, () -> output(x));
  }

  private Tensor output(Tensor x) {
    Shape shape = x.shape();
    if (shape.rank() < 2 || shape.dim(1) % groups != 0 || shape.withoutFirst().size() == 0) {
      throw x.trace()
          .failure(
              "group_norm "
                  + path()
                  + ": needs [N, C, ...] with C a multiple of "
                  + groups
                  + ", was given "
                  + shape);
    }
    int channels = shape.dim(1);
    Parameter weight = parameter("weight", Shape.of(channels), weightInitializer, false);
    Parameter bias = parameter("bias", Shape.of(channels), biasInitializer, false);
    int[] along = new int[shape.rank()];
    Arrays.fill(along, 1);
    along[1] = channels;
    return x.reshape(shape.dim(0) * groups, shape.withoutFirst().intSize() / groups)
        .normalizeRows(epsilon)
        .reshape(shape.dims())
        .mul(x.trace().state(weight).reshape(along))
        .add(x.trace().state(bias).reshape(along));
  }
}
