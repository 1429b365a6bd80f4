package dev.tarn.train;

import dev.tarn.HostTensor;
import dev.tarn.State;
import dev.tarn.TarnException;
import java.nio.file.Path;
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
    for (State state : states) {
      HostTensor tensor = tensors.get(state.name());
      if (tensor == null) {
        throw new TarnException(
            file + ": has no tensor " + state.name() + "; it was saved by another model");
      }
      if (!tensor.spec().equals(state.spec())) {
        throw new TarnException(
            file
                + ": tensor "
                + state.name()
                + " is "
                + tensor.spec()
                + ", the model needs "
                + state.spec());
      }
    }
    states.forEach(state -> write.accept(state, tensors.get(state.name())));
  }
}
