package dev.tarn.train;

import dev.tarn.HostTensor;
import dev.tarn.State;
import dev.tarn.TarnException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/** Copies tensors of a file into states. */
final class Weights {
  private Weights() {}

  /** Writes every state's tensor into a training step's states. */
  static void copy(Safetensors saved, TrainStep step, List<State> states, Path file) {
    copy(saved.tensors(), states, step::write, file);
  }

  /**
   * Writes every state's tensor.
   *
   * @throws TarnException naming the tensor if one is missing or does not fit; nothing is written
   *     then
   */
  static void copy(
      Map<String, HostTensor> tensors,
      List<State> states,
      BiConsumer<State, HostTensor> write,
      Path file) {
    Map<State, HostTensor> found = new LinkedHashMap<>();
    states.forEach(state -> found.put(state, find(tensors, state, state.name(), file)));
    found.forEach(write);
  }

  /** The weights of the best epoch, if the file has any. */
  static Map<String, HostTensor> best(Safetensors saved, TrainStep step, Path file) {
    Map<String, HostTensor> best = new LinkedHashMap<>();
    if (saved.tensors().keySet().stream().anyMatch(name -> name.startsWith(Course.BEST))) {
      for (State state : step.parameterStates()) {
        String name = Course.BEST + state.name();
        best.put(state.name(), find(saved.tensors(), state, name, file));
      }
    }
    return best;
  }

  private static HostTensor find(
      Map<String, HostTensor> tensors, State state, String name, Path file) {
    HostTensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new TarnException(file + ": has no tensor " + name + "; it was saved by another model");
    }
    if (!tensor.spec().equals(state.spec())) {
      throw new TarnException(
          String.format(
              "%s: tensor %s is %s, the model needs %s", file, name, tensor.spec(), state.spec()));
    }
    return tensor;
  }
}
