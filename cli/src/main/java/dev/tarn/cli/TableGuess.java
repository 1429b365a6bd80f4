package dev.tarn.cli;

import dev.tarn.TarnException;
import dev.tarn.data.CsvSurvey;
import dev.tarn.data.CsvSurvey.Column;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Guesses what the columns of a table are for, and writes the data section of a run file. */
final class TableGuess {
  private static final List<String> LABELS =
      List.of(
          "label",
          "class",
          "target",
          "y",
          "outcome",
          "diagnosis",
          "species",
          "category",
          "survived",
          "churn",
          "result");

  /** Whole numbers with more values than this are quantities rather than classes. */
  private static final int MOST_CLASSES = 50;

  /** A text column with more values than this is a name or a remark rather than a category. */
  private static final int MOST_CATEGORIES = 100;

  /** A category with more values than this gets vectors rather than one number for each. */
  private static final int MOST_ONE_HOT = 20;

  private static final String NUMBERS_WITH_SIGNS = "numbers with other signs";

  private final Path file;
  private final CsvSurvey survey;
  private final Column label;
  private final boolean classifies;

  /** The columns that are left out, each with the reason. */
  private final Map<Column, String> ignored = new LinkedHashMap<>();

  private final List<Column> categorical = new ArrayList<>();
  private final Set<String> missing = new TreeSet<>();

  /**
   * Guesses.
   *
   * @param given the column of the class or target, or null to guess
   * @param target whether that column has numbers to predict
   * @throws TarnException if the file is no table, or no column can be predicted
   */
  TableGuess(Path file, @Nullable String given, boolean target) {
    this.file = file;
    this.survey = CsvSurvey.of(file);
    if (survey.columns().size() < 2) {
      throw new TarnException(
          file + ": one column; a table needs features and a class or a number to predict");
    }
    if (survey.rows() == 1) {
      throw new TarnException(file + ": one row of data; training and its tests need more");
    }
    label = given == null ? label() : named(given);
    checkLabel();
    boolean classes = isClass(label);
    if (given != null && target && !label.numeric()) {
      throw new TarnException(
          file + ": column '" + given + "' has texts, not numbers to predict; use --label");
    }
    classifies = classes && !target;
    for (Column column : survey.columns()) {
      if (column != label) {
        sort(column);
      }
    }
    if (ignored.size() == survey.columns().size() - 1) {
      throw new TarnException(
          file + ": no column can be used as a feature; left out: " + leftOut());
    }
  }

  /** Refuses a column that nothing can be learned of. */
  private void checkLabel() {
    @Nullable String flaw = null;
    if (label.missingCount() > 0) {
      flaw =
          String.format(
              Locale.ROOT,
              "is missing in %,d rows, written %s; remove these, or name another column",
              label.missingCount(),
              Yaml.list(new TreeSet<>(label.missing())));
    } else if (label.values().size() == 1) {
      String only = label.values().keySet().iterator().next();
      flaw = "is '" + only + "' in every row; add rows of another value, or name another column";
    } else if (label.date()) {
      flaw = "has dates; name another column";
    } else if (!label.decorated().isEmpty()) {
      flaw =
          String.format(
              "has texts such as '%s'; write numbers as %s, without other signs, or name another"
                  + " column",
              label.decorated(), plainNumber());
    }
    if (flaw != null) {
      throw new TarnException(
          String.format(
              "%s: column '%s' to predict %s with --label or --target",
              file, reference(label), flaw));
    }
  }

  private void sort(Column column) {
    String reason = reason(column);
    if (!reason.isEmpty()) {
      ignored.put(column, reason);
      return;
    }
    if (!column.numeric()) {
      categorical.add(column);
    }
    missing.addAll(column.missing());
  }

  /** Why a column is left out; empty if it is not. */
  private String reason(Column column) {
    int values = column.values().size();
    boolean many = values > MOST_CATEGORIES || (values > 20 && 2 * values > survey.rows());
    boolean distinct =
        survey.rows() > 20 && values >= Math.min(survey.rows(), CsvSurvey.MOST_VALUES);
    boolean counts = column.ascending() || isNamedIdentifier(column);
    if (values == 0) {
      return "nothing in it";
    }
    if (values == 1 && column.missingCount() == 0) {
      return "constant";
    }
    if (column.date()) {
      return "date";
    }
    if (!column.decorated().isEmpty()) {
      return NUMBERS_WITH_SIGNS;
    }
    if (column.numeric()) {
      return column.whole() && distinct && counts ? "identifier" : "";
    }
    return !many ? "" : isNamedIdentifier(column) ? "identifier" : "free text";
  }

  private static boolean isNamedIdentifier(Column column) {
    return column.name().toLowerCase(Locale.ROOT).matches("(.*[ _])?id|index|no\\.?|unnamed.*");
  }

  private Column label() {
    for (String wanted : LABELS) {
      for (Column column : survey.columns()) {
        if (column.name().equalsIgnoreCase(wanted)) {
          return column;
        }
      }
    }
    Column first = survey.columns().get(0);
    Column last = survey.columns().get(survey.columns().size() - 1);
    boolean firstIsClass = !first.numeric() && first.values().size() <= MOST_CLASSES;
    return !isClass(last) && firstIsClass ? first : last;
  }

