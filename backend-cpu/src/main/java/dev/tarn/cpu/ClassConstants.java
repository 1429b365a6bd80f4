package dev.tarn.cpu;

import java.io.DataOutputStream;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The constants of a class file, each once, numbered from 1. */
final class ClassConstants {
  private static final int UTF8 = 1;
  private static final int CLASS = 7;
  private static final int METHOD = 10;
  private static final int NAME_AND_TYPE = 12;

  private final Map<List<Object>, Integer> numbers = new LinkedHashMap<>();

  /** The number of a text. */
  int utf8(String text) {
    return number(UTF8, text);
  }

  /** The number of a class or an array. */
  int type(String name) {
    return number(CLASS, utf8(name));
  }

  /** The number of a method. */
  int method(String type, String name, String descriptor) {
    return number(METHOD, type(type), number(NAME_AND_TYPE, utf8(name), utf8(descriptor)));
  }

  private int number(Object... constant) {
    return numbers.computeIfAbsent(List.of(constant), key -> numbers.size() + 1);
  }

  /** Writes the table. */
  void write(DataOutputStream out) throws IOException {
    out.writeShort(numbers.size() + 1);
    for (List<Object> constant : numbers.keySet()) {
      out.writeByte((Integer) constant.get(0));
      for (Object part : constant.subList(1, constant.size())) {
        if (part instanceof String text) {
          out.writeUTF(text);
        } else {
          out.writeShort((Integer) part);
        }
      }
    }
  }
}
