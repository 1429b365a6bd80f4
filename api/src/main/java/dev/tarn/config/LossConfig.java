package dev.tarn.config;

import dev.tarn.config.Catalog.Setting;
import dev.tarn.loss.CrossEntropy;
import dev.tarn.loss.Loss;
import dev.tarn.loss.Losses;

/** Losses as run files write them: {@code mse}, {@code cross_entropy: {label_smoothing: 0.1}}. */
final class LossConfig {
  static final Catalog CATALOG =
      new Catalog("loss")
          .kind(
              "cross_entropy",
              Catalog.number("label_smoothing", 0, "from 0 to 1", v -> v >= 0 && v <= 1),
              Catalog.list(
                      "class_weights",
                      "a list of numbers, one per class",
                      value -> value.number("of at least 0", v -> v >= 0))
                  .optional(),
              new Setting(
                  "ignore_index",
                  null,
                  false,
                  value -> value.integer(Integer.MIN_VALUE, Integer.MAX_VALUE)),
              Catalog.flag("probabilities"))
          .kind("mse")
          .kind("half_squared_error")
          .kind("l1")
          .kind("huber", Catalog.positive("delta", 1))
          .kind("binary_cross_entropy")
          .kind("binary_cross_entropy_with_logits")
          .kind("hinge")
          .kind("perceptron")
          .kind("kl_divergence");

  private LossConfig() {}

  static Choice read(YamlValue value) {
    return CATALOG.read(value, LossConfig::make);
  }

  /** Cross-entropy without settings. */
  static Choice unlessGiven() {
    return CATALOG.plain("cross_entropy");
  }

  static Loss make(Choice choice) {
    return switch (choice.kind()) {
      case "cross_entropy" -> crossEntropy(choice);
      case "mse" -> Losses.mse();
      case "half_squared_error" -> Losses.halfSquaredError();
      case "l1" -> Losses.l1();
      case "huber" -> Losses.huber(choice.number("delta"));
      case "binary_cross_entropy" -> Losses.binaryCrossEntropy();
      case "binary_cross_entropy_with_logits" -> Losses.binaryCrossEntropyWithLogits();
      case "hinge" -> Losses.hinge();
      case "perceptron" -> Losses.perceptron();
      case "kl_divergence" -> Losses.klDivergence();
      default -> throw new IllegalStateException("no loss '" + choice.kind() + "'");
    };
  }

  private static Loss crossEntropy(Choice choice) {
    return new CrossEntropy(
        choice.number("label_smoothing"),
        choice.numbers("class_weights").stream().map(Number::doubleValue).toList(),
        choice.has("ignore_index") ? (int) choice.whole("ignore_index") : null,
        choice.flag("probabilities"));
  }
}
