package dev.tarn.predict;

import dev.tarn.Spec;
import dev.tarn.TarnException;
import dev.tarn.config.RunConfig;
import dev.tarn.data.Preprocessing;
import dev.tarn.data.RowEncoder;
import dev.tarn.nn.Module;
import dev.tarn.train.ModelFile;
import dev.tarn.train.RunDirectory;
import dev.tarn.train.Term;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A saved model with what gives its numbers a meaning.
 *
 * @param saved the file
 * @param model the module
 * @param terms the losses it was trained by
 * @param labels the names of the classes; may be empty
 * @param rows what makes raw rows into features, or null if the file does not say
 */
record PredictorModel(
    ModelFile saved,
    Module model,
    List<Term> terms,
    List<String> labels,
    @Nullable RowEncoder rows) {

  static PredictorModel read(
      Path runOrFile, @Nullable Module given, List<Term> terms, List<String> classes) {
    ModelFile saved = ModelFile.read(runOrFile);
    Module model = given;
    List<Term> losses = terms;
    Preprocessing preprocessing = preprocessing(saved);
    if (model == null) {
      RunConfig config = config(saved);
      model = config.model(preprocessing);
      losses = List.of(Term.of(0, config.train().loss()));
    }
    if (preprocessing == null) {
      return new PredictorModel(saved, model, losses, classes, null);
    }
    try {
      RowEncoder rows = new RowEncoder(preprocessing, saved.features());
      List<String> labels = classes.isEmpty() ? preprocessing.labels() : classes;
      return new PredictorModel(saved, model, losses, labels, rows);
    } catch (TarnException e) {
      throw new TarnException(saved.file() + ": " + e.getMessage(), e);
    }
  }

  private static @Nullable Preprocessing preprocessing(ModelFile saved) {
    String text = saved.texts().get(RunDirectory.PREPROCESSING);
    try {
      return text == null ? null : Preprocessing.fromJson(text);
    } catch (TarnException e) {
      throw new TarnException(saved.file() + ": " + e.getMessage(), e);
    }
  }

  private static RunConfig config(ModelFile saved) {
    String text = saved.texts().get(RunDirectory.CONFIG);
    if (text == null) {
      throw new TarnException(
          saved.file() + ": was not trained from a run file; give Predictor.of the model, too");
    }
    return RunConfig.kept(text, saved.file(), List.of());
  }

  RowEncoder encoder() {
    if (rows == null) {
      throw new TarnException(
          saved.file()
              + ": does not say how raw rows become features: save it with the text '"
              + RunDirectory.PREPROCESSING
              + "', or give prepared tensors");
    }
    return rows;
  }

  /**
   * The names of the classes that the first output has probabilities of; empty if it has none.
   *
   * @param output one example's first output
   * @throws TarnException if there are more or fewer names than classes
   */
  List<String> classes(Spec output) {
    boolean classifies =
        output.shape().rank() == 1
            && terms.stream()
                .filter(term -> term.output() == 0)
                .limit(1)
                .anyMatch(term -> term.loss().target(output.prepend(1)).equals(Spec.i32(1)));
    int count = classifies || !labels.isEmpty() ? (int) output.shape().size() : 0;
    if (!labels.isEmpty() && labels.size() != count) {
      throw new TarnException(
          String.format(
              "predictor: %d names of classes, but the model's output is %s",
              labels.size(), output));
    }
    return labels.isEmpty() ? IntStream.range(0, count).mapToObj(String::valueOf).toList() : labels;
  }
}
