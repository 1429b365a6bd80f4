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
      List.of(
          "max_pool2d",
          "avg_pool2d",
          "global_avg_pool2d",
          "upsample",
          "adaptive_avg_pool2d",
          "adaptive_max_pool2d");

  private PoolingLayers() {}

  /**
   * Pooling by windows.
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
      List<Integer> padding =
          List.of(window.padTop(), window.padBottom(), window.padLeft(), window.padRight());
      settings.put("kernel", Extents.toYaml(List.of(window.kernelH(), window.kernelW())));
      settings.put("stride", Extents.toYaml(List.of(window.strideH(), window.strideW())));
      settings.put("padding", Extents.toYaml(padding));
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
   * Pooling by the fields of a grid.
   *
   * @param kind {@code adaptive_avg_pool2d} or {@code adaptive_max_pool2d}
   * @param grid the rows and columns of the result
   */
  public record Adaptive(String kind, List<Integer> grid) implements LayerConfig.Settings {
    /** Copies the extents. */
    public Adaptive {
      grid = List.copyOf(grid);
    }

    @Override
    public Module module() {
      return kind.equals("adaptive_max_pool2d")
          ? Pooling.adaptiveMax(grid.get(0), grid.get(1))
          : Pooling.adaptiveAverage(grid.get(0), grid.get(1));
    }

    @Override
    public Object toYaml() {
      return Map.of(kind, Extents.toYaml(grid));
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
      return new Upsample((int) factor.integer(1, Extents.MAX));
    }
    if (kind.startsWith("adaptive")) {
      YamlValue grid =
          given.isMapping() ? new Fields(given, List.of("grid")).require("grid") : given;
      return new Adaptive(kind, Extents.read(grid, 2, 1));
    }
    return pool(kind, given);
  }

  private static Pool2d pool(String kind, YamlValue given) {
    boolean average = kind.equals("avg_pool2d");
    if (!given.isMapping()) {
      List<Integer> kernel = Extents.read(given, 2, 1);
      return new Pool2d(kind, PoolWindow.of(kernel.get(0), kernel.get(1)), average);
    }
    List<String> known = List.of("kernel", "stride", "padding", "ceil", "count_include_pad");
    Fields fields = new Fields(given, average ? known : known.subList(0, 4));
    List<Integer> kernel = Extents.read(fields.require("kernel"), 2, 1);
    YamlValue strides = fields.get("stride");
    YamlValue padding = fields.get("padding");
    YamlValue ceil = fields.get("ceil");
    YamlValue counts = fields.get("count_include_pad");
    List<Integer> stride = strides == null ? kernel : Extents.read(strides, 2, 1);
    List<Integer> pad =
        (padding == null ? PaddingConfig.none(2) : PaddingConfig.below(padding, kernel)).sides();
    PoolWindow window =
        PoolWindow.of(kernel.get(0), kernel.get(1))
            .stride(stride.get(0), stride.get(1))
            .padding(pad.get(0), pad.get(1), pad.get(2), pad.get(3));
    return new Pool2d(
        kind,
        ceil != null && ceil.bool() ? window.ceilMode() : window,
        average && (counts == null || counts.bool()));
  }
}
