package dev.tarn.config;

import dev.tarn.nn.Activation;
import dev.tarn.nn.Module;
import dev.tarn.nn.PRelu;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
  private record Form(@Nullable String setting, @Nullable Double standard) {}

  private static final Map<String, Form> FORMS = new LinkedHashMap<>();

  static {
    form("relu", null, null);
    form("tanh", null, null);
    form("sigmoid", null, null);
    form("leaky_relu", "slope", 0.01);
    form("prelu", null, null);
    form("elu", "alpha", 1.0);
    form("celu", "alpha", 1.0);
    form("selu", null, null);
    form("gelu", null, null);
    form("gelu_tanh", null, null);
    form("silu", null, null);
    form("mish", null, null);
    form("softplus", null, null);
    form("softsign", null, null);
    form("log_sigmoid", null, null);
    form("relu6", null, null);
    form("hard_tanh", null, null);
    form("hard_sigmoid", null, null);
    form("hard_swish", null, null);
    form("step", null, null);
    form("maxout", "group", null);
    form("softmax", null, null);
    form("log_softmax", null, null);
  }

  /** The names of all activations. */
  public static final List<String> KINDS = List.copyOf(FORMS.keySet());

  private static void form(String kind, @Nullable String setting, @Nullable Double standard) {
    FORMS.put(kind, new Form(setting, standard));
  }

  private static Form form(String kind) {
    Form form = FORMS.get(kind);
    if (form == null) {
      throw new IllegalStateException("no activation '" + kind + "'");
    }
    return form;
  }

  // A switch, not a function in each form: Java makes a class for each, before the first is needed.
  @Override
  public Module module() {
    double number = setting == null ? 0 : setting;
    return switch (kind) {
      case "relu" -> Activation.relu();
      case "tanh" -> Activation.tanh();
      case "sigmoid" -> Activation.sigmoid();
      case "leaky_relu" -> Activation.leakyRelu(number);
      case "prelu" -> PRelu.shared();
      case "elu" -> Activation.elu(number);
      case "celu" -> Activation.celu(number);
      case "selu" -> Activation.selu();
      case "gelu" -> Activation.gelu();
      case "gelu_tanh" -> Activation.geluTanh();
      case "silu" -> Activation.silu();
      case "mish" -> Activation.mish();
      case "softplus" -> Activation.softplus();
      case "softsign" -> Activation.softsign();
      case "log_sigmoid" -> Activation.logSigmoid();
      case "relu6" -> Activation.relu6();
      case "hard_tanh" -> Activation.hardTanh();
      case "hard_sigmoid" -> Activation.hardSigmoid();
      case "hard_swish" -> Activation.hardSwish();
      case "step" -> Activation.step();
      case "maxout" -> Activation.maxout((int) number);
      case "softmax" -> Activation.softmax();
      case "log_softmax" -> Activation.logSoftmax();
      default -> throw new IllegalStateException("no activation '" + kind + "'");
    };
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
