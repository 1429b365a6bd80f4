package dev.tarn.train;

import dev.tarn.HostTensor;
import dev.tarn.Precision;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.TarnException;
import dev.tarn.backend.StateStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A saved model as it was read: its tensors, and what the file says of them.
 *
 * @param file where it was read from
 * @param features one example's features, in the order of the model's inputs
 * @param precision the precision it was trained in
 * @param tensors the tensors by name
 * @param texts the texts kept in the file, such as the run file under {@link RunDirectory#CONFIG}
 */
public record ModelFile(
    Path file,
    List<Spec> features,
    Precision precision,
    Map<String, HostTensor> tensors,
    Map<String, String> texts) {

  /**
   * Reads a checkpoint, or the best one of a run directory.
   *
   * @throws TarnException if there is none, or it is damaged
   */
  public static ModelFile read(Path runOrFile) {
    Path file = Files.isDirectory(runOrFile) ? RunDirectory.checkpoint(runOrFile) : runOrFile;
    Safetensors saved = Safetensors.read(file);
    CheckpointHeader header = CheckpointHeader.of(saved, file);
    return new ModelFile(
        file, header.features(), header.precision(), saved.tensors(), saved.metadata());
  }

  /**
   * Writes the tensors of states into a store.
   *
   * @throws TarnException naming the tensor if one is missing or does not fit; nothing is written
   *     then
   */
  void write(List<State> states, StateStore store) {
    Weights.copy(tensors, states, store::write, file);
  }
}
