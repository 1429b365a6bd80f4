package dev.tarn.config;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Parameters that a run file treats otherwise: {@code {match: "dense1.*", freeze: true}}.
 *
 * @param match their names; {@code *} stands for any characters
 * @param freeze whether they stay as they are
 * @param lr their learning rate, or null for that of the others
 * @param weightDecay their weight decay, or null for that of the others
 */
public record GroupConfig(
    String match, boolean freeze, @Nullable Double lr, @Nullable Double weightDecay) {
  static final List<String> KEYS = List.of("match", "freeze", "lr", "weight_decay");

  static GroupConfig read(YamlValue value) {
    Fields fields = new Fields(value, KEYS);
    YamlValue freeze = fields.get("freeze");
    YamlValue lr = fields.get("lr");
    YamlValue decay = fields.get("weight_decay");
    boolean frozen = freeze != null && freeze.bool();
    if (frozen == (lr != null || decay != null)) {
      throw value.error("expected either 'freeze: true' or 'lr' and 'weight_decay'");
    }
    return new GroupConfig(
        fields.require("match").text(),
        frozen,
        lr == null ? null : lr.number("above 0", v -> v > 0),
        decay == null ? null : decay.number("of at least 0", v -> v >= 0));
  }

  /** The optimizer's choice with what this group has otherwise. */
  Choice of(Choice optimizer) {
    Choice own = lr == null ? optimizer : optimizer.with("lr", lr);
    return weightDecay == null ? own : own.with("weight_decay", weightDecay);
  }

  Map<String, Object> toYaml() {
    Map<String, Object> group = new LinkedHashMap<>();
    group.put("match", match);
    if (freeze) {
      group.put("freeze", true);
    }
    if (lr != null) {
      group.put("lr", lr);
    }
    if (weightDecay != null) {
      group.put("weight_decay", weightDecay);
    }
    return group;
  }
}