  /** Whether a column can be read as classes. */
  private boolean isClass(Column column) {
    int classes = column.values().size();
    if (!column.numeric()) {
      return column.values().keySet().stream().allMatch(text -> Double.isNaN(survey.number(text)));
    }
    boolean few =
        classes == 2
            || column.values().keySet().stream()
                .mapToDouble(survey::number)
                .allMatch(value -> value >= 0 && value < 1000);
    return column.whole()
        && few
        && classes <= MOST_CLASSES
        && classes <= Math.max(2, survey.rows() / 5);
  }

  private Column named(String given) {
    for (Column column : survey.columns()) {
      if (!column.name().isEmpty() && column.name().equals(given)) {
        return column;
      }
    }
    if (given.matches("-?[0-9]{1,9}")) {
      int index = Integer.parseInt(given);
      int at = index < 0 ? index + survey.columns().size() : index;
      if (at >= 0 && at < survey.columns().size()) {
        return survey.columns().get(at);
      }
    }
    List<String> names = survey.columns().stream().map(this::reference).limit(20).toList();
    throw new TarnException(file + ": there is no column '" + given + "'; there are " + names);
  }

  /** How a run file names a column. */
  private String reference(Column column) {
    boolean unique =
        survey.columns().stream().filter(other -> other.name().equals(column.name())).count() == 1;
    return column.name().isEmpty() || !unique ? String.valueOf(column.index()) : column.name();
  }

  private List<String> references(List<Column> columns) {
    return columns.stream().map(this::reference).toList();
  }

  boolean classifies() {
    return classifies;
  }

  /** Whether every class can be in every part of a split. */
  boolean canStratify() {
    return classifies && label.values().values().stream().allMatch(count -> count >= 10);
  }

  int rows() {
    return survey.rows();
  }

  /** What was found, for people. */
  List<String> findings() {
    List<String> found = new ArrayList<>();
    found.add(
        String.format(
            Locale.ROOT,
            "%,d rows, %d columns%s",
            survey.rows(),
            survey.columns().size(),
            survey.header() ? "" : ", no line of names"));
    found.add(
        classifies
            ? "class: column '" + reference(label) + "', " + classes() + " values"
            : "number to predict: column '" + reference(label) + "'");
    if (!categorical.isEmpty()) {
      found.add("categories: " + references(categorical));
    }
    if (!ignored.isEmpty()) {
      found.add("left out: " + leftOut());
    }
    ignored.forEach(
        (column, reason) -> {
          if (reason.equals(NUMBERS_WITH_SIGNS)) {
            found.add(
                String.format(
                    "column '%s' has texts such as '%s': to use these numbers, write them as %s,"
                        + " without other signs",
                    reference(column), column.decorated(), plainNumber()));
          }
        });
    int missed =
        survey.columns().stream()
            .filter(column -> !ignored.containsKey(column))
            .mapToInt(Column::missingCount)
            .sum();
    if (missed > 0) {
      found.add(
          String.format(
              Locale.ROOT, "missing: %,d values, written %s", missed, Yaml.list(missing)));
    }
    return found;
  }

  /** The number of classes: 1 and 1.0 are one. */
  private long classes() {
    return label.numeric()
        ? label.values().keySet().stream().mapToDouble(survey::number).distinct().count()
        : label.values().size();
  }

  private String leftOut() {
    return ignored.entrySet().stream()
        .map(each -> reference(each.getKey()) + " (" + each.getValue() + ")")
        .collect(Collectors.joining(", "));
  }

  /** A number as the table should have it. */
  private String plainNumber() {
    return "1234" + survey.decimal() + "5";
  }

  /** The lines under {@code data:}, without their indent. */
  List<String> yaml(String path) {
    List<String> lines = new ArrayList<>();
    lines.add("csv: " + Yaml.text(path));
    if (survey.separator() != ',') {
      lines.add("separator: " + Yaml.text(String.valueOf(survey.separator())));
    }
    if (survey.decimal() != '.') {
      lines.add("decimal: " + Yaml.text(String.valueOf(survey.decimal())) + " # as in 1234,5");
    }
    if (needsHeader()) {
      lines.add("header: " + survey.header());
    }
    lines.add(
        classifies
            ? "label: " + Yaml.text(reference(label)) + " # the column of the class"
            : "targets: [" + Yaml.text(reference(label)) + "] # the number to predict");
    if (!categorical.isEmpty()) {
      lines.add("categorical: " + Yaml.list(references(categorical)));
    }
    List<String> embedded = references(embedded());
    if (!embedded.isEmpty()) {
      lines.add("embed: # columns of many categories, as vectors that are learned");
      embedded.forEach(column -> lines.add("  " + Yaml.text(column) + ": auto # or a width"));
    }
    if (!ignored.isEmpty()) {
      String reasons = ignored.values().stream().distinct().collect(Collectors.joining(", "));
      List<Column> columns = List.copyOf(ignored.keySet());
      lines.add("ignore: " + Yaml.list(references(columns)) + " # " + reasons);
    }
    if (!missing.isEmpty()) {
      lines.add("missing: " + Yaml.list(missing) + " # texts that stand for a missing value");
    }
    return lines;
  }

  private List<Column> embedded() {
    return categorical.stream().filter(column -> column.values().size() > MOST_ONE_HOT).toList();
  }

  /** Whether Tarn would take the first line for something else. */
  private boolean needsHeader() {
    boolean number =
        survey.columns().stream()
            .anyMatch(
                column ->
                    !Double.isNaN(survey.number(column.name())) || missing.contains(column.name()));
    return survey.header() && number;
  }
}
