package dev.tarn.train;

import dev.tarn.train.LayerStatistics.Activations;
import dev.tarn.train.Verdict.Severity;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What is wrong with a training, in words; empty where nothing is.
 *
 * <p>The verdicts are rules of thumb with fixed limits, which docs/training.md lists; they say what
 * to look at, not what is so.
 *
 * @param verdicts the worst first
 */
public record Diagnosis(List<Verdict> verdicts) {
  private static final double VANISHED = 1e-4;
  private static final double EXPLODED = 1e3;
  private static final int ENOUGH_EXAMPLES = 16;

  /** Orders the list, the worst first. */
  public Diagnosis {
    List<Verdict> sorted = new ArrayList<>(verdicts);
    sorted.sort((a, b) -> b.severity().compareTo(a.severity()));
    verdicts = List.copyOf(sorted);
  }

  /** Verdicts on learning too little or by heart, from the curves. */
  public static Diagnosis ofCurves(List<EpochResult> history, @Nullable Evaluation untrained) {
    return new Diagnosis(new CurveVerdicts(history, untrained, false).verdicts());
  }

  /**
   * Verdicts on gradients and dead units.
   *
   * @param squaredTarget the mean of the targets' squares, whose unit gradients have; 1 for classes
   */
  public static Diagnosis ofLayers(List<LayerStatistics> layers, double squaredTarget) {
    List<Verdict> verdicts = new ArrayList<>();
    for (LayerStatistics layer : layers) {
      layer.activations().forEach(activations -> dead(layer.layer(), activations, verdicts));
    }
    gradients(layers, squaredTarget, verdicts);
    return new Diagnosis(verdicts);
  }

  /**
   * The verdict on a model that takes all examples for one class, although most classes' share is
   * less.
   *
   * @param confusion how it classifies data
   * @param data what the data are called, such as {@code test}
   * @param names the classes' names; empty if they have none
   */
  public static Diagnosis ofClasses(Confusion confusion, String data, List<String> names) {
    return new Diagnosis(ClassVerdicts.of(confusion, data, names));
  }

  /** The remark on a part of the data that is too small to judge by; empty parts are none. */
  public static Diagnosis ofParts(int validation, int test) {
    return new Diagnosis(ClassVerdicts.ofParts(validation, test));
  }

  /**
   * Verdicts of curves and layers together: what is seen in layers follows from a divergence, and a
   * problem of layers explains under-fitting.
   */
  static Diagnosis of(List<EpochResult> history, @Nullable Evaluation untrained, Diagnosis layers) {
    Diagnosis curves =
        new Diagnosis(new CurveVerdicts(history, untrained, layers.findsProblem()).verdicts());
    return curves.findsProblem() ? curves : curves.and(layers);
  }

  /** Whether something spoils the result. */
  public boolean findsProblem() {
    return verdicts.stream().anyMatch(verdict -> verdict.severity() == Severity.PROBLEM);
  }

  /** The verdict on a training that met NaN or infinity. */
  public static Diagnosis of(NonFiniteException failure) {
    String text = String.valueOf(failure.getMessage()).lines().findFirst().orElse("");
    String remedy = failure.otherRemedy();
    return new Diagnosis(
        List.of(
            new Verdict(
                Severity.PROBLEM,
                "The training diverged: " + text,
                remedy != null
                    ? remedy
                    : "Divide the learning rate by ten, or clip gradients (clip_norm: 1).")));
  }

  /** All verdicts of both; of those on the same thing the first is kept. */
  public Diagnosis and(Diagnosis other) {
    List<Verdict> all = new ArrayList<>(verdicts);
    for (Verdict verdict : other.verdicts) {
      if (verdicts.stream().noneMatch(mine -> mine.remedy().equals(verdict.remedy()))) {
        all.add(verdict);
      }
    }
    return new Diagnosis(all);
  }

  private static void gradients(
      List<LayerStatistics> layers, double squaredTarget, List<Verdict> verdicts) {
    @Nullable LayerStatistics most = null;
    for (LayerStatistics layer : layers) {
      most = isLarger(layer, most) ? layer : most;
    }
    if (most == null || !(most.gradientSize() > 0)) {
      return;
    }
    for (LayerStatistics layer : layers.subList(0, layers.indexOf(most))) {
      double share = layer.gradientSize() / most.gradientSize();
      // What has no gradient at all before dead units was said with them.
      boolean said = share == 0 && !verdicts.isEmpty();
      if (share < VANISHED && !said) {
        verdicts.add(faded(layer.layer(), most.layer(), share));
        break;
      }
    }
    for (LayerStatistics layer : layers) {
      double norm = layer.gradientNorm();
      if (norm > EXPLODED * Math.max(layer.parameterNorm(), 1)
          && norm * layer.parameterNorm() > EXPLODED * squaredTarget) {
        verdicts.add(
            new Verdict(
                Severity.PROBLEM,
                String.format(
                    Locale.ROOT,
                    "The gradients explode: that of %s has norm %.3g, its parameters %.3g.",
                    layer.layer(),
                    norm,
                    layer.parameterNorm()),
                "Divide the learning rate by ten, or clip gradients (clip_norm: 1)."));
        return;
      }
    }
  }

  private static boolean isLarger(LayerStatistics layer, @Nullable LayerStatistics than) {
    boolean trained = !Double.isNaN(layer.gradientNorm());
    return trained && (than == null || layer.gradientSize() > than.gradientSize());
  }

  private static Verdict faded(String layer, String most, double share) {
    return share == 0
        ? new Verdict(
            Severity.PROBLEM,
            "No gradient reaches " + layer + ".",
            "Units after it are dead: lower the learning rate, begin with biases of 0, or try"
                + " leaky_relu.")
        : new Verdict(
            Severity.PROBLEM,
            String.format(
                Locale.ROOT,
                "The gradients vanish: that of %s is %.1g times that of %s.",
                layer,
                share,
                most),
            "Try relu in place of sigmoid or tanh, batch_norm between layers, residual blocks, or"
                + " fewer layers.");
  }

  private static void dead(String layer, Activations activations, List<Verdict> verdicts) {
    if (!activations.function().equals("relu")
        || activations.examples() < ENOUGH_EXAMPLES
        || 2 * activations.dead() < activations.units()) {
      return;
    }
    boolean nearlyAll = 10 * activations.dead() >= 9 * activations.units();
    verdicts.add(
        new Verdict(
            nearlyAll ? Severity.PROBLEM : Severity.WARNING,
            String.format(
                "The ReLU %s is dead: %d of its %d units are 0 for all of %d examples.",
                activations.name().isEmpty()
                    ? "after " + layer
                    : activations.name() + " (after " + layer + ")",
                activations.dead(),
                activations.units(),
                activations.examples()),
            "Lower the learning rate, begin with biases of 0, or try leaky_relu after "
                + layer
                + "."));
  }

  /** A line for each verdict. */
  @Override
  public String toString() {
    return verdicts.stream()
        .map(verdict -> verdict.severity().name().toLowerCase(Locale.ROOT) + ": " + verdict)
        .collect(Collectors.joining("\n"));
  }
}
