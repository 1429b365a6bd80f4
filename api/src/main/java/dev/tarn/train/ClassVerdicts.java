package dev.tarn.train;

import dev.tarn.train.Verdict.Severity;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/** What predictions, and the sizes of the parts they are judged by, tell. */
final class ClassVerdicts {
  private static final int FEW_EXAMPLES = 20;

  private ClassVerdicts() {}

  static List<Verdict> of(Confusion confusion, String data, List<String> names) {
    int classes = confusion.classes();
    long[] targets = new long[classes];
    long[] predictions = new long[classes];
    long examples = 0;
    for (int truth = 0; truth < classes; truth++) {
      for (int guess = 0; guess < classes; guess++) {
        long count = confusion.count(truth, guess);
        targets[truth] += count;
        predictions[guess] += count;
        examples += count;
      }
    }
    long all = examples;
    long occurring = IntStream.range(0, classes).filter(c -> targets[c] > 0).count();
    // Of balanced classes that is a model that has not learned yet.
    return IntStream.range(0, classes)
        .filter(c -> occurring > 1 && predictions[c] == all)
        .filter(c -> occurring * targets[c] >= 1.5 * all)
        .mapToObj(c -> oneClass(names.isEmpty() ? "" + c : names.get(c), targets[c], all, data))
        .toList();
  }

  private static Verdict oneClass(String name, long targets, long all, String data) {
    return new Verdict(
        Severity.WARNING,
        String.format(
            Locale.ROOT,
            "All %d %s examples are taken for class %s, which %d of them are of: the others are"
                + " never found.",
            all,
            data,
            name,
            targets),
        "Give them more weight (class_weights of cross_entropy), or collect more of them; the metric"
            + " f1 tells more than accuracy.");
  }

  static List<Verdict> ofParts(int validation, int test) {
    boolean tested = test > 0 && (validation == 0 || test <= validation);
    int examples = tested ? test : validation;
    if (examples == 0 || examples >= FEW_EXAMPLES) {
      return List.of();
    }
    return List.of(
        new Verdict(
            Severity.NOTE,
            String.format(
                Locale.ROOT,
                "The %s part has only %d %s: %s.",
                tested ? "test" : "validation",
                examples,
                examples == 1 ? "example" : "examples",
                examples == 1
                    ? "it tells nothing"
                    : Math.round(100.0 / examples) + " % of its results hang on each"),
            "Collect more data, or judge by all of them in turn (train.folds)."));
  }
}
