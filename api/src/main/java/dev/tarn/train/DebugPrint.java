package dev.tarn.train;

import dev.tarn.DType;
import dev.tarn.HostTensor;
import dev.tarn.Tensor;
import dev.tarn.backend.Executable;
import dev.tarn.ir.Program;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Prints what {@link Tensor#debugPrint} asked for after a step has run. */
final class DebugPrint {
  private DebugPrint() {}

  static void show(List<Program> programs, Executable executable) {
    int index = 0;
    @Nullable List<HostTensor> outputs = null;
    for (Program part : programs) {
      for (Program.Output output : part.outputs()) {
        if (output.name().startsWith(Tensor.DEBUG_PREFIX)) {
          outputs = outputs == null ? executable.read() : outputs;
          HostTensor value = outputs.get(index);
          String label = output.name().substring(Tensor.DEBUG_PREFIX.length());
          System.err.println("[tarn] " + label + " = " + value + statistics(value));
        }
        index++;
      }
    }
  }

  private static String statistics(HostTensor value) {
    if (value.spec().dtype() == DType.I32 || value.size() == 0) {
      return "";
    }
    double min = Double.POSITIVE_INFINITY;
    double max = Double.NEGATIVE_INFINITY;
    double sum = 0;
    for (double v : value.toDoubles()) {
      min = Math.min(min, v);
      max = Math.max(max, v);
      sum += v;
    }
    return String.format(" min %.4g mean %.4g max %.4g", min, sum / value.size(), max);
  }
}
