package dev.tarn.config;

import dev.tarn.nn.Conv1d;
import dev.tarn.nn.Conv2d;
import dev.tarn.nn.ConvTranspose2d;
import dev.tarn.nn.Module;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A convolution of a run file: {@code conv2d: {filters: 16, kernel: 3, padding: same}}.
 *
 * @param kind {@code conv2d}, {@code conv1d} or {@code conv_transpose2d}
 * @param filters the number of outputs
 * @param kernel the kernel's extent along each axis
 * @param stride elements between two positions along each axis
 * @param dilation elements between two of the kernel along each axis
 * @param groups into how many independent convolutions the channels are divided
 * @param padding the zeros on each side; of a transposed one, what is taken off the result
 * @param outputPadding rows and columns appended to the result of a transposed one
 * @param weights whether it has a bias, and what it starts with
 */
public record ConvolutionConfig(
    String kind,
    int filters,
    List<Integer> kernel,
    List<Integer> stride,
    List<Integer> dilation,
    int groups,
    PaddingConfig padding,
    List<Integer> outputPadding,
    WeightsConfig weights)
    implements LayerConfig.Settings {
  /** The kinds of convolutions. */
  static final List<String> KINDS = List.of("conv2d", "conv1d", "conv_transpose2d");

  private static final String TRANSPOSED = "conv_transpose2d";

  /** Copies the extents. */
  public ConvolutionConfig {
    kernel = List.copyOf(kernel);
    stride = List.copyOf(stride);
    dilation = List.copyOf(dilation);
    outputPadding = List.copyOf(outputPadding);
  }

  @Override
  public Module module() {
    return switch (kind) {
      case "conv1d" -> conv1d();
      case TRANSPOSED -> transposed();
      default -> conv2d();
    };
  }

  private Module conv2d() {
    Conv2d conv =
        Conv2d.filters(filters)
            .kernel(kernel.get(0), kernel.get(1))
            .stride(stride.get(0), stride.get(1))
            .dilation(dilation.get(0), dilation.get(1))
            .groups(groups);
    List<Integer> pad = padding.sides();
    if (padding.isSame()) {
      conv.same();
    } else {
      conv.padding(pad.get(0), pad.get(1), pad.get(2), pad.get(3));
    }
    weights.apply(conv, Conv2d::weights, Conv2d::biases);
    return weights.bias() ? conv : conv.withoutBias();
  }

  private Module conv1d() {
    Conv1d conv =
        Conv1d.filters(filters)
            .kernel(kernel.get(0))
            .stride(stride.get(0))
            .dilation(dilation.get(0))
            .groups(groups);
    if (padding.isSame()) {
      conv.same();
    } else {
      conv.padding(padding.sides().get(0), padding.sides().get(1));
    }
    weights.apply(conv, Conv1d::weights, Conv1d::biases);
    return weights.bias() ? conv : conv.withoutBias();
  }

  private Module transposed() {
    List<Integer> pad = padding.sides();
    ConvTranspose2d conv =
        ConvTranspose2d.filters(filters)
            .kernel(kernel.get(0), kernel.get(1))
            .stride(stride.get(0), stride.get(1))
            .dilation(dilation.get(0), dilation.get(1))
            .groups(groups)
            .padding(pad.get(0), pad.get(1), pad.get(2), pad.get(3))
            .outputPadding(outputPadding.get(0), outputPadding.get(1));
    weights.apply(conv, ConvTranspose2d::weights, ConvTranspose2d::biases);
    return weights.bias() ? conv : conv.withoutBias();
  }

  @Override
  public Object toYaml() {
    Map<String, Object> settings = new LinkedHashMap<>();
    settings.put("filters", filters);
    settings.put("kernel", Extents.toYaml(kernel));
    settings.put("stride", Extents.toYaml(stride));
    settings.put("dilation", Extents.toYaml(dilation));
    settings.put("groups", groups);
    settings.put("padding", padding.toYaml());
    if (kind.equals(TRANSPOSED)) {
      settings.put("output_padding", Extents.toYaml(outputPadding));
    }
    weights.putInto(settings, true);
    return Map.of(kind, settings);
  }

  /** The layer of one of {@link #KINDS}; {@code given} is null where there is the name only. */
  static ConvolutionConfig read(String kind, YamlValue at, @Nullable YamlValue given) {
    if (given == null || !given.isMapping()) {
      String more = kind.equals(TRANSPOSED) ? "kernel: 2, stride: 2" : "kernel: 3, padding: same";
      throw (given == null ? at : given)
          .error(kind + " needs settings; write '- " + kind + ": {filters: 16, " + more + "}'");
    }
    int axes = kind.equals("conv1d") ? 1 : 2;
    boolean transposed = kind.equals(TRANSPOSED);
    List<String> known = new ArrayList<>();
    known.addAll(List.of("filters", "kernel", "stride", "dilation", "groups", "padding"));
    if (transposed) {
      known.add("output_padding");
    }
    known.addAll(WeightsConfig.KEYS);
    Fields fields = new Fields(given, known);
    YamlValue groups = fields.get("groups");
    YamlValue padding = fields.get("padding");
    YamlValue extra = fields.get("output_padding");
    int filters = (int) fields.require("filters").integer(1, Integer.MAX_VALUE);
    int groupCount = groups == null ? 1 : (int) groups.integer(1, Integer.MAX_VALUE);
    if (groups != null && filters % groupCount != 0) {
      throw groups.error("groups must divide the " + filters + " filters, found " + groupCount);
    }
    List<Integer> stride = extents(fields.get("stride"), axes);
    List<Integer> dilation = extents(fields.get("dilation"), axes);
    List<Integer> outputPadding =
        extra == null ? Extents.same(axes, 0) : Extents.read(extra, axes, 0);
    PaddingConfig sides = PaddingConfig.none(axes);
    if (padding != null) {
      sides = transposed ? PaddingConfig.numbers(padding, axes) : PaddingConfig.read(padding, axes);
    }
    return new ConvolutionConfig(
        kind,
        filters,
        Extents.read(fields.require("kernel"), axes, 1),
        stride,
        dilation,
        groupCount,
        sides,
        outputPadding,
        WeightsConfig.read(fields));
  }

  private static List<Integer> extents(@Nullable YamlValue value, int axes) {
    return value == null ? Extents.same(axes, 1) : Extents.read(value, axes, 1);
  }
}
