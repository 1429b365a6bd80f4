package dev.tarn.config;

import dev.tarn.nn.Conv2d;
import dev.tarn.nn.Module;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A 2-D convolution of a run file: {@code conv2d: {filters: 16, kernel: 3, padding: same}}.
 *
 * @param filters the number of outputs
 * @param kernel the kernel's rows and columns
 * @param stride rows and columns between two positions
 * @param dilation rows and columns between two elements of the kernel
 * @param groups into how many independent convolutions the channels are divided
 * @param padding {@code same}, {@code valid} or the number of zeros on each side
 * @param bias whether it has a bias
 */
public record Conv2dConfig(
    int filters,
    List<Integer> kernel,
    List<Integer> stride,
    List<Integer> dilation,
    int groups,
    String padding,
    boolean bias)
    implements LayerConfig.Settings {
  static final String KIND = "conv2d";

  private static final String EXAMPLE = "conv2d: {filters: 16, kernel: 3, padding: same}";

  /** No image is larger. */
  private static final int MAX_EXTENT = 1 << 20;

  /** Copies the extents. */
  public Conv2dConfig {
    kernel = List.copyOf(kernel);
    stride = List.copyOf(stride);
    dilation = List.copyOf(dilation);
  }

  @Override
  public String kind() {
    return KIND;
  }

  @Override
  public Module module() {
    Conv2d conv =
        Conv2d.filters(filters)
            .kernel(kernel.get(0), kernel.get(1))
            .stride(stride.get(0), stride.get(1))
            .dilation(dilation.get(0), dilation.get(1))
            .groups(groups);
    switch (padding) {
      case "same" -> conv.same();
      case "valid" -> conv.valid();
      default -> conv.padding(Integer.parseInt(padding));
    }
    return bias ? conv : conv.withoutBias();
  }

  @Override
  public Object toYaml() {
    Map<String, Object> settings = new LinkedHashMap<>();
    settings.put("filters", filters);
    settings.put("kernel", kernel);
    settings.put("stride", stride);
    settings.put("dilation", dilation);
    settings.put("groups", groups);
    boolean text = padding.equals("same") || padding.equals("valid");
    settings.put("padding", text ? padding : Integer.valueOf(padding));
    settings.put("bias", bias);
    return Map.of(KIND, settings);
  }

  static ConfigException missing(YamlValue value) {
    return value.error(KIND + " needs settings; write '- " + EXAMPLE + "'");
  }

  static Conv2dConfig read(YamlValue given) {
    if (!given.isMapping()) {
      throw missing(given);
    }
    Fields fields =
        new Fields(
            given, List.of("filters", "kernel", "stride", "dilation", "groups", "padding", "bias"));
    YamlValue stride = fields.get("stride");
    YamlValue dilation = fields.get("dilation");
    YamlValue groups = fields.get("groups");
    YamlValue padding = fields.get("padding");
    YamlValue bias = fields.get("bias");
    int filters = (int) fields.require("filters").integer(1, Integer.MAX_VALUE);
    int groupCount = groups == null ? 1 : (int) groups.integer(1, Integer.MAX_VALUE);
    if (groups != null && filters % groupCount != 0) {
      throw groups.error("groups must divide the " + filters + " filters, found " + groupCount);
    }
    return new Conv2dConfig(
        filters,
        pair(fields.require("kernel")),
        stride == null ? List.of(1, 1) : pair(stride),
        dilation == null ? List.of(1, 1) : pair(dilation),
        groupCount,
        padding == null ? "valid" : padding(padding),
        bias == null || bias.bool());
  }

  /** A number for rows and columns, or a list of both. */
  private static List<Integer> pair(YamlValue value) {
    if (!value.isList()) {
      int both = (int) value.integer(1, MAX_EXTENT);
      return List.of(both, both);
    }
    if (value.values().size() != 2) {
      throw value.expected("rows and columns, such as [3, 5]");
    }
    return value.values().stream().map(v -> (int) v.integer(1, MAX_EXTENT)).toList();
  }

  private static String padding(YamlValue value) {
    if (value.isScalar() && (value.text().equals("same") || value.text().equals("valid"))) {
      return value.text();
    }
    try {
      return String.valueOf(value.integer(0, MAX_EXTENT));
    } catch (ConfigException e) {
      throw value.expected("same, valid or a number from 0");
    }
  }
}
