package dev.tarn.config;

import dev.tarn.loss.Loss;
import dev.tarn.optim.Optimizer;
import dev.tarn.optim.Plateau;
import dev.tarn.optim.Updates;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
    int checkpointEvery) {
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
          "checkpoint_every");

  /** Copies the list. */
  public TrainConfig {
    groups = List.copyOf(groups);
  }

  static TrainConfig read(YamlValue value) {
    Fields fields = new Fields(value, KEYS);
    YamlValue loss = fields.get("loss");
    YamlValue schedule = fields.get("schedule");
    YamlValue groups = fields.get("groups");
    return new TrainConfig(
        loss == null ? LossConfig.unlessGiven() : LossConfig.read(loss),
        OptimizerConfig.read(fields.require("optimizer")),
        schedule == null ? null : ScheduleConfig.read(schedule),
        groups == null ? List.of() : groups.values().stream().map(GroupConfig::read).toList(),
        positive(fields.get("clip_norm")),
        positive(fields.get("clip_value")),
        count(fields.get("accumulate"), 1),
        (int) fields.require("epochs").integer(1, Integer.MAX_VALUE),
        (int) fields.require("batch").integer(1, Integer.MAX_VALUE),
        count(fields.get("checkpoint_every"), 0));
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
    return train;
  }
}
