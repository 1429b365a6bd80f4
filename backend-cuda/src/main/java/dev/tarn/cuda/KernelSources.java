package dev.tarn.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The CUDA sources on the class path. */
final class KernelSources {
  private static final String FOLDER = "/dev/tarn/kernels/";
  private static final Pattern INCLUDE = Pattern.compile("(?m)^#include \"([^\"]+)\"$");

  private static final Map<String, String> TEXTS = new ConcurrentHashMap<>();

  private KernelSources() {}

  /** The text of a source or header. */
  static String read(String file) {
    return TEXTS.computeIfAbsent(file, KernelSources::load);
  }

  private static String load(String file) {
    try (InputStream in = KernelSources.class.getResourceAsStream(FOLDER + file)) {
      if (in == null) {
        throw new IllegalStateException("no " + FOLDER + file + " on the class path");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The headers of Tarn that a source includes, directly or not: texts by name. */
  static Map<String, String> headers(String source) {
    return headers(source, Map.of());
  }

  /** The same where other texts take the place of some headers, by name. */
  static Map<String, String> headers(String source, Map<String, String> replacements) {
    Map<String, String> headers = new LinkedHashMap<>();
    collect(source, replacements, headers);
    return headers;
  }

  private static void collect(
      String source, Map<String, String> replacements, Map<String, String> headers) {
    Matcher includes = INCLUDE.matcher(source);
    while (includes.find()) {
      String name = includes.group(1);
      boolean known = KernelSources.class.getResource(FOLDER + name) != null;
      if (known && !headers.containsKey(name)) {
        String other = replacements.get(name);
        String text = other != null ? other : read(name);
        headers.put(name, text);
        collect(text, replacements, headers);
      }
    }
  }
}
