package dev.tarn.backend;

import dev.tarn.DType;
import dev.tarn.HostTensor;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import dev.tarn.ir.Program;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The inputs of programs that run as one step. */
public final class Inputs {
  private Inputs() {}

  /**
   * The inputs of several programs, one per name, in order of first mention.
   *
   * @throws ShapeException if programs disagree about an input's spec
   */
  public static List<Program.Input> of(List<Program> programs) {
    Map<String, Program.Input> byName = new LinkedHashMap<>();
    for (Program program : programs) {
      for (Program.Input input : program.inputs()) {
        Program.Input other = byName.putIfAbsent(input.name(), input);
        if (other != null && !other.value().spec().equals(input.value().spec())) {
          throw new ShapeException(
              "input "
                  + input.name()
                  + " is "
                  + other.value().spec()
                  + " in one program and "
                  + input.value().spec()
                  + " in another");
        }
      }
    }
    return List.copyOf(byName.values());
  }

  /**
   * Checks what a run is given.
   *
   * @param orDouble whether f64 data will do for f32 inputs
   * @throws ShapeException naming the input that does not fit
   */
  public static void check(List<Program.Input> expected, boolean orDouble, HostTensor[] given) {
    if (expected.size() != given.length) {
      throw new ShapeException(
          "run: takes " + expected.size() + " inputs, was given " + given.length);
    }
    for (int i = 0; i < given.length; i++) {
      Program.Input input = expected.get(i);
      Spec wanted = input.value().spec();
      Spec spec = given[i].spec();
      boolean fits =
          spec.dtype() == wanted.dtype()
              || (orDouble && spec.dtype() == DType.F64 && wanted.dtype() == DType.F32);
      if (!fits || !spec.shape().equals(wanted.shape())) {
        throw new ShapeException(
            "run: input "
                + input.name()
                + " must be "
                + input.value().spec()
                + ", was given "
                + given[i].spec());
      }
    }
  }
}
