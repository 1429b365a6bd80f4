package dev.tarn.reference;

import dev.tarn.DType;
import dev.tarn.HostTensor;
import dev.tarn.Spec;

/** Conversions between host tensors and the double arrays that the reference computes with. */
final class Arrays64 {
  private Arrays64() {}

  /** Rounds values to what a tensor of this spec can hold, in place. */
  static double[] round(double[] values, Spec spec, boolean inDouble) {
    if (spec.dtype() == DType.F32 && !inDouble) {
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) values[i];
      }
    }
    return values;
  }

  static HostTensor toTensor(double[] values, Spec spec, boolean inDouble) {
    boolean asDouble = inDouble && spec.dtype() == DType.F32;
    HostTensor out = HostTensor.zeros(asDouble ? new Spec(DType.F64, spec.shape()) : spec);
    for (int i = 0; i < values.length; i++) {
      out.set(i, values[i]);
    }
    return out;
  }
}
