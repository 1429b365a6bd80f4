package dev.tarn.nn;

import dev.tarn.DType;
import dev.tarn.Mode;
import dev.tarn.Parameter;
import dev.tarn.Shape;
import dev.tarn.ShapeException;
import dev.tarn.Tensor;

/**
 * A vector for each number of a vocabulary: i32 {@code [N, ...] -> [N, ..., width]}.
 *
 * <p>Parameter: {@code weight} f32 {@code [vocabulary, width]}, which starts normal with deviation
 * 1 unless said otherwise, as in PyTorch. A number outside {@code [0, vocabulary)} gives a vector
 * of NaN.
 *
 * <p>The gradient is dense: a whole table, zero for numbers that the batch does not have, so an
 * optimizer step takes time and memory in proportion to the vocabulary, and rows that were not used
 * still move by momentum and weight decay.
 */
public final class Embedding extends Module {
  private final Shape shape;
  private Initializer initializer = Initializers.normal(1);

  private Embedding(Shape shape) {
    this.shape = shape;
  }

  /**
   * A layer with so many vectors of so many elements.
   *
   * @throws ShapeException if one of them is not positive
   */
  public static Embedding of(int vocabulary, int width) {
    if (vocabulary <= 0 || width <= 0) {
      throw new ShapeException(
          "embedding: vocabulary and width must be positive, not " + vocabulary + " and " + width);
    }
    return new Embedding(Shape.of(vocabulary, width));
  }

  /** Sets what the vectors start with. */
  public Embedding weights(Initializer weights) {
    initializer = weights;
    return this;
  }

  @Override
  public Tensor forward(Tensor x, Mode mode) {
    return recorded(x, () -> output(x));
  }

  private Tensor output(Tensor x) {
    if (x.spec().dtype() != DType.I32) {
      throw x.trace()
          .failure("embedding " + path() + ": needs numbers, i32, was given " + x.spec());
    }
    Parameter weight = parameter("weight", shape, initializer, true);
    return x.trace().state(weight).gather(x);
  }
}
