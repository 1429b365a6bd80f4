package dev.tarn.config;

import dev.tarn.nn.Activation;
import dev.tarn.nn.Module;
import dev.tarn.nn.PRelu;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An activation of a run file's model: {@code relu}, {@code leaky_relu: 0.1} or {@code leaky_relu:
 * {slope: 0.1}}.
 *
 * @param kind its name in run files
 * @param setting its number; null if it has none
 */
public record ActivationConfig(String kind, @Nullable Double setting)
    implements LayerConfig.Settings {
  /**
   * What an activation takes.
   *
   * @param setting the name of its number; null if it has none
   * @param standard the number if none is given; null if it must be
   */
  private record Form(
      @Nullable String setting, @Nullable Double standard, DoubleFunction<Module> module) {}

  private static final Map<String, Form> FORMS = new LinkedHashMap<>();

  static {
    form("relu", Activation::relu);
    form("tanh", Activation::tanh);
    form("sigmoid", Activation::sigmoid);
    form("leaky_relu", "slope", 0.01, Activation::leakyRelu);
    form("prelu", PRelu::shared);
    form("elu", "alpha", 1.0, Activation::elu);
    form("celu", "alpha", 1.0, Activation::celu);
    form("selu", Activation::selu);
    form("gelu", Activation::gelu);
    form("gelu_tanh", Activation::geluTanh);
    form("silu", Activation::silu);
    form("mish", Activation::mish);
    form("softplus", Activation::softplus);
    form("softsign", Activation::softsign);
    form("log_sigmoid", Activation::logSigmoid);
    form("relu6", Activation::relu6);
    form("hard_tanh", Activation::hardTanh);
    form("hard_sigmoid", Activation::hardSigmoid);
    form("hard_swish", Activation::hardSwish);
    form("step", Activation::step);
    form("maxout", "group", null, group -> Activation.maxout((int) group));
    form("softmax", Activation::softmax);
    form("log_softmax", Activation::logSoftmax);
  }

  /** The names of all activations. */
  public static final List<String> KINDS = List.copyOf(FORMS.keySet());

  private static void form(String kind, Supplier<Module> module) {
    FORMS.put(kind, new Form(null, null, unused -> module.get()));
  }

  private static void form(
      String kind, String setting, @Nullable Double standard, DoubleFunction<Module> module) {
    FORMS.put(kind, new Form(setting, standard, module));
  }

  private static Form form(String kind) {
    Form form = FORMS.get(kind);
    if (form == null) {
      throw new IllegalStateException("no activation '" + kind + "'");
    }
    return form;
  }

  @Override
  public Module module() {
    return form(kind).module.apply(setting == null ? 0 : setting);
  }

  @Override
  public Object toYaml() {
    if (setting == null) {
      return kind;
    }
    boolean whole = form(kind).standard == null;
    return Map.of(kind, whole ? (Object) setting.intValue() : setting);
  }

  /** An activation that is given by its name alone, or with its number. */
  static LayerConfig.Settings read(String kind, YamlValue value, @Nullable YamlValue given) {
    if (kind.equals(PReluConfig.KIND) && given != null) {
      return PReluConfig.read(given);
    }
    Form form = form(kind);
    String name = form.setting;
    if (given == null) {
      if (name != null && form.standard == null) {
        throw value.error(kind + " needs a number; write '- " + kind + ": 2'");
      }
      return new ActivationConfig(kind, form.standard);
    }
    if (name == null) {
      throw given.error(kind + " has no settings; write '- " + kind + "'");
    }
    YamlValue number = given.isMapping() ? new Fields(given, List.of(name)).require(name) : given;
    return new ActivationConfig(
        kind,
        switch (name) {
          case "group" -> (double) number.integer(2, Integer.MAX_VALUE);
          case "alpha" -> number.number("above 0", v -> v > 0);
          default -> number.number("such as 0.01", v -> true);
        });
  }
}
