package dev.tarn.config;

import dev.tarn.PoolWindow;
import dev.tarn.nn.Module;
import dev.tarn.nn.Pooling;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Pooling and upsampling in run files. */
public final class PoolingLayers {
  static final List<String> KINDS =
      List.of("max_pool2d", "avg_pool2d", "global_avg_pool2d", "upsample");

  private PoolingLayers() {}

  /**
   * Pooling by square windows.
   *
   * @param kind {@code max_pool2d} or {@code avg_pool2d}
   * @param window its windows
   * @param countIncludePad whether padding counts in an average
   */
  public record Pool2d(String kind, PoolWindow window, boolean countIncludePad)
      implements LayerConfig.Settings {
    @Override
    public Module module() {
      return kind.equals("max_pool2d")
          ? Pooling.max(window)
          : Pooling.average(window, countIncludePad);
    }

    @Override
    public Object toYaml() {
      Map<String, Object> settings = new LinkedHashMap<>();
      settings.put("kernel", window.kernelH());
      settings.put("stride", window.strideH());
      settings.put("padding", window.padTop());
      settings.put("ceil", window.ceil());
      if (kind.equals("avg_pool2d")) {
        settings.put("count_include_pad", countIncludePad);
      }
      return Map.of(kind, settings);
    }
  }

  /** The average of each channel. */
  public record GlobalAverage() implements LayerConfig.Settings {
    @Override
    public String kind() {
      return "global_avg_pool2d";
    }

    @Override
    public Module module() {
      return Pooling.globalAverage();
    }

    @Override
    public Object toYaml() {
      return kind();
    }
  }

  /**
   * Elements repeated in both directions.
   *
   * @param factor how often
   */
  public record Upsample(int factor) implements LayerConfig.Settings {
    @Override
    public String kind() {
      return "upsample";
    }

    @Override
    public Module module() {
      return Pooling.upsampleNearest(factor);
    }

    @Override
    public Object toYaml() {
      return Map.of(kind(), factor);
    }
  }

  /**
   * The layer of one of {@link #KINDS}; {@code given} is null where a run file has the name only.
   */
  static LayerConfig.Settings read(String kind, YamlValue at, @Nullable YamlValue given) {
    if (kind.equals("global_avg_pool2d")) {
      if (given != null) {
        throw given.error(kind + " has no settings; write '- " + kind + "'");
      }
      return new GlobalAverage();
    }
    if (given == null) {
      throw at.error(kind + " needs a number; write '- " + kind + ": 2'");
    }
    if (kind.equals("upsample")) {
      YamlValue factor =
          given.isMapping() ? new Fields(given, List.of("factor")).require("factor") : given;
      return new Upsample((int) factor.integer(1, Integer.MAX_VALUE));
    }
    boolean average = kind.equals("avg_pool2d");
    if (!given.isMapping()) {
      int kernel = (int) given.integer(1, Integer.MAX_VALUE);
      return new Pool2d(kind, PoolWindow.of(kernel), average);
    }
    List<String> known = List.of("kernel", "stride", "padding", "ceil", "count_include_pad");
    Fields fields = new Fields(given, average ? known : known.subList(0, 4));
    int kernel = (int) fields.require("kernel").integer(1, Integer.MAX_VALUE);
    YamlValue stride = fields.get("stride");
    YamlValue padding = fields.get("padding");
    YamlValue ceil = fields.get("ceil");
    YamlValue counts = fields.get("count_include_pad");
    PoolWindow window =
        PoolWindow.of(kernel)
            .stride(stride == null ? kernel : (int) stride.integer(1, Integer.MAX_VALUE))
            .padding(padding == null ? 0 : (int) padding.integer(0, kernel - 1));
    return new Pool2d(
        kind,
        ceil != null && ceil.bool() ? window.ceilMode() : window,
        average && (counts == null || counts.bool()));
  }
}
