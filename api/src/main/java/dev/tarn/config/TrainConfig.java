package dev.tarn.config;

import dev.tarn.loss.Loss;
import dev.tarn.optim.Optimizer;
import dev.tarn.optim.Plateau;
import dev.tarn.optim.Updates;
import dev.tarn.train.EarlyStopping;
import dev.tarn.train.EvaluationMetric;
import dev.tarn.train.Metric;
import dev.tarn.train.StopRules;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How a run file trains.
 *
 * @param lossChoice the loss
 * @param optimizer the optimizer
 * @param schedule how its learning rate changes, or null if it does not
 * @param groups parameters that are treated otherwise
 * @param clipNorm the largest norm of all gradients together, or 0
 * @param clipValue the largest magnitude of a gradient's element, or 0
 * @param accumulate the number of batches of an update
 * @param epochs the number of epochs in all
 * @param batch examples in a step
 * @param checkpointEvery a checkpoint is written every so many steps, besides the one at the end of
 *     each epoch; 0 for none
 * @param metricChoices what is measured beside the loss
 * @param earlyStopping ends the training when it makes no progress, or null
 * @param stop what else ends it before its last epoch
 * @param folds the number of folds of a cross-validation, or 1 for none
 * @param restarts how many trainings, from different seeds, the best is chosen of
 * @param restart which of them this one is, from 0
 * @param evaluationBatch examples in a step of evaluation
 */
