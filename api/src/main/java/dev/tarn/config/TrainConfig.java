package dev.tarn.config;

import dev.tarn.loss.Loss;
import dev.tarn.loss.Losses;
import dev.tarn.optim.Optimizer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How a run file trains.
 *
 * @param loss the loss
 * @param optimizer the optimizer
 * @param epochs the number of epochs in all
 * @param batch examples in a step
 * @param checkpointEvery a checkpoint is written every so many steps, besides the one at the end of
 *     each epoch; 0 for none
 */
public record TrainConfig(
    Loss loss, Optimizer optimizer, int epochs, int batch, int checkpointEvery) {
  static final List<String> KEYS =
      List.of("loss", "optimizer", "epochs", "batch", "checkpoint_every");
  private static final List<String> LOSSES = List.of("cross_entropy");

  static TrainConfig read(YamlValue value) {
    Fields fields = new Fields(value, KEYS);
    YamlValue loss = fields.get("loss");
    if (loss != null && !LOSSES.contains(loss.text())) {
      throw loss.error("unknown loss '" + loss.text() + "'; " + Fields.meant(loss.text(), LOSSES));
    }
    YamlValue every = fields.get("checkpoint_every");
    return new TrainConfig(
        Losses.crossEntropy(),
        OptimizerConfig.read(fields.require("optimizer")),
        (int) fields.require("epochs").integer(1, Integer.MAX_VALUE),
        (int) fields.require("batch").integer(1, Integer.MAX_VALUE),
        every == null ? 0 : (int) every.integer(1, Integer.MAX_VALUE));
  }

  Map<String, Object> toYaml() {
    Map<String, Object> train = new LinkedHashMap<>();
    train.put("loss", loss.toString());
    train.put("optimizer", OptimizerConfig.toYaml(optimizer));
    train.put("epochs", epochs);
    train.put("batch", batch);
    if (checkpointEvery > 0) {
      train.put("checkpoint_every", checkpointEvery);
    }
    return train;
  }
}
