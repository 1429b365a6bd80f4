package dev.tarn.data;

import dev.tarn.HostTensor;
import dev.tarn.TarnException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The column of classes of a CSV file.
 *
 * <p>Whole numbers from 0 are the classes themselves; texts are numbered in the order of their
 * characters, so that the order of rows makes no difference.
 */
final class CsvLabels {
  private static final int MAX_CLASSES = 1_000_000;

  private final String file;
  private final Map<String, Integer> codes = new HashMap<>();
  private final List<String> texts = new ArrayList<>();
  private final List<Long> lines = new ArrayList<>();
  private int[] labels = new int[256];
  private int count;
  private int column;
  private int classes;
  private List<String> names = List.of();

  CsvLabels(String file) {
    this.file = file;
  }

  void add(String text, int index, long line) {
    Integer code = codes.get(text);
    if (code == null) {
      if (text.isEmpty() || texts.size() == MAX_CLASSES) {
        throw new TarnException(
            file
                + ":"
                + line
                + (text.isEmpty()
                    ? ": column " + (index + 1) + " is empty; every row needs its class"
                    : ": more than " + MAX_CLASSES + " classes; is this the right column?"));
      }
      code = texts.size();
      codes.put(text, code);
      texts.add(text);
      lines.add(line);
      column = index;
    }
    if (count == labels.length) {
      labels = Arrays.copyOf(labels, count < 1 << 29 ? count * 2 : Integer.MAX_VALUE - 8);
    }
    labels[count++] = code;
  }

  /** The labels i32 {@code [N]}. */
  HostTensor finish() {
    int[] classOf = new int[texts.size()];
    long numeric = texts.stream().filter(text -> !Float.isNaN(number(text))).count();
    if (numeric == 0) {
      names = new ArrayList<>(texts);
      Collections.sort(names);
      names = List.copyOf(names);
      classes = Math.max(2, names.size());
      Arrays.setAll(classOf, i -> Collections.binarySearch(names, texts.get(i)));
    } else {
      for (int i = 0; i < classOf.length; i++) {
        float value = number(texts.get(i));
        if (!(value >= 0 && value == (int) value && value < MAX_CLASSES)) {
          throw new TarnException(
              file
                  + ":"
                  + lines.get(i)
                  + ": the class in column "
                  + (column + 1)
                  + " is "
                  + DataFile.quote(texts.get(i))
                  + ", not an integer from 0"
                  + (Float.isNaN(value) ? " as in other rows" : ""));
        }
        classOf[i] = (int) value;
        classes = Math.max(classes, classOf[i] + 1);
      }
      classes = Math.max(2, classes);
    }
    int[] out = new int[count];
    for (int i = 0; i < count; i++) {
      out[i] = classOf[labels[i]];
    }
    return HostTensor.of(out, count);
  }

  private static float number(String text) {
    return Decimal.parse(text.toCharArray(), 0, text.length());
  }

  /** The number of classes, after {@link #finish}; 0 if there were no labels. */
  int classes() {
    return classes;
  }

  /** The names of the classes, after {@link #finish}; empty if they are numbers. */
  List<String> names() {
    return names;
  }
}
