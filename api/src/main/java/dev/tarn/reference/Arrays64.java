package dev.tarn.reference;

import dev.tarn.DType;
import dev.tarn.HostTensor;
import dev.tarn.Spec;
import dev.tarn.internal.Rounding;

/** Conversions between host tensors and the double arrays that the reference computes with. */
final class Arrays64 {
  private Arrays64() {}

  /** Rounds values to what a tensor of this spec can hold, in place. */
  static double[] round(double[] values, Spec spec, boolean inDouble) {
    boolean short16 = spec.dtype() == DType.BF16;
    if (spec.dtype() != DType.I32 && !inDouble) {
      for (int i = 0; i < values.length; i++) {
        float value = (float) values[i];
        values[i] = short16 ? Rounding.bf16(value) : value;
      }
    }
    return values;
  }

  /** The data of a value; bf16 is given as f32. */
  static HostTensor toTensor(double[] values, Spec spec, boolean inDouble) {
    DType type = !spec.dtype().isFloat() ? DType.I32 : inDouble ? DType.F64 : DType.F32;
    HostTensor out = HostTensor.zeros(spec.as(type));
    for (int i = 0; i < values.length; i++) {
      out.set(i, values[i]);
    }
    return out;
  }
}
