package dev.tarn.config;

import dev.tarn.config.Catalog.Setting;
import dev.tarn.nn.Initializer;
import dev.tarn.nn.Initializers;
import dev.tarn.nn.Initializers.Fan;

/** Initializers as run files write them: {@code he_normal}, {@code orthogonal: {gain: 1.4}}. */
final class InitializerConfig {
  private static final Setting GAIN = Catalog.positive("gain", 1);
  private static final Setting FAN = Catalog.word("fan", "in", "out");
  private static final Setting DEVIATION = Catalog.positive("deviation", 0).needed();

  static final Catalog CATALOG =
      new Catalog("initializer")
          .kind("zeros")
          .kind("constant", Catalog.number("value", 0, "of any size", v -> true).needed())
          .kind("uniform", Catalog.positive("bound", 0).needed())
          .kind("normal", DEVIATION)
          .kind("truncated_normal", DEVIATION)
          .kind("fan_in_uniform")
          .kind("xavier_uniform", GAIN)
          .kind("xavier_normal", GAIN)
          .kind("he_uniform", FAN, Catalog.positive("gain", Initializers.RELU_GAIN))
          .kind("he_normal", FAN, Catalog.positive("gain", Initializers.RELU_GAIN))
          .kind("lecun_uniform")
          .kind("lecun_normal")
          .kind("orthogonal", GAIN);

  private InitializerConfig() {}

  static Choice read(YamlValue value) {
    return CATALOG.read(value, InitializerConfig::make);
  }

  static Initializer make(Choice choice) {
    return switch (choice.kind()) {
      case "zeros" -> Initializers.zeros();
      case "constant" -> Initializers.constant(choice.number("value"));
      case "uniform" -> Initializers.uniform(choice.number("bound"));
      case "normal" -> Initializers.normal(choice.number("deviation"));
      case "truncated_normal" -> Initializers.truncatedNormal(choice.number("deviation"));
      case "fan_in_uniform" -> Initializers.fanInUniform();
      case "xavier_uniform" -> Initializers.xavierUniform(choice.number("gain"));
      case "xavier_normal" -> Initializers.xavierNormal(choice.number("gain"));
      case "he_uniform" -> Initializers.scaledUniform(fan(choice), choice.number("gain"));
      case "he_normal" -> Initializers.scaledNormal(fan(choice), choice.number("gain"));
      case "lecun_uniform" -> Initializers.lecunUniform();
      case "lecun_normal" -> Initializers.lecunNormal();
      case "orthogonal" -> Initializers.orthogonal(choice.number("gain"));
      default -> throw new IllegalStateException("no initializer '" + choice.kind() + "'");
    };
  }

  private static Fan fan(Choice choice) {
    return choice.text("fan").equals("in") ? Fan.IN : Fan.OUT;
  }
}
