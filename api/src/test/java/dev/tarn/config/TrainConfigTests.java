package dev.tarn.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.optim.Adam;
import dev.tarn.optim.RmsProp;
import dev.tarn.optim.Schedules;
import dev.tarn.optim.Sgd;
import dev.tarn.optim.Updates;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What run files say about training, what it becomes, and what is wrong with what they say. */
final class TrainConfigTests {
  private static final String RUN =
      """
      data: {set: iris}
      model: [dense: {units: 3, init: %s}]
      train: {%s, epochs: 2, batch: 10}
      """;

  private static RunConfig parse(String init, String train) {
    return RunConfig.parse(String.format(RUN, init, train), "run.yaml", Path.of(""), List.of());
  }

  private static String refused(String init, String train) {
    return assertThrows(ConfigException.class, () -> parse(init, train)).getMessage();
  }

  private static Updates updates(String train) {
    return parse("zeros", train).train().updates(5);
  }

  @Test
  void theSettingsArriveInTheOptimizer() {
    assertEquals(
        Updates.of(new RmsProp(Schedules.constant(0.1), 0.9, 1e-8, 0.5, true, 0.25).l1(2))
            .clipNorm(1)
            .clipValue(0.5)
            .accumulate(4),
        updates(
            "optimizer: {rmsprop: {lr: 0.1, alpha: 0.9, momentum: 0.5, centered: true,"
                + " weight_decay: 0.25, l1: 2}}, clip_norm: 1, clip_value: 0.5, accumulate: 4"));
    assertEquals(
        Updates.of(Sgd.lr(0.5).nesterov(0.9).classicalMomentum(0.9)),
        updates("optimizer: {sgd: {lr: 0.5, momentum: 0.9, nesterov: true, classical: true}}"));
  }

  @Test
  void groupsHaveTheScheduleWithARateOfTheirOwn() {
    assertEquals(
        Updates.of(Adam.lr(Schedules.cosine(0.1, 9, 0.01)))
            .freeze("dense1.bias")
            .group("dense*", Adam.lr(Schedules.cosine(0.2, 9, 0.01)).weightDecay(0.5)),
        updates(
            "optimizer: {adam: {lr: 0.1}}, schedule: {cosine: {length: 9, end: 0.01}}, groups:"
                + " [{match: dense1.bias, freeze: true}, {match: 'dense*', lr: 0.2, weight_decay:"
                + " 0.5}]"));
  }

  /** Five batches, two an update, are three updates an epoch. */
  @Test
  void schedulesMayCountEpochs() {
    assertEquals(
        Updates.of(Sgd.lr(Schedules.step(0.5, 2, 0.1).warmUp(1, 0.25).per(3))).accumulate(2),
        updates(
            "optimizer: {sgd: {lr: 0.5}}, accumulate: 2, schedule: {step: {every: 2, warm_up: 1,"
                + " warm_up_from: 0.25, per: epoch}}"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "loss: {cross_entropy: {label_smoothing: 0.1, class_weights: [1, 2, 3], ignore_index: -1}}",
        "loss: {huber: {delta: 2}}",
        "schedule: {multi_step: {milestones: [3, 5]}}",
        "schedule: {plateau: {patience: 3}}",
        "schedule: {one_cycle: {length: 50}}",
        "schedule: {warm_restarts: {length: 5, factor: 2, per: epoch}}",
        "schedule: {polynomial: {length: 5, power: 2}}, clip_norm: 2, accumulate: 3",
        "groups: [{match: 'dense1.*', lr: 0.5}], clip_value: 0.5"
      })
  void whatIsWrittenReadsBackEqual(String train) {
    RunConfig config = parse("{orthogonal: {gain: 1.5}}", "optimizer: adamw, " + train);
    RunConfig again = RunConfig.parse(config.toYaml(), "run.yaml", Path.of(""), List.of());
    assertEquals(config.train(), again.train());
    assertEquals(config.toYaml(), again.toYaml());
    assertEquals(
        config.layers().get(0).settings().toYaml(), again.layers().get(0).settings().toYaml());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "loss: hubr | unknown loss 'hubr'; did you mean 'huber'?",
        "loss: {huber: {delt: 1}} | unknown key 'delt'; did you mean 'delta'?",
        "loss: {huber: {delta: 0}} | expected a number above 0, found '0'",
        "loss: {cross_entropy: {probabilities: true, ignore_index: 1}} | ignore_index needs class"
            + " indices",
        "schedule: {cosine: {lenght: 3}} | unknown key 'lenght'; did you mean 'length'?",
        "schedule: cosine | missing key 'length'",
        "schedule: {one_cycle: {length: 2, rise: 0.3}} | one_cycle: rise must be a share",
        "schedule: {step: {every: 3, per: year}} | expected update or epoch, found 'year'",
        "schedule: {multi_step: {milestones: [0]}} | expected an integer of at least 1",
        "groups: [{match: a}] | expected either 'freeze: true' or 'lr' and 'weight_decay'",
        "groups: [{mach: a, lr: 1}] | unknown key 'mach'; did you mean 'match'?",
        "clip_norm: 0 | expected a number above 0, found '0'",
        "accumulate: 0 | expected an integer of at least 1, found '0'",
        "acumulate: 2 | unknown key 'acumulate'; did you mean 'accumulate'?"
      })
  void whatIsWrongIsSaidWithItsPlace(String train, String message) {
    String said = refused("zeros", "optimizer: adam, " + train);
    assertTrue(said.contains(message) && said.startsWith("run.yaml:3:"), said);
  }

  @Test
  void optimizersAndInitializersAreCheckedToo() {
    String nesterov = refused("zeros", "optimizer: {sgd: {lr: 1, nesterov: true}}");
    assertEquals(
        "run.yaml:3:26: train.optimizer.sgd: sgd: nesterov needs a momentum above 0", nesterov);
    String init = refused("ortogonal", "optimizer: adam");
    assertTrue(init.endsWith("'ortogonal'; did you mean 'orthogonal'?"), init);
  }

  @Test
  void aLossForNumbersDoesNotFitClasses() {
    RunConfig config = parse("zeros", "optimizer: adam, loss: mse");
    ConfigException e =
        assertThrows(
            ConfigException.class, () -> config.modelFor(config.data().load(0).split().train()));
    assertEquals(
        "train.loss: mse needs numbers to predict (data.targets), but iris has classes",
        e.getMessage());
  }
}
