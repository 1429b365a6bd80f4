package dev.tarn.data;

import dev.tarn.DType;
import dev.tarn.HostTensor;
import dev.tarn.Spec;
import dev.tarn.TarnException;
import dev.tarn.data.Batches.Batch;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/** Examples whose features are integers although they were read as floats; targets stay. */
public final class WholeNumbers implements Dataset {
  private final Dataset all;

  private WholeNumbers(Dataset all) {
    this.all = all;
  }

  /**
   * A data set with features i32 instead of f32, for instance the numbers of words for an
   * embedding. A feature that is no whole number is an error when its batch is made.
   */
  public static Dataset of(Dataset data) {
    return new WholeNumbers(data);
  }

  /**
   * Features of a batch as i32.
   *
   * @param features f32 {@code [N, ...]}
   * @throws TarnException naming row and feature, from 1, if one is no whole number
   */
  public static HostTensor of(HostTensor features) {
    HostTensor numbers = HostTensor.zeros(Spec.i32(features.shape()));
    convert(features, numbers, row -> "row " + (row + 1));
    return numbers;
  }

  @Override
  public int size() {
    return all.size();
  }

  @Override
  public List<Spec> features() {
    return all.features().stream().map(spec -> Spec.i32(spec.shape())).toList();
  }

  @Override
  public List<Spec> targets() {
    return all.targets();
  }

  @Override
  public int classes() {
    return all.classes();
  }

  @Override
  public void gather(int[] indices, int from, Batch batch) {
    List<HostTensor> given = new ArrayList<>();
    for (int i = 0; i < batch.features().size(); i++) {
      HostTensor numbers = batch.features().get(i);
      DType type = all.features().get(i).dtype();
      given.add(type == DType.I32 ? numbers : HostTensor.zeros(new Spec(type, numbers.shape())));
    }
    all.gather(indices, from, new Batch(given, batch.targets()));
    for (int i = 0; i < given.size(); i++) {
      if (given.get(i) != batch.features().get(i)) {
        convert(
            given.get(i), batch.features().get(i), row -> "example " + (indices[from + row] + 1));
      }
    }
  }

  private static void convert(HostTensor from, HostTensor to, IntFunction<String> row) {
    float[] values = from.floats();
    int[] numbers = to.ints();
    int stride = Math.max(1, values.length / Math.max(1, from.shape().dim(0)));
    for (int i = 0; i < values.length; i++) {
      numbers[i] = (int) values[i];
      if (numbers[i] != values[i]) {
        throw new TarnException(
            String.format(
                "data: %s: feature %d is %s, but an embedding needs whole numbers",
                row.apply(i / stride), i % stride + 1, values[i]));
      }
    }
  }
}