public record TrainConfig(
    Choice lossChoice,
    Choice optimizer,
    @Nullable Choice schedule,
    List<GroupConfig> groups,
    double clipNorm,
    double clipValue,
    int accumulate,
    int epochs,
    int batch,
    int checkpointEvery,
    List<Choice> metricChoices,
    @Nullable EarlyStopping earlyStopping,
    StopRules stop,
    int folds,
    int restarts,
    int restart,
    int evaluationBatch) {
  private static final int EVALUATION_BATCH = 256;

  static final List<String> KEYS =
      List.of(
          "loss",
          "optimizer",
          "schedule",
          "groups",
          "clip_norm",
          "clip_value",
          "accumulate",
          "epochs",
          "batch",
          "checkpoint_every",
          "metrics",
          "early_stopping",
          "stop",
          "folds",
          "restarts",
          "restart",
          "evaluation_batch");

  /** Copies the lists. */
  public TrainConfig {
    groups = List.copyOf(groups);
    metricChoices = List.copyOf(metricChoices);
  }

  static TrainConfig read(YamlValue value) {
    Fields fields = new Fields(value, KEYS);
    YamlValue loss = fields.get("loss");
    YamlValue schedule = fields.get("schedule");
    YamlValue groups = fields.get("groups");
    YamlValue metrics = fields.get("metrics");
    YamlValue early = fields.get("early_stopping");
    YamlValue stop = fields.get("stop");
    YamlValue folds = fields.get("folds");
    YamlValue restart = fields.get("restart");
    Choice lossChoice = loss == null ? LossConfig.unlessGiven() : LossConfig.read(loss);
    List<Choice> measured =
        metrics == null
            ? MetricConfig.unlessGiven(lossChoice)
            : MetricConfig.read(metrics, lossChoice);
    int restarts = count(fields.get("restarts"), 1);
    if (folds != null && restarts > 1) {
      throw folds.error("give either 'folds' or 'restarts', not both");
    }
    return new TrainConfig(
        lossChoice,
        OptimizerConfig.read(fields.require("optimizer")),
        schedule == null ? null : ScheduleConfig.read(schedule),
        groups == null ? List.of() : groups.values().stream().map(GroupConfig::read).toList(),
        positive(fields.get("clip_norm")),
        positive(fields.get("clip_value")),
        count(fields.get("accumulate"), 1),
        (int) fields.require("epochs").integer(1, Integer.MAX_VALUE),
        (int) fields.require("batch").integer(1, Integer.MAX_VALUE),
        count(fields.get("checkpoint_every"), 0),
        measured,
        early == null ? null : StopConfig.early(early, measured),
        stop == null ? StopRules.NONE : StopConfig.rules(stop, measured),
        folds == null ? 1 : (int) folds.integer(2, Integer.MAX_VALUE),
        restarts,
        restart == null ? 0 : (int) restart.integer(0, Integer.MAX_VALUE),
        count(fields.get("evaluation_batch"), EVALUATION_BATCH));
  }

  private static double positive(@Nullable YamlValue value) {
    return value == null ? 0 : value.number("above 0", v -> v > 0);
  }

  private static int count(@Nullable YamlValue value, int unless) {
    return value == null ? unless : (int) value.integer(1, Integer.MAX_VALUE);
  }

  /** What is minimised. */
  public Loss loss() {
    return LossConfig.make(lossChoice);
  }

  /** What is measured while training and evaluating. */
  public Metric[] metrics() {
    return metricChoices.stream()
        .map(choice -> MetricConfig.metric(choice, lossChoice.kind()))
        .filter(Objects::nonNull)
        .toArray(Metric[]::new);
  }

  /** What is measured at evaluation only. */
  public EvaluationMetric[] evaluationMetrics() {
    return metricChoices.stream()
        .map(choice -> MetricConfig.evaluated(choice, lossChoice.kind()))
        .filter(Objects::nonNull)
        .toArray(EvaluationMetric[]::new);
  }

  /** The same as one of several restarts, which makes no others. */
  public TrainConfig withRestart(int number) {
    return new TrainConfig(
        lossChoice,
        optimizer,
        schedule,
        groups,
        clipNorm,
        clipValue,
        accumulate,
        epochs,
        batch,
        checkpointEvery,
        metricChoices,
        earlyStopping,
        stop,
        folds,
        1,
        number,
        evaluationBatch);
  }

  /**
   * How parameters follow their gradients.
   *
   * @param batches the number of batches in an epoch
   */
  public Updates updates(int batches) {
    long perEpoch = (batches - 1) / accumulate + 1;
    Updates updates = Updates.of(optimizer(optimizer, perEpoch));
    for (GroupConfig group : groups) {
      updates =
          group.freeze()
              ? updates.freeze(group.match())
              : updates.group(group.match(), optimizer(group.of(optimizer), perEpoch));
    }
    return updates.clipNorm(clipNorm).clipValue(clipValue).accumulate(accumulate);
  }

  private Optimizer optimizer(Choice choice, long perEpoch) {
    return OptimizerConfig.make(
        choice, ScheduleConfig.make(schedule, choice.number("lr"), perEpoch));
  }

  /** What lowers learning rates when the validation loss stops falling, or null. */
  public @Nullable Plateau plateau() {
    return ScheduleConfig.plateau(schedule);
  }

  Map<String, Object> toYaml() {
    Map<String, Object> train = new LinkedHashMap<>();
    train.put("loss", lossChoice.toYaml());
    train.put("optimizer", optimizer.toYaml());
    if (schedule != null) {
      train.put("schedule", schedule.toYaml());
    }
    if (!groups.isEmpty()) {
      train.put("groups", groups.stream().map(GroupConfig::toYaml).toList());
    }
    if (clipNorm > 0) {
      train.put("clip_norm", clipNorm);
    }
    if (clipValue > 0) {
      train.put("clip_value", clipValue);
    }
    if (accumulate > 1) {
      train.put("accumulate", accumulate);
    }
    train.put("epochs", epochs);
    train.put("batch", batch);
    if (checkpointEvery > 0) {
      train.put("checkpoint_every", checkpointEvery);
    }
    train.put("metrics", metricChoices.stream().map(Choice::toYaml).toList());
    if (earlyStopping != null) {
      train.put("early_stopping", StopConfig.toYaml(earlyStopping));
    }
    if (!stop.equals(StopRules.NONE)) {
      train.put("stop", StopConfig.toYaml(stop));
    }
    if (folds > 1) {
      train.put("folds", folds);
    }
    if (restarts > 1) {
      train.put("restarts", restarts);
    }
    if (restart > 0) {
      train.put("restart", restart);
    }
    if (evaluationBatch != EVALUATION_BATCH) {
      train.put("evaluation_batch", evaluationBatch);
    }
    return train;
  }
}
