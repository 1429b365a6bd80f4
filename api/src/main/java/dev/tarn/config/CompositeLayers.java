package dev.tarn.config;

import dev.tarn.config.LayerConfig.Settings;
import dev.tarn.ir.Origin;
import dev.tarn.nn.Module;
import dev.tarn.nn.Parallel;
import dev.tarn.nn.Sequential;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Layers of a run file that are made of layers. */
public final class CompositeLayers {
  static final List<String> KINDS =
      List.of("sequential", "residual", "parallel", "repeat", "shared");

  private CompositeLayers() {}

  /** A layer that has others in it. */
  private interface Composite extends Settings {
    @Override
    default Module module() {
      return module(new HashMap<>());
    }

    @Override
    Module module(Map<String, Module> named);
  }

  /**
   * Layers one after another.
   *
   * @param layers the layers
   */
  public record Chain(List<LayerConfig> layers) implements Composite {
    /** Copies the list. */
    public Chain {
      layers = List.copyOf(layers);
    }

    @Override
    public String kind() {
      return "sequential";
    }

    @Override
    public Module module(Map<String, Module> named) {
      return LayerLists.into(new Sequential(), layers, named);
    }

    @Override
    public List<LayerConfig> inner() {
      return layers;
    }

    @Override
    public Object toYaml() {
      return Map.of(kind(), LayerLists.toYaml(layers));
    }
  }

  /**
   * Layers whose input is added to their output.
   *
   * @param layers the layers
   * @param shortcut what the input goes through before it is added; empty if it stays as it is
   */
  public record Residual(List<LayerConfig> layers, List<LayerConfig> shortcut)
      implements Composite {
    /** Copies the lists. */
    public Residual {
      layers = List.copyOf(layers);
      shortcut = List.copyOf(shortcut);
    }

    @Override
    public String kind() {
      return "residual";
    }

    @Override
    public Module module(Map<String, Module> named) {
      dev.tarn.nn.Residual block = LayerLists.into(new dev.tarn.nn.Residual(), layers, named);
      return shortcut.isEmpty()
          ? block
          : block.shortcut(LayerLists.into(new Sequential(), shortcut, named));
    }

    @Override
    public List<LayerConfig> inner() {
      List<LayerConfig> all = new ArrayList<>(layers);
      all.addAll(shortcut);
      return all;
    }

    @Override
    public Object toYaml() {
      if (shortcut.isEmpty()) {
        return Map.of(kind(), LayerLists.toYaml(layers));
      }
      Map<String, Object> settings = new LinkedHashMap<>();
      settings.put("layers", LayerLists.toYaml(layers));
      settings.put("shortcut", LayerLists.toYaml(shortcut));
      return Map.of(kind(), settings);
    }
  }

  /**
   * Branches with the same input.
   *
   * @param branches their layers; a branch without layers gives its input
   * @param join {@code concat} or {@code sum}
   * @param axis along which outputs are joined
   */
  public record Branches(List<List<LayerConfig>> branches, String join, int axis)
      implements Composite {
    /** Copies the lists. */
    public Branches {
      branches = branches.stream().map(List::copyOf).toList();
    }

    @Override
    public String kind() {
      return "parallel";
    }

    @Override
    public Module module(Map<String, Module> named) {
      Module[] modules =
          branches.stream()
              .map(branch -> LayerLists.into(new Sequential(), branch, named))
              .toArray(Module[]::new);
      return join.equals("sum") ? Parallel.sum(modules) : Parallel.concat(axis, modules);
    }

    @Override
    public List<LayerConfig> inner() {
      return branches.stream().flatMap(List::stream).toList();
    }

    @Override
    public Object toYaml() {
      Map<String, Object> settings = new LinkedHashMap<>();
      settings.put("branches", branches.stream().map(LayerLists::toYaml).toList());
      settings.put("join", join);
      if (!join.equals("sum")) {
        settings.put("axis", axis);
      }
      return Map.of(kind(), settings);
    }
  }

