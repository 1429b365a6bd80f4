package dev.tarn.config;

import dev.tarn.config.Catalog.Setting;
import dev.tarn.optim.Plateau;
import dev.tarn.optim.Schedule;
import dev.tarn.optim.Schedules;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Schedules as run files write them: {@code cosine: {length: 30, per: epoch}}. */
final class ScheduleConfig {
  private static final Setting LENGTH = Catalog.count("length", 0, 1).needed();

  static final Catalog CATALOG =
      new Catalog("schedule")
          .kind("constant", warmed())
          .kind("step", warmed(Catalog.count("every", 0, 1).needed(), gamma()))
          .kind(
              "multi_step",
              warmed(
                  Catalog.list(
                      "milestones",
                      "a list of integers of at least 1",
                      value -> value.integer(1, Integer.MAX_VALUE)),
                  gamma()))
          .kind("exponential", warmed(gamma().needed()))
          .kind(
              "polynomial",
              warmed(LENGTH, Catalog.positive("power", 1), Catalog.notNegative("end", 0)))
          .kind("cosine", warmed(LENGTH, Catalog.notNegative("end", 0)))
          .kind(
              "warm_restarts",
              warmed(LENGTH, Catalog.count("factor", 1, 1), Catalog.notNegative("end", 0)))
          .kind(
              "one_cycle",
              LENGTH,
              Catalog.number("rise", 0.3, "between 0 and 1", v -> v > 0 && v < 1),
              Catalog.positive("start_divisor", 25),
              Catalog.positive("end_divisor", 1e4),
              Catalog.word("per", "update", "epoch"))
          .kind(
              "plateau",
              Catalog.number("factor", 0.1, "between 0 and 1", v -> v > 0 && v < 1),
              Catalog.count("patience", 10, 0),
              Catalog.notNegative("threshold", 1e-4),
              Catalog.count("cooldown", 0, 0),
              Catalog.notNegative("least", 0));

  private ScheduleConfig() {}

  private static Setting gamma() {
    return Catalog.positive("gamma", 0.1);
  }

  private static Setting[] warmed(Setting... settings) {
    List<Setting> all = new ArrayList<>(List.of(settings));
    all.add(Catalog.count("warm_up", 0, 0));
    all.add(Catalog.number("warm_up_from", 0.01, "from 0 to 1", v -> v >= 0 && v <= 1));
    all.add(Catalog.word("per", "update", "epoch"));
    return all.toArray(Setting[]::new);
  }

  static Choice read(YamlValue value) {
    return CATALOG.read(
        value,
        choice -> {
          make(choice, 1, 1);
          plateau(choice);
        });
  }

  /**
   * A learning rate over the updates.
   *
   * @param lr what it begins with
   * @param perEpoch the number of updates in an epoch
   */
  static Schedule make(@Nullable Choice choice, double lr, long perEpoch) {
    if (choice == null || choice.kind().equals("plateau")) {
      return Schedules.constant(lr);
    }
    Schedule schedule =
        switch (choice.kind()) {
          case "constant" -> Schedules.constant(lr);
          case "step" -> Schedules.step(lr, choice.whole("every"), choice.number("gamma"));
          case "multi_step" ->
              Schedules.multiStep(
                  lr,
                  choice.numbers("milestones").stream().map(Number::longValue).toList(),
                  choice.number("gamma"));
          case "exponential" -> Schedules.exponential(lr, choice.number("gamma"));
          case "polynomial" ->
              Schedules.polynomial(
                  lr, choice.whole("length"), choice.number("power"), choice.number("end"));
          case "cosine" -> Schedules.cosine(lr, choice.whole("length"), choice.number("end"));
          case "warm_restarts" ->
              Schedules.warmRestarts(
                  lr, choice.whole("length"), (int) choice.whole("factor"), choice.number("end"));
          case "one_cycle" ->
              new Schedules.OneCycle(
                  lr,
                  choice.whole("length"),
                  choice.number("rise"),
                  choice.number("start_divisor"),
                  choice.number("end_divisor"));
          default -> throw new IllegalStateException("no schedule '" + choice.kind() + "'");
        };
    if (choice.has("warm_up") && choice.whole("warm_up") > 0) {
      schedule = schedule.warmUp(choice.whole("warm_up"), choice.number("warm_up_from"));
    }
    return choice.text("per").equals("epoch") ? schedule.per(perEpoch) : schedule;
  }

  /** The plateau if that is what was chosen. */
  static @Nullable Plateau plateau(@Nullable Choice choice) {
    return choice == null || !choice.kind().equals("plateau")
        ? null
        : new Plateau(
            choice.number("factor"),
            (int) choice.whole("patience"),
            choice.number("threshold"),
            (int) choice.whole("cooldown"),
            choice.number("least"));
  }
}
