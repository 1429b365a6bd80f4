package dev.tarn.config;

import dev.tarn.data.Augmentation;
import dev.tarn.data.Augmentation.Crop;
import dev.tarn.data.Augmentation.Flip;
import dev.tarn.data.Augmentation.Noise;
import dev.tarn.data.Augmentation.Rotate;
import dev.tarn.data.Augmentation.Shift;
import dev.tarn.data.Augmentation.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The changes of training images in a run file: {@code [shift: 2, flip: horizontal]}. */
final class AugmentConfig {
  static final List<String> KINDS = List.of("shift", "flip", "crop", "rotate", "noise");

  private AugmentConfig() {}

  static Augmentation read(YamlValue value) {
    if (!value.isList()) {
      throw value.expected("a list of changes, such as '- shift: 2'");
    }
    List<Step> steps = new ArrayList<>();
    for (YamlValue each : value.values()) {
      if (!each.isMapping() || each.entries().size() != 1) {
        throw each.expected("one change, such as 'shift: 2'");
      }
      String kind = each.entries().keySet().iterator().next();
      new Fields(each, KINDS);
      steps.add(step(kind, each.entries().get(kind).value()));
    }
    return new Augmentation(steps);
  }

  private static Step step(String kind, YamlValue value) {
    return switch (kind) {
      case "shift" -> new Shift((int) value.integer(1, 65_535));
      case "flip" -> {
        if (!value.isScalar() || !List.of("horizontal", "vertical").contains(value.text())) {
          throw value.expected("horizontal or vertical");
        }
        yield new Flip(value.text().equals("vertical"), 0.5);
      }
      case "crop" ->
          new Crop(value.number("above 0 and up to 1: a share of the area", v -> v > 0 && v <= 1));
      case "rotate" ->
          new Rotate(value.number("above 0 and up to 180: degrees", v -> v > 0 && v <= 180));
      default ->
          new Noise(value.number("above 0 and below 1000000: a deviation", v -> v > 0 && v < 1e6));
    };
  }

  static List<Map<String, Object>> toYaml(Augmentation augmentation) {
    List<Map<String, Object>> yaml = new ArrayList<>();
    for (Step step : augmentation.steps()) {
      if (step instanceof Shift shift) {
        yaml.add(Map.of("shift", shift.pixels()));
      } else if (step instanceof Flip flip) {
        yaml.add(Map.of("flip", flip.vertical() ? "vertical" : "horizontal"));
      } else if (step instanceof Crop crop) {
        yaml.add(Map.of("crop", crop.share()));
      } else if (step instanceof Rotate rotate) {
        yaml.add(Map.of("rotate", rotate.degrees()));
      } else if (step instanceof Noise noise) {
        yaml.add(Map.of("noise", noise.deviation()));
      }
    }
    return yaml;
  }
}
