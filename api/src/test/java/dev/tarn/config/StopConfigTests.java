package dev.tarn.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.data.DataSource.Prepared;
import dev.tarn.train.EarlyStopping;
import dev.tarn.train.EvaluationMetric;
import dev.tarn.train.Metric;
import dev.tarn.train.StopRules;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Metrics, rules that end a training, folds and restarts in run files. */
final class StopConfigTests {
  private static final String RUN =
      """
      data: {set: iris}
      model: [dense: 3]
      train: {optimizer: {sgd: {lr: 0.1}}, epochs: 2, batch: 10%s}
      """;

  private static RunConfig run(String train) {
    String more = train.isEmpty() ? "" : ", " + train;
    return RunConfig.parse(String.format(RUN, more), "run.yaml", Path.of(""), List.of());
  }

  private static TrainConfig parse(String train) {
    RunConfig config = run(train);
    RunConfig again = RunConfig.parse(config.toYaml(), "again.yaml", Path.of(""), List.of());
    assertEquals(config.train(), again.train(), "written and read again");
    return config.train();
  }

  private static List<String> measured(TrainConfig train) {
    return Stream.concat(
            Stream.of(train.metrics()).map(Metric::name),
            Stream.of(train.evaluationMetrics()).map(EvaluationMetric::name))
        .toList();
  }

  @Test
  void metrics() {
    assertEquals(
        List.of("accuracy", "top_3", "precision", "f1_micro", "recall", "auc"),
        measured(
            parse(
                "metrics: [accuracy, {top_k: 3}, precision, {f1: micro},"
                    + " {recall: {average: per_class}}, auc]")));
    assertEquals(
        List.of("rmse", "accuracy", "r2"),
        measured(parse("loss: mse, metrics: [rmse, r2, accuracy]")));
    assertEquals(List.of(), measured(parse("metrics: []")));
  }

  @ParameterizedTest
  @CsvSource({
    "cross_entropy, accuracy",
    "binary_cross_entropy, accuracy",
    "hinge, accuracy",
    "mse, mae",
    "huber, mae",
    "kl_divergence,",
    "'{cross_entropy: {probabilities: true}}',"
  })
  void metricsUnlessGiven(String loss, String expected) {
    List<String> names = measured(parse("loss: " + loss));
    assertEquals(expected == null ? List.of() : List.of(expected), names);
  }

  @Test
  void rules() {
    TrainConfig train =
        parse(
            "early_stopping: {patience: 5, metric: accuracy, min_delta: 0.01}, stop: {steps: 100,"
                + " seconds: 60, gradient_norm: 1e-3, update: 1e-4, metric: {accuracy: 0.9, loss: 0.1}}");
    assertEquals(new EarlyStopping(5, 0.01, "accuracy"), train.earlyStopping());
    assertEquals(
        StopRules.NONE
            .steps(100)
            .seconds(60)
            .gradientNorm(1e-3)
            .update(1e-4)
            .target("accuracy", 0.9)
            .target("loss", 0.1),
        train.stop());
    assertEquals(EarlyStopping.patience(7), parse("early_stopping: 7").earlyStopping());
    EarlyStopping part =
        parse("metrics: [{f1: per_class}], early_stopping: {patience: 1, metric: f1.2}")
            .earlyStopping();
    assertTrue(part != null && part.metric().equals("f1.2"));
  }

  @Test
  void foldsAndRestarts() {
    assertEquals(5, parse("folds: 5").folds());
    assertEquals(3, parse("restarts: 3").restarts());
    RunConfig second = run("restarts: 3").withRestart(2);
    assertEquals(1, second.train().restarts());
    assertEquals(2, second.trainingSeed());
    assertEquals(0, second.seed(), "the split stays the same");
    List<Integer> seen = new ArrayList<>();
    for (Prepared fold : run("folds: 4").folds()) {
      int validation = fold.split().validation().size();
      assertEquals(150, fold.split().train().size() + validation);
      seen.add(validation);
    }
    assertEquals(List.of(38, 38, 37, 37), seen);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "metrics: [acuracy] | unknown metric 'acuracy'; did you mean 'accuracy'?",
        "metrics: [mae] | metric 'mae' does not go with loss cross_entropy",
        "loss: mse, metrics: [{top_k: 3}] | metric 'top_k' does not go with loss mse",
        "metrics: [f1, f1] | metric 'f1' is there twice",
        "metrics: [{top_k: 0}] | expected an integer of at least 1, found '0'",
        "metrics: [{f1: mean}] | expected macro or micro or per_class, found 'mean'",
        "early_stopping: 0 | expected an integer of at least 1, found '0'",
        "early_stopping: {metric: loss} | missing key 'patience'",
        "early_stopping: {patience: 2, metric: f1} | no metric 'f1' is measured (train.metrics)",
        "stop: {step: 5} | unknown key 'step'; did you mean 'steps'?",
        "stop: {metric: {acc: 1}} | no metric 'acc' is measured (train.metrics)",
        "stop: {seconds: 0} | expected a number above 0, found '0'",
        "folds: 1 | expected an integer of at least 2, found '1'",
        "'folds: 5, restarts: 2' | give either 'folds' or 'restarts', not both"
      })
  void whatIsWrong(String train, String expected) {
    ConfigException e = assertThrows(ConfigException.class, () -> run(train));
    String message = String.valueOf(e.getMessage());
    assertTrue(message.startsWith("run.yaml:3:") && message.contains(expected), message);
  }
}
