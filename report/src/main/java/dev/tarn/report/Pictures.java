package dev.tarn.report;

import java.util.List;
import java.util.Optional;

/**
 * The pictures of a training.
 *
 * <p>All can be had as SVG, for light and dark pages, and as PNG. No display is needed, but fonts
 * are: without them every method throws a {@link dev.tarn.TarnException} that says what to install.
 * Unless the property {@code java.awt.headless} is set, it is set to true.
 */
public final class Pictures {
  private Pictures() {}

  /**
   * A loss or metric over the epochs, with training and validation; accuracies in percent.
   *
   * @param name as in {@link History#names}
   * @return the chart, or nothing if no value is finite
   */
  public static Optional<Picture> curve(History history, String name) {
    Fonts.require();
    return Optional.ofNullable(Charts.overEpochs(history, name));
  }

  /**
   * The learning rate over the steps.
   *
   * @return the chart, or nothing if no value is finite
   */
  public static Optional<Picture> learningRate(Curve bySteps) {
    Fonts.require();
    return Optional.ofNullable(Charts.learningRate(bySteps, "Step"));
  }

  /**
   * The learning rate over the epochs.
   *
   * @return the chart, or nothing if it is not known
   */
  public static Optional<Picture> learningRate(History history) {
    Fonts.require();
    return Optional.ofNullable(Charts.learningRate(history.learningRate(), "Epoch"));
  }

  /**
   * The loss over growing learning rates (L. N. Smith, "Cyclical Learning Rates for Training Neural
   * Networks", 2017, section 3.3), on a logarithmic axis.
   *
   * @param losses x is the learning rate, above 0
   * @param suggested the learning rate to be marked, or NaN
   * @return the chart, or nothing if no loss is finite
   */
  public static Optional<Picture> learningRateFinder(Curve losses, double suggested) {
    Fonts.require();
    return Optional.ofNullable(Charts.learningRateFinder(losses, suggested));
  }

  /** A confusion matrix, coloured by the shares of its rows. */
  public static Picture confusion(ConfusionMatrix matrix) {
    Fonts.require();
    return ConfusionPicture.of(matrix);
  }

  /** A grid of mistakes, in the given order. */
  public static Picture mistakes(List<Mistake> mistakes) {
    Fonts.require();
    return MistakesPicture.of(mistakes);
  }

  /** A graph of a model. */
  public static Picture graph(ModelGraph graph) {
    Fonts.require();
    return GraphPicture.of(graph);
  }

  /** A graph of a model as text for Graphviz. */
  public static String dot(ModelGraph graph) {
    return Dot.of(graph);
  }
}
