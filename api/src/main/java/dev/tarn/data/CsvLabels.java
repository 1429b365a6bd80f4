package dev.tarn.data;

import dev.tarn.HostTensor;
import dev.tarn.TarnException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/**
 * The column of classes of a CSV file.
 *
 * <p>Whole numbers that are 0, 1, 2, ... without a gap are the classes themselves. Other whole
 * numbers are the classes' names, in their order, so that no class is empty; texts are names in the
 * order of their characters. The order of rows makes no difference.
 */
final class CsvLabels {
  private static final int MAX_CLASSES = 1_000_000;

  /** Whole numbers up to here are exact as double. */
  private static final double EXACT = 1L << 53;

  private final String file;
  private final char decimal;
  private final Map<String, Integer> codes = new HashMap<>();
  private final List<String> texts = new ArrayList<>();
  private final List<Long> lines = new ArrayList<>();
  private int[] labels = new int[256];
  private int count;
  private int column;
  private int classes;
  private List<String> names = List.of();

  CsvLabels(String file, char decimal) {
    this.file = file;
    this.decimal = decimal;
  }

  void add(String text, int index, CsvColumns known, long line) {
    Integer code = codes.get(text);
    if (code == null) {
      if (text.isEmpty() || texts.size() == MAX_CLASSES) {
        throw new TarnException(
            file
                + ":"
                + line
                + (text.isEmpty()
                    ? ": column " + known.describe(index) + " is empty; every row needs its class"
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
    boolean named = texts.stream().noneMatch(text -> NumberTexts.isNumber(text, decimal));
    int[] classOf = named ? ofTexts() : ofNumbers();
    int[] out = new int[count];
    for (int i = 0; i < count; i++) {
      out[i] = classOf[labels[i]];
    }
    return HostTensor.of(out, count);
  }

  private int[] ofTexts() {
    names = texts.stream().sorted().toList();
    classes = Math.max(2, names.size());
    return texts.stream().mapToInt(text -> Collections.binarySearch(names, text)).toArray();
  }

  private int[] ofNumbers() {
    long[] numbers = new long[texts.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = wholeNumber(texts.get(i), lines.get(i));
    }
    long[] sorted = LongStream.of(numbers).sorted().distinct().toArray();
    boolean fromZero = sorted.length > 1 && sorted[0] == 0;
    if (!fromZero || sorted[sorted.length - 1] != sorted.length - 1) {
      names = LongStream.of(sorted).mapToObj(String::valueOf).toList();
    }
    classes = Math.max(2, sorted.length);
    return LongStream.of(numbers).mapToInt(n -> Arrays.binarySearch(sorted, n)).toArray();
  }

  private long wholeNumber(String text, long line) {
    boolean number = NumberTexts.isNumber(text, decimal);
    double value = number ? Double.parseDouble(text.replace(decimal, '.')) : Double.NaN;
    if (value == Math.rint(value) && Math.abs(value) <= EXACT) {
      return (long) value;
    }
    throw new TarnException(
        file
            + ":"
            + line
            + ": the class in column "
            + (column + 1)
            + " is "
            + DataFile.quote(text)
            + ", not a whole number"
            + (number ? "; numbers to predict go under 'targets'" : " as in other rows"));
  }

  /** The number of classes, after {@link #finish}; 0 if there were no labels. */
  int classes() {
    return classes;
  }

  /** The names of the classes, after {@link #finish}; empty if they are 0, 1, 2, ... */
  List<String> names() {
    return names;
  }
}
