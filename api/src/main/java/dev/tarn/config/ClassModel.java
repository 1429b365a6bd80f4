package dev.tarn.config;

import dev.tarn.TarnException;
import dev.tarn.nn.Module;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Parameter;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A model that is a class: {@code model: {class: com.acme.Net, args: {width: 64}}}.
 *
 * <p>The class extends {@link Module} and has a public constructor whose parameters are named as
 * the arguments are; it is compiled with {@code javac -parameters}, unless there are none. They are
 * {@code int}, {@code long}, {@code float}, {@code double}, {@code boolean}, {@code String} or
 * {@code List}. It is looked for with the thread's context class loader.
 *
 * @param className the class's full name
 * @param args arguments by name: Long, Double, Boolean, String or a List of these
 */
public record ClassModel(String className, Map<String, Object> args)
    implements LayerConfig.Settings {
  static final String KIND = "class";
  static final List<String> KEYS = List.of(KIND, "args");

  /** Copies the map. */
  public ClassModel {
    args = Collections.unmodifiableMap(new LinkedHashMap<>(args));
  }

  @Override
  public String kind() {
    return KIND;
  }

  static ClassModel read(YamlValue value) {
    Fields fields = new Fields(value, KEYS);
    Map<String, Object> args = new LinkedHashMap<>();
    YamlValue given = fields.get("args");
    if (given != null) {
      given.entries().forEach((key, entry) -> args.put(key, simple(entry.value())));
    }
    return new ClassModel(fields.require(KIND).text(), args);
  }

  private static Object simple(YamlValue value) {
    if (value.isList()) {
      return value.values().stream().map(ClassModel::simple).toList();
    }
    if (value.isMapping()) {
      throw value.expected("a number, true or false, a text or a list of these");
    }
    return value.simple();
  }

  /**
   * A new model.
   *
   * @throws TarnException if the class is not there, or its constructor does not fit
   */
  @Override
  public Module module() {
    Constructor<?> constructor = constructor(load());
    Parameter[] parameters = constructor.getParameters();
    Object[] values = new Object[parameters.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = convert(parameters[i], args.get(parameters[i].getName()));
    }
    try {
      return (Module) constructor.newInstance(values);
    } catch (InvocationTargetException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new TarnException("its constructor failed: " + cause, cause);
    } catch (IllegalAccessException e) {
      throw new TarnException("make the class and its constructor public", e);
    } catch (InstantiationException e) {
      throw new TarnException("the class is abstract", e);
    }
  }

  private Class<?> load() {
    try {
      ClassLoader loader = Thread.currentThread().getContextClassLoader();
      Class<?> found = Class.forName(className, true, loader);
      if (!Module.class.isAssignableFrom(found)) {
        throw new TarnException("it does not extend " + Module.class.getName());
      }
      return found;
    } catch (ClassNotFoundException e) {
      throw new TarnException(
          "no such class; give its jar or the directory of its package with --classpath", e);
    } catch (LinkageError e) {
      throw new TarnException("it cannot be loaded: " + e, e);
    }
  }

  private Constructor<?> constructor(Class<?> type) {
    Constructor<?>[] all = type.getConstructors();
    for (Constructor<?> one : all) {
      if (one.getParameterCount() == 0 && args.isEmpty()) {
        return one;
      }
      if (Arrays.stream(one.getParameters()).allMatch(Parameter::isNamePresent)
          && one.getParameterCount() == args.size()
          && names(one).equals(args.keySet())) {
        return one;
      }
    }
    if (all.length == 0) {
      throw new TarnException("it has no public constructor");
    }
    for (Constructor<?> one : all) {
      if (one.getParameterCount() > 0 && !one.getParameters()[0].isNamePresent()) {
        throw new TarnException(
            "the names of its constructor's parameters are not known; compile it with 'javac"
                + " -parameters'");
      }
    }
    throw new TarnException(
        "no constructor takes args "
            + args.keySet()
            + "; there is "
            + Arrays.stream(all).map(ClassModel::text).collect(Collectors.joining(", ")));
  }

  private static Set<String> names(Constructor<?> constructor) {
    return Arrays.stream(constructor.getParameters())
        .map(Parameter::getName)
        .collect(Collectors.toSet());
  }

  private static String text(Constructor<?> constructor) {
    return Arrays.stream(constructor.getParameters())
        .map(each -> each.getType().getSimpleName() + " " + each.getName())
        .collect(
            Collectors.joining(", ", constructor.getDeclaringClass().getSimpleName() + "(", ")"));
  }

  private static Object convert(Parameter parameter, Object value) {
    Class<?> type = parameter.getType();
    if (value instanceof Long whole) {
      if (type == int.class && whole == whole.intValue()) {
        return whole.intValue();
      }
      if (type == long.class) {
        return whole;
      }
    }
    if (value instanceof Number number && type == double.class) {
      return number.doubleValue();
    }
    if (value instanceof Number number && type == float.class) {
      return number.floatValue();
    }
    boolean same =
        (type == boolean.class && value instanceof Boolean)
            || (type == String.class && value instanceof String)
            || (type == List.class && value instanceof List);
    if (!same) {
      throw new TarnException(
          String.format(
              "args.%s: expected %s, found '%s'",
              parameter.getName(), type.getSimpleName(), value));
    }
    return value;
  }

  @Override
  public Object toYaml() {
    Map<String, Object> yaml = new LinkedHashMap<>();
    yaml.put(KIND, className);
    if (!args.isEmpty()) {
      yaml.put("args", args);
    }
    return yaml;
  }
}
