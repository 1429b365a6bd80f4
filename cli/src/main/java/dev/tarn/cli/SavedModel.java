package dev.tarn.cli;

import dev.tarn.TarnException;
import dev.tarn.config.ConfigException;
import dev.tarn.config.RunConfig;
import dev.tarn.data.Preprocessing;
import dev.tarn.train.RunDirectory;
import dev.tarn.train.Safetensors;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A checkpoint with the configuration it was trained by.
 *
 * @param file the checkpoint
 * @param config the configuration kept in it
 */
record SavedModel(Path file, RunConfig config) {
  /**
   * The best checkpoint of a run directory, or a checkpoint file.
   *
   * @throws TarnException if there is none, or it is damaged
   */
  static SavedModel of(Path runOrFile) {
    Path file = file(runOrFile);
    return new SavedModel(file, config(file, List.of()));
  }

  /**
   * What is done with raw examples.
   *
   * @throws TarnException if the checkpoint does not say
   */
  Preprocessing preprocessing() {
    String text = Safetensors.read(file).metadata().get(RunDirectory.PREPROCESSING);
    if (text == null) {
      throw new TarnException(file + ": does not say how features are prepared; train it again");
    }
    try {
      return Preprocessing.fromJson(text);
    } catch (TarnException e) {
      throw new TarnException(file + ": " + e.getMessage(), e);
    }
  }

  /**
   * The best checkpoint of a run directory, or a checkpoint file itself.
   *
   * @throws TarnException if there is none
   */
  static Path file(Path runOrFile) {
    if (Files.isDirectory(runOrFile)) {
      Path best = RunDirectory.best(runOrFile);
      Path file = Files.exists(best) ? best : RunDirectory.last(runOrFile);
      if (!Files.exists(file)) {
        throw new TarnException(runOrFile + ": no checkpoint in it (best or last.safetensors)");
      }
      return file;
    }
    if (!Files.exists(runOrFile)) {
      throw new TarnException(runOrFile + ": no such file");
    }
    return runOrFile;
  }

  /**
   * The configuration kept in a checkpoint.
   *
   * @param overrides texts such as {@code train.epochs=5}
   * @throws TarnException if it has none, or it is damaged
   */
  static RunConfig config(Path file, List<String> overrides) {
    String text = Safetensors.read(file).metadata().get(RunDirectory.CONFIG);
    if (text == null) {
      throw new TarnException(file + ": holds no configuration; 'tarn train' did not save it");
    }
    Path directory = file.toAbsolutePath().getParent();
    Path base = directory == null ? Path.of("") : directory;
    try {
      return RunConfig.parse(text, base.resolve("config.yaml").toString(), base, overrides);
    } catch (ConfigException e) {
      if (overrides.isEmpty()) {
        throw new TarnException(file + ": damaged configuration: " + e.getMessage(), e);
      }
      throw e;
    }
  }
}
