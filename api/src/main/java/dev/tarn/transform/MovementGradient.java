package dev.tarn.transform;

import dev.tarn.Shape;
import dev.tarn.Tensor;
import dev.tarn.ir.Concat;
import dev.tarn.ir.Pad;
import dev.tarn.ir.Slice;
import dev.tarn.ir.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The rules for operations that move data. */
final class MovementGradient {
  private MovementGradient() {}

  /** What was cut off has gradient zero. */
  static Tensor slice(Slice op, Shape input, Tensor grad) {
    int[] before = array(op.starts());
    int[] after = new int[before.length];
    Arrays.setAll(after, i -> input.dim(i) - op.ends().get(i));
    return grad.pad(before, after, 0);
  }

  /** The gradient without the border. */
  static Tensor pad(Pad op, Shape input, Tensor grad) {
    int[] starts = array(op.before());
    int[] ends = new int[starts.length];
    Arrays.setAll(ends, i -> starts[i] + input.dim(i));
    return grad.slice(starts, ends);
  }

  /** Each input's part; dead code goes later. */
  static List<@Nullable Tensor> concat(Concat op, List<Value> inputs, Tensor grad) {
    List<@Nullable Tensor> parts = new ArrayList<>();
    int from = 0;
    for (Value input : inputs) {
      int length = input.spec().shape().dim(op.axis());
      parts.add(grad.narrow(op.axis(), from, length));
      from += length;
    }
    return parts;
  }

  private static int[] array(List<Integer> numbers) {
    return numbers.stream().mapToInt(Integer::intValue).toArray();
  }
}
