package dev.tarn.config;

import dev.tarn.config.Catalog.Setting;
import dev.tarn.optim.AdaGrad;
import dev.tarn.optim.Adadelta;
import dev.tarn.optim.Adam;
import dev.tarn.optim.Optimizer;
import dev.tarn.optim.RmsProp;
import dev.tarn.optim.Schedule;
import dev.tarn.optim.Schedules;
import dev.tarn.optim.Sgd;

/**
 * Optimizers as run files write them: {@code adam}, {@code adam: {lr: 0.001}}, {@code sgd: ...}.
 */
final class OptimizerConfig {
  private static final Setting L1 = Catalog.notNegative("l1", 0);

  static final Catalog CATALOG =
      new Catalog("optimizer")
          .kind("adam", adam(0))
          .kind("adamw", adam(0.01))
          .kind(
              "sgd",
              Catalog.positive("lr", 0).needed(),
              Catalog.fraction("momentum", 0),
              Catalog.flag("nesterov"),
              Catalog.flag("classical"),
              Catalog.notNegative("weight_decay", 0),
              L1)
          .kind(
              "adagrad",
              Catalog.positive("lr", 0.01),
              Catalog.positive("epsilon", 1e-10),
              Catalog.notNegative("weight_decay", 0),
              L1)
          .kind(
              "adadelta",
              Catalog.positive("lr", 1),
              Catalog.fraction("rho", 0.9),
              Catalog.positive("epsilon", 1e-6),
              Catalog.notNegative("weight_decay", 0),
              L1)
          .kind(
              "rmsprop",
              Catalog.positive("lr", 0.01),
              Catalog.fraction("alpha", 0.99),
              Catalog.positive("epsilon", 1e-8),
              Catalog.fraction("momentum", 0),
              Catalog.flag("centered"),
              Catalog.notNegative("weight_decay", 0),
              L1);

  private OptimizerConfig() {}

  private static Setting[] adam(double weightDecay) {
    return new Setting[] {
      Catalog.positive("lr", 1e-3),
      Catalog.fraction("beta1", 0.9),
      Catalog.fraction("beta2", 0.999),
      Catalog.positive("epsilon", 1e-8),
      Catalog.notNegative("weight_decay", weightDecay),
      Catalog.flag("amsgrad"),
      L1
    };
  }

  static Choice read(YamlValue value) {
    return CATALOG.read(value, choice -> make(choice, Schedules.constant(choice.number("lr"))));
  }

  /** The optimizer with a learning rate that begins with the one chosen. */
  static Optimizer make(Choice choice, Schedule lr) {
    double decay = choice.number("weight_decay");
    Optimizer optimizer =
        switch (choice.kind()) {
          case "adam", "adamw" ->
              new Adam(
                  lr,
                  choice.number("beta1"),
                  choice.number("beta2"),
                  choice.number("epsilon"),
                  decay,
                  choice.kind().equals("adamw"),
                  choice.flag("amsgrad"));
          case "sgd" ->
              new Sgd(
                  lr,
                  choice.number("momentum"),
                  choice.flag("nesterov"),
                  choice.flag("classical"),
                  decay);
          case "adagrad" -> new AdaGrad(lr, choice.number("epsilon"), decay);
          case "adadelta" ->
              new Adadelta(lr, choice.number("rho"), choice.number("epsilon"), decay);
          case "rmsprop" ->
              new RmsProp(
                  lr,
                  choice.number("alpha"),
                  choice.number("epsilon"),
                  choice.number("momentum"),
                  choice.flag("centered"),
                  decay);
          default -> throw new IllegalStateException("no optimizer '" + choice.kind() + "'");
        };
    return choice.number("l1") == 0 ? optimizer : optimizer.l1(choice.number("l1"));
  }
}