  /**
   * The same layers several times one after another, each time with parameters of their own.
   *
   * @param times how often
   * @param layers the layers
   */
  public record Repeat(int times, List<LayerConfig> layers) implements Composite {
    /** Copies the list. */
    public Repeat {
      layers = List.copyOf(layers);
    }

    @Override
    public String kind() {
      return "repeat";
    }

    @Override
    public Module module(Map<String, Module> named) {
      Sequential all = new Sequential();
      for (int i = 1; i <= times; i++) {
        Sequential round = LayerLists.into(new Sequential(), layers, named);
        all.add(String.valueOf(i), round, Origin.NONE);
      }
      return all;
    }

    @Override
    public List<LayerConfig> inner() {
      return layers;
    }

    @Override
    public Object toYaml() {
      Map<String, Object> settings = new LinkedHashMap<>();
      settings.put("times", times);
      settings.put("layers", LayerLists.toYaml(layers));
      return Map.of(kind(), settings);
    }
  }

  /**
   * A layer that is in the model already, once more.
   *
   * @param name its name
   */
  public record Shared(String name) implements Settings {
    @Override
    public String kind() {
      return "shared";
    }

    @Override
    public Module module() {
      throw new IllegalStateException("'" + name + "' is made where it is named");
    }

    Module of(Map<String, Module> named) {
      Module module = named.get(name);
      if (module == null) {
        throw new IllegalStateException("no layer '" + name + "' was made before");
      }
      return module;
    }

    @Override
    public Object toYaml() {
      return Map.of(kind(), name);
    }
  }

  /** The layer of one of {@link #KINDS}; {@code given} is null where there is the name only. */
  static Settings read(String kind, YamlValue at, @Nullable YamlValue given, LayerLists lists) {
    if (given == null) {
      throw at.error(kind + " needs " + example(kind));
    }
    return switch (kind) {
      case "sequential" -> new Chain(lists.read(given));
      case "residual" -> residual(given, lists);
      case "parallel" -> parallel(given, lists);
      case "repeat" -> repeat(given, lists);
      default -> new Shared(lists.known(given));
    };
  }

  private static String example(String kind) {
    return switch (kind) {
      case "sequential", "residual" -> "a list of layers";
      case "parallel" -> "branches; write '- parallel: {branches: [[relu], [tanh]]}'";
      case "repeat" -> "settings; write '- repeat: {times: 3, layers: [...]}'";
      default -> "a name; write '- shared: NAME'";
    };
  }

  private static Residual residual(YamlValue given, LayerLists lists) {
    if (given.isList()) {
      return new Residual(lists.read(given), List.of());
    }
    Fields fields = new Fields(given, List.of("layers", "shortcut"));
    List<LayerConfig> layers = lists.read(fields.require("layers"));
    YamlValue shortcut = fields.get("shortcut");
    return new Residual(layers, shortcut == null ? List.of() : lists.read(shortcut));
  }

  private static Branches parallel(YamlValue given, LayerLists lists) {
    Fields fields = new Fields(given, List.of("branches", "join", "axis"));
    YamlValue branches = fields.require("branches");
    if (!branches.isList() || branches.values().size() < 2) {
      throw branches.expected("two or more lists of layers, such as [[relu], [tanh]]");
    }
    YamlValue join = fields.get("join");
    YamlValue axis = fields.get("axis");
    String how = join == null ? "concat" : join.text();
    if (join != null && !how.equals("concat") && !how.equals("sum")) {
      throw join.expected("concat or sum");
    }
    if (axis != null && how.equals("sum")) {
      throw axis.error("a sum has no axis; leave it out");
    }
    return new Branches(
        branches.values().stream().map(lists::readAny).toList(),
        how,
        axis == null ? 1 : (int) axis.integer(1, 7));
  }

  private static Repeat repeat(YamlValue given, LayerLists lists) {
    Fields fields = new Fields(given, List.of("times", "layers"));
    YamlValue layers = fields.require("layers");
    YamlValue count = fields.require("times");
    int times = (int) count.integer(1, Integer.MAX_VALUE);
    return new Repeat(times, lists.repeated(times, count, () -> lists.read(layers)));
  }
}
