package dev.tarn.cli;

import dev.tarn.TarnException;
import dev.tarn.config.RunConfig;
import dev.tarn.data.DataSource.Prepared;
import dev.tarn.data.Dataset;
import dev.tarn.data.Preprocessing;
import dev.tarn.nn.Sequential;
import dev.tarn.train.RunDirectory;
import dev.tarn.train.Safetensors;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A checkpoint with the configuration it was trained by.
 *
 * @param file the checkpoint
 * @param config the configuration kept in it
 * @param texts all texts kept in it
 */
record SavedModel(Path file, RunConfig config, Map<String, String> texts) {
  /**
   * The best checkpoint of a run directory, or a checkpoint file.
   *
   * @throws TarnException if there is none, or it is damaged
   */
  static SavedModel of(Path runOrFile) {
    return of(runOrFile, List.of());
  }

  /**
   * The same with values in place of those in its configuration.
   *
   * @param overrides texts such as {@code train.epochs=5}
   */
  static SavedModel of(Path runOrFile, List<String> overrides) {
    return read(file(runOrFile), overrides);
  }

  /**
   * What a run directory goes on from.
   *
   * @throws TarnException if there is none, or it is damaged
   */
  static SavedModel last(Path run) {
    return read(RunDirectory.last(run), List.of());
  }

  /** The same checkpoint with values in place of those in its configuration. */
  SavedModel with(List<String> overrides) {
    return new SavedModel(file, config(texts, file, overrides), texts);
  }

  private static SavedModel read(Path file, List<String> overrides) {
    Map<String, String> texts = Safetensors.read(file).metadata();
    return new SavedModel(file, config(texts, file, overrides), texts);
  }

  /**
   * Refuses data that are prepared in another way than those of the training, or are more or less.
   *
   * @throws TarnException if they are
   */
  void checkData(Prepared now) {
    String examples = texts.get(RunDirectory.EXAMPLES);
    boolean same = examples == null || examples.equals(examples(now.split()));
    boolean known = texts.containsKey(RunDirectory.PREPROCESSING);
    if (!same || known && !preprocessing().equals(now.preprocessing())) {
      throw new TarnException(
          file
              + ": was trained on other data than there are now in "
              + config.data().name()
              + (same ? "" : " (" + examples + ", now " + examples(now.split()) + ")")
              + "; put them back, or begin a new training with --init-from");
    }
  }

  /** How many examples each part of the data has, in words. */
  static String examples(Dataset.Split split) {
    return String.format(
        "%d examples to train, %d to validate, %d to test",
        split.train().size(), split.validation().size(), split.test().size());
  }

  /** A new model as the configuration says; the checkpoint's weights are not in it yet. */
  Sequential model() {
    boolean known = texts.containsKey(RunDirectory.PREPROCESSING);
    return config.model(known ? preprocessing() : null);
  }

  /**
   * What is done with raw examples.
   *
   * @throws TarnException if the checkpoint does not say
   */
  Preprocessing preprocessing() {
    String text = texts.get(RunDirectory.PREPROCESSING);
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
   * @throws TarnException if there is none, or the file is of another kind by its name
   */
  static Path file(Path runOrFile) {
    Runs.require(runOrFile, "file");
    if (Files.isDirectory(runOrFile)) {
      return RunDirectory.checkpoint(runOrFile);
    }
    String name = String.valueOf(runOrFile.getFileName());
    boolean runFile = name.matches(".+\\.ya?ml");
    if (runFile || name.matches(".+\\.(csv|tsv|jsonl|ndjson|png|jpe?g|json|html|svg)")) {
      String example = runFile ? name.replaceFirst("\\.ya?ml$", "") : "digits";
      throw new TarnException(
          String.format(
              "%s: %s; give a run, as %s",
              runOrFile,
              runFile ? "a run file" : "not a checkpoint",
              Path.of("runs", example + "-1")));
    }
    return runOrFile;
  }

  private static RunConfig config(Map<String, String> texts, Path file, List<String> overrides) {
    String text = texts.get(RunDirectory.CONFIG);
    if (text == null) {
      throw new TarnException(file + ": holds no configuration; 'tarn train' did not save it");
    }
    return RunConfig.kept(text, file, overrides);
  }
}
