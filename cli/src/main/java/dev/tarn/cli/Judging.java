package dev.tarn.cli;

import dev.tarn.config.RunConfig;
import dev.tarn.data.Dataset;
import dev.tarn.train.Confusion;
import dev.tarn.train.Diagnosis;
import dev.tarn.train.Trainer;
import java.util.List;

/** What is found when a training has ended, beside how it went. */
final class Judging {
  private static final int MOST_CLASSES = 100;

  private Judging() {}

  /**
   * Adds what the parts of the data and the predictions tell.
   *
   * @param labels the names of the classes; empty if they have none
   * @param trainer with the weights to be judged
   * @param course what was found in how the training went
   */
  static Diagnosis of(
      RunConfig config,
      Dataset.Split split,
      List<String> labels,
      Trainer trainer,
      Diagnosis course) {
    boolean tested = split.test().size() > 0;
    Dataset examples = tested ? split.test() : split.validation();
    int classes = examples.classes();
    Diagnosis all = course;
    // A training that failed is not explained by what it predicts.
    if (config.classifies()
        && !course.findsProblem()
        && examples.size() > 0
        && classes > 1
        && classes <= MOST_CLASSES) {
      Confusion confusion = Confusion.of(trainer, examples);
      all = all.and(Diagnosis.ofClasses(confusion, tested ? "test" : "validation", labels));
    }
    return all.and(Diagnosis.ofParts(split.validation().size(), split.test().size()));
  }
}
