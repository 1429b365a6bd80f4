package dev.tarn.train;

import dev.tarn.DType;
import dev.tarn.HostTensor;
import dev.tarn.TarnException;
import dev.tarn.Tensor;
import dev.tarn.backend.Executable;
import dev.tarn.backend.Inspection;
import dev.tarn.backend.StepTime;
import dev.tarn.data.Batches.Batch;
import dev.tarn.ir.Program;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An executable with the programs that it is made of, and where its inputs come from. */
final class CompiledStep implements AutoCloseable {
  private final List<Program> programs;
  private final Executable executable;
  private final HostTensor[] arguments;
  private final int[] features;
  private final int[] targets;

  /**
   * A step whose inputs come from batches, or are shared with other steps.
   *
   * @param shared the inputs that do not come from a batch, by name
   */
  CompiledStep(List<Program> programs, Executable executable, Map<String, HostTensor> shared) {
    this.programs = programs;
    this.executable = executable;
    this.arguments = new HostTensor[executable.inputs().size()];
    this.features = new int[arguments.length];
    this.targets = new int[arguments.length];
    for (int i = 0; i < arguments.length; i++) {
      String name = executable.inputs().get(i).name();
      features[i] = number(StepPrograms.FEATURES, name);
      targets[i] = number(Objective.TARGET, name);
      HostTensor value = shared.get(name);
      if (value != null) {
        arguments[i] = value;
      }
    }
  }

  /** The number in a name such as {@code features.1}, 0 if it has none, -1 for another name. */
  private static int number(String prefix, String name) {
    if (name.equals(prefix)) {
      return 0;
    }
    return name.startsWith(prefix + ".")
        ? Integer.parseInt(name.substring(prefix.length() + 1))
        : -1;
  }

  List<Program> programs() {
    return programs;
  }

  long bytes() {
    return executable.bytes();
  }

  /** Runs the step on a batch and prints what the model asked to have printed. */
  void run(Batch batch) {
    take(batch);
    executable.run(arguments);
    debugPrint();
  }

  /** Runs the step on a batch node by node, without any effect on the states. */
  Inspection inspect(Batch batch) {
    take(batch);
    return executable.inspect(arguments);
  }

  /** Runs the step on a batch and measures its pieces. */
  List<StepTime> time(Batch batch) {
    take(batch);
    return executable.time(arguments);
  }

  /** The last outputs of the last run. */
  List<HostTensor> read(int count) {
    List<HostTensor> outputs = executable.read();
    return outputs.subList(outputs.size() - count, outputs.size());
  }

  @Override
  public void close() {
    executable.close();
  }

  private void take(Batch batch) {
    fill(features, batch.features(), "features");
    fill(targets, batch.targets(), "targets");
  }

  private void fill(int[] sources, List<HostTensor> given, String what) {
    for (int i = 0; i < arguments.length; i++) {
      if (sources[i] >= given.size()) {
        throw new TarnException(
            String.format(
                "batch: has %d %s; the model and its losses need at least %d",
                given.size(), what, sources[i] + 1));
      }
      if (sources[i] >= 0) {
        arguments[i] = given.get(sources[i]);
      }
    }
  }

  private void debugPrint() {
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
