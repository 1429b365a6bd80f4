package dev.tarn.config;

import dev.tarn.optim.Adam;
import dev.tarn.optim.Optimizer;
import dev.tarn.optim.Sgd;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoublePredicate;
import org.jspecify.annotations.Nullable;

/**
 * Optimizers as run files write them: {@code adam}, {@code adam: {lr: 0.001}}, {@code sgd: ...}.
 */
final class OptimizerConfig {
  private static final List<String> KINDS = List.of("adam", "adamw", "sgd");

  private OptimizerConfig() {}

  static Optimizer read(YamlValue value) {
    if (value.isScalar()) {
      String kind = value.text();
      if (!KINDS.contains(kind)) {
        throw value.error("unknown optimizer '" + kind + "'; " + Fields.meant(kind, KINDS));
      }
      return of(kind, YamlValue.mapping(value.place(), value.path() + "." + kind, Map.of()));
    }
    Fields fields = new Fields(value, KINDS);
    Fields.refuseClash(value, KINDS);
    if (value.entries().size() != 1) {
      throw value.expected("one of " + String.join(", ", KINDS));
    }
    String kind = value.entries().keySet().iterator().next();
    return of(kind, fields.require(kind));
  }

  private static Optimizer of(String kind, YamlValue settings) {
    if (kind.equals("sgd")) {
      Fields fields = new Fields(settings, List.of("lr", "momentum", "nesterov", "weight_decay"));
      double lr = positive(fields.require("lr"));
      double momentum = number(fields, "momentum", 0, "of at least 0 and below 1", FRACTION);
      YamlValue nesterov = fields.get("nesterov");
      boolean form = nesterov != null && nesterov.bool();
      if (nesterov != null && form && momentum == 0) {
        throw nesterov.error("Nesterov's form needs a momentum above 0");
      }
      return new Sgd(lr, momentum, form, decay(fields, 0));
    }
    Fields fields =
        new Fields(settings, List.of("lr", "beta1", "beta2", "epsilon", "weight_decay"));
    boolean decoupled = kind.equals("adamw");
    return new Adam(
        number(fields, "lr", 1e-3, "above 0", POSITIVE),
        number(fields, "beta1", 0.9, "of at least 0 and below 1", FRACTION),
        number(fields, "beta2", 0.999, "of at least 0 and below 1", FRACTION),
        number(fields, "epsilon", 1e-8, "above 0", POSITIVE),
        decay(fields, decoupled ? 0.01 : 0),
        decoupled);
  }

  static Object toYaml(Optimizer optimizer) {
    Map<String, Object> settings = new LinkedHashMap<>();
    if (optimizer instanceof Sgd sgd) {
      settings.put("lr", sgd.lr());
      settings.put("momentum", sgd.momentum());
      settings.put("nesterov", sgd.nesterov());
      settings.put("weight_decay", sgd.weightDecay());
      return Map.of("sgd", settings);
    }
    Adam adam = (Adam) optimizer;
    settings.put("lr", adam.lr());
    settings.put("beta1", adam.beta1());
    settings.put("beta2", adam.beta2());
    settings.put("epsilon", adam.epsilon());
    settings.put("weight_decay", adam.weightDecay());
    return Map.of(adam.decoupled() ? "adamw" : "adam", settings);
  }

  private static final DoublePredicate POSITIVE = v -> v > 0;
  private static final DoublePredicate FRACTION = v -> v >= 0 && v < 1;

  private static double positive(YamlValue value) {
    return value.number("above 0", POSITIVE);
  }

  private static double decay(Fields fields, double unless) {
    return number(fields, "weight_decay", unless, "of at least 0", v -> v >= 0);
  }

  private static double number(
      Fields fields, String key, double unless, String what, DoublePredicate check) {
    @Nullable YamlValue value = fields.get(key);
    return value == null ? unless : value.number(what, check);
  }
}
