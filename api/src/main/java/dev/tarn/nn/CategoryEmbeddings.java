package dev.tarn.nn;

import dev.tarn.DType;
import dev.tarn.Mode;
import dev.tarn.ShapeException;
import dev.tarn.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Vectors for columns of categories, beside numbers: f32 {@code [N, W]} and i32 {@code [N, K]} give
 * f32 {@code [N, W + w1 + ... + wK]}, the numbers first (Guo, Berkhahn 2016, Entity Embeddings of
 * Categorical Variables).
 *
 * <p>Each of the K columns has an {@link Embedding} of its own under its own name; its parameter is
 * {@code NAME.weight} f32 {@code [vocabulary, width]}. Where there are no numbers, the indices are
 * the only input.
 */
public final class CategoryEmbeddings extends MultiModule {
  private final Map<String, Embedding> columns = new LinkedHashMap<>();

  /** Without a column yet. */
  public CategoryEmbeddings() {}

  /**
   * Appends the next column.
   *
   * @param name its name in paths
   */
  public CategoryEmbeddings add(String name, Embedding embedding) {
    columns.put(name, child(name, embedding));
    return this;
  }

  /**
   * {@inheritDoc}
   *
   * @throws ShapeException if the inputs are others, or the indices have another number of columns
   */
  @Override
  public List<Tensor> forward(List<Tensor> inputs, Mode mode) {
    Tensor indices = inputs.get(inputs.size() - 1);
    int count = columns.size();
    boolean fits = indices.spec().dtype() == DType.I32 && indices.shape().rank() == 2;
    if (count == 0 || inputs.size() > 2 || !fits || indices.shape().dim(1) != count) {
      throw indices
          .trace()
          .failure(this + ": needs numbers f32 [N, W] and indices i32 [N, " + count + "]");
    }
    int n = indices.shape().dim(0);
    List<Tensor> joined = new ArrayList<>(inputs.subList(0, inputs.size() - 1));
    for (Embedding embedding : columns.values()) {
      int column = joined.size() - (inputs.size() - 1);
      Tensor one = indices.slice(new int[] {0, column}, new int[] {n, column + 1}).reshape(n);
      joined.add(embedding.forward(one, mode));
    }
    return List.of(Tensor.concat(1, joined));
  }
}
