package dev.tarn.config;

import dev.tarn.config.LayerConfig.Settings;
import dev.tarn.nn.Module;
import dev.tarn.nn.Sequential;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads and makes lists of layers, which may hold lists of layers.
 *
 * <p>The number of layers and the depth are bounded: aliases and repeats in a small file could
 * otherwise stand for more layers than fit into memory.
 */
final class LayerLists {
  static final int MAX_LAYERS = 10_000;
  static final int MAX_DEPTH = 16;
  private static final Pattern NAME = Pattern.compile("[A-Za-z][A-Za-z0-9_]{0,99}");

  private final Map<String, String> names = new LinkedHashMap<>();
  private int layers;
  private int times = 1;
  private int depth;

  /** Reads a list that is not empty. */
  List<LayerConfig> read(YamlValue value) {
    if (!value.isList() || value.values().isEmpty()) {
      throw value.expected("a list of layers, such as '- dense: 128'");
    }
    return readAny(value);
  }

  /** Reads a list that may be empty. */
  List<LayerConfig> readAny(YamlValue value) {
    if (++depth > MAX_DEPTH) {
      throw value.error("layers are more than " + MAX_DEPTH + " levels deep");
    }
    List<LayerConfig> list = new ArrayList<>();
    for (YamlValue each : value.values()) {
      layers += times;
      if (layers > MAX_LAYERS) {
        throw each.error("the model has more than " + MAX_LAYERS + " layers");
      }
      list.add(LayerConfig.read(each, this));
    }
    depth--;
    return list;
  }

  /** Reads what will be there several times. */
  <T> T repeated(int count, YamlValue at, Supplier<T> read) {
    if ((long) times * count > MAX_LAYERS) {
      throw at.error("the model has more than " + MAX_LAYERS + " layers");
    }
    int before = times;
    times *= count;
    T result = read.get();
    times = before;
    return result;
  }

  /** The name of a layer: new in the model, and none that another layer might get by its kind. */
  String name(YamlValue value, Settings settings) {
    String name = value.text();
    if (settings instanceof CompositeLayers.Shared) {
      throw value.error("a shared layer has the name it has already; leave 'name' out");
    }
    boolean automatic =
        name.equals("shortcut")
            || LayerConfig.KINDS.stream()
                .anyMatch(kind -> name.startsWith(kind) && name.matches(kind + "[0-9]+"));
    if (!NAME.matcher(name).matches() || automatic) {
      throw value.error(
          automatic
              ? "'" + name + "' is what Tarn calls a layer without a name; choose another"
              : "expected a name of letters, digits and '_', found '" + name + "'");
    }
    String before = names.putIfAbsent(name, value.place().text());
    if (before != null) {
      throw value.error("another layer is named '" + name + "', at " + before);
    }
    return name;
  }

  /** The name of a layer that was read before. */
  String known(YamlValue value) {
    String name = value.text();
    if (!names.containsKey(name)) {
      throw value.error(
          names.isEmpty()
              ? "no layer before has a name; write for example '- {dense: 128, name: " + name + "}'"
              : "no layer '"
                  + name
                  + "' before; "
                  + Fields.meant(name, List.copyOf(names.keySet())));
    }
    return name;
  }

  /**
   * Adds layers to a chain, named as they are or by kind and number: {@code dense1}, {@code relu1}.
   * Those with a name of their own count too.
   *
   * @param named the layers made so far that have names; those made here are added
   */
  static <S extends Sequential> S into(
      S chain, List<LayerConfig> layers, Map<String, Module> named) {
    Map<String, Integer> numbers = new HashMap<>();
    for (LayerConfig layer : layers) {
      if (layer.settings() instanceof CompositeLayers.Shared shared) {
        chain.share(shared.of(named), layer.origin());
        continue;
      }
      String kind = layer.settings().kind();
      int number = numbers.merge(kind, 1, Integer::sum);
      String name = layer.name() != null ? layer.name() : kind + number;
      Module module = layer.settings().module(named);
      if (layer.name() != null) {
        named.put(name, module);
      }
      chain.add(name, module, layer.origin());
    }
    return chain;
  }

  /** The last fully connected layer in a list, also inside others, or null. */
  static @Nullable LayerConfig lastDense(List<LayerConfig> layers) {
    for (int i = layers.size() - 1; i >= 0; i--) {
      LayerConfig layer = layers.get(i);
      boolean dense = layer.settings() instanceof LayerConfig.Dense;
      LayerConfig found = dense ? layer : lastDense(layer.settings().inner());
      if (found != null) {
        return found;
      }
    }
    return null;
  }

  static List<Object> toYaml(List<LayerConfig> layers) {
    return layers.stream().map(LayerConfig::toYaml).toList();
  }
}
