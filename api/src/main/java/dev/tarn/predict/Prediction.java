package dev.tarn.predict;

import dev.tarn.HostTensor;
import dev.tarn.TarnException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a model predicts for one example.
 *
 * @param outputs the model's outputs in order, without a batch axis
 * @param classes the names of the classes of the first output, in order; empty if the model
 *     predicts numbers
 */
public record Prediction(List<HostTensor> outputs, List<String> classes) {
  /** Copies the lists. */
  public Prediction {
    outputs = List.copyOf(outputs);
    classes = List.copyOf(classes);
  }

  /** The first output: probabilities of classes, or numbers. */
  public float[] values() {
    return outputs.get(0).floats();
  }

  /**
   * The number of the most probable class, from 0; of equals the first.
   *
   * @throws TarnException if the model predicts no classes, or gave NaN
   */
  public int index() {
    checkClasses();
    float[] values = values();
    int best = 0;
    for (int i = 0; i < values.length; i++) {
      if (Float.isNaN(values[i])) {
        throw new TarnException(
            "prediction: the model gave NaN for " + classes.get(i) + "; look at the features");
      }
      best = values[i] > values[best] ? i : best;
    }
    return best;
  }

  /** The name of the most probable class, or its number where classes have no names. */
  public String label() {
    return classes.get(index());
  }

  /** The probability of the most probable class. */
  public float probability() {
    return values()[index()];
  }

  /**
   * The probability of every class by its name, in the order of the classes.
   *
   * @throws TarnException if the model predicts no classes
   */
  public Map<String, Float> probabilities() {
    checkClasses();
    Map<String, Float> probabilities = new LinkedHashMap<>();
    for (int i = 0; i < classes.size(); i++) {
      probabilities.put(classes.get(i), values()[i]);
    }
    return Collections.unmodifiableMap(probabilities);
  }

  private void checkClasses() {
    if (classes.isEmpty()) {
      throw new TarnException("prediction: the model predicts numbers, not classes; use values()");
    }
  }
}
