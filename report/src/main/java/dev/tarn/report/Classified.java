package dev.tarn.report;

import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.data.Batches;
import dev.tarn.data.Dataset;
import dev.tarn.train.Trainer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * How a model classifies examples.
 *
 * @param confusion which class was taken for which
 * @param mistakes those of which the model was surest, the surest first; empty where the features
 *     are no images
 */
public record Classified(ConfusionMatrix confusion, List<Mistake> mistakes) {
  private static final int BATCH = 256;

  /** Copies the list. */
  public Classified {
    mistakes = List.copyOf(mistakes);
  }

  /**
   * Classifies examples.
   *
   * @param trainer with the weights to be used
   * @param data examples with a class label each; not empty
   * @param labels the names of the classes
   * @param worst how many mistakes are kept
   */
  public static Classified of(Trainer trainer, Dataset data, List<String> labels, int worst) {
    int[] truth = new int[data.size()];
    int[] predicted = new int[data.size()];
    boolean images = data.features().size() == 1 && isImage(data.featureShape());
    List<Mistake> mistakes = new ArrayList<>();
    Batches batches = new Batches(data, Math.min(BATCH, data.size()), false);
    batches.startEpoch(0, 0);
    int at = 0;
    for (int i = 0; i < batches.count(); i++) {
      Batches.Batch batch = batches.load(i);
      float[] p = trainer.predict(batch.features()).get(0).floats();
      int classes = labels.size();
      for (int row = 0; row < batch.size(); row++, at++) {
        int best = 0;
        for (int c = 1; c < classes; c++) {
          best = p[row * classes + c] > p[row * classes + best] ? c : best;
        }
        truth[at] = batch.target().ints()[row];
        predicted[at] = best;
        if (images && best != truth[at]) {
          HostTensor image = example(batch.feature(), row);
          String label = labels.get(truth[at]);
          mistakes.add(new Mistake(image, label, labels.get(best), p[row * classes + best]));
        }
      }
      mistakes.sort(Comparator.comparingDouble(Mistake::probability).reversed());
      mistakes = new ArrayList<>(mistakes.subList(0, Math.min(worst, mistakes.size())));
    }
    return new Classified(ConfusionMatrix.of(truth, predicted, labels), mistakes);
  }

  private static boolean isImage(Shape features) {
    return features.rank() == 2
        || (features.rank() == 3 && (features.dim(0) == 1 || features.dim(0) == 3));
  }

  private static HostTensor example(HostTensor batch, int row) {
    Shape shape = batch.shape().withoutFirst();
    int size = shape.intSize();
    return HostTensor.of(Arrays.copyOfRange(batch.floats(), row * size, (row + 1) * size), shape);
  }
}
