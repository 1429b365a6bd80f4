package dev.tarn.data;

import dev.tarn.TarnException;
import dev.tarn.internal.Names;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What each column of a CSV file is, once its first line is known. */
final class CsvColumns {
  static final int IGNORED = -1;
  static final int LABEL = -2;

  /** Target k is this minus k. */
  static final int TARGET = -3;

  private final String file;
  private final List<String> names;
  private final boolean named;

  /** For each column its index among the features, or one of the constants. */
  final int[] roles;

  /** For each column whether it is a category. */
  final boolean[] categorical;

  /** For each column the width of its vectors in an embedding, or 0 if it is not embedded. */
  final int[] embedding;

  /** The columns of the features. */
  final List<Integer> features = new ArrayList<>();

  /**
   * Finds the columns that a format names.
   *
   * @param names the fields of the first line
   * @param named whether these are names
   * @throws TarnException if a column is not there, is ambiguous or has two meanings, or there are
   *     no features
   */
  CsvColumns(String file, List<String> names, boolean named, CsvFormat format) {
    this.file = file;
    this.names = names;
    this.named = named;
    this.roles = new int[names.size()];
    this.categorical = new boolean[names.size()];
    this.embedding = new int[names.size()];
    if (format.label() != null) {
      take(format.label(), LABEL, "label");
    }
    for (int i = 0; i < format.targets().size(); i++) {
      take(format.targets().get(i), TARGET - i, "targets");
    }
    for (String column : format.ignore()) {
      take(column, IGNORED, "ignore");
    }
    for (String column : format.categorical()) {
      int index = find(column, "categorical");
      if (roles[index] != 0) {
        throw new TarnException(
            file + ": column " + describe(index) + " is no feature, and cannot be categorical");
      }
      categorical[index] = true;
      embedding[index] = format.embed().getOrDefault(column, 0);
    }
    for (int i = 0; i < roles.length; i++) {
      if (roles[i] == 0) {
        roles[i] = features.size();
        features.add(i);
      }
    }
    requireOwnNames();
    if (features.isEmpty()) {
      throw new TarnException(
          file
              + (names.size() == 1 && format.label() != null
                  ? ": one column; expected features and, in the last column, the class"
                      + separated()
                  : ": " + names.size() + " columns, none of them left for features"));
    }
  }

  /**
   * Finds the columns that a model was trained on: by their names, or in order where either side
   * has none. Others are left out.
   *
   * @throws TarnException if one is not there
   */
  CsvColumns(String file, List<String> names, boolean named, Preprocessing trained) {
    this.file = file;
    this.names = names;
    List<Preprocessing.Column> columns = trained.columns();
    this.named = named;
    this.roles = new int[names.size()];
    this.categorical = new boolean[names.size()];
    this.embedding = new int[names.size()];
    boolean byName = named && columns.stream().noneMatch(column -> column.name().isEmpty());
    if (!byName && columns.size() != names.size()) {
      throw new TarnException(
          file
              + ": "
              + names.size()
              + " columns; the model was trained on "
              + columns.size()
              + " features");
    }
    Arrays.fill(roles, IGNORED);
    for (int i = 0; i < columns.size(); i++) {
      int index = byName ? trained(columns.get(i).name()) : i;
      categorical[index] = columns.get(i).kind() != Preprocessing.Kind.NUMBER;
      roles[index] = 0;
    }
    for (int i = 0; i < roles.length; i++) {
      if (roles[i] == 0) {
        roles[i] = features.size();
        features.add(i);
      }
    }
  }

  /** What is predicted from later finds the features by their names. */
  private void requireOwnNames() {
    for (int feature : features) {
      String name = name(feature);
      if (!name.isEmpty() && names.indexOf(name) != names.lastIndexOf(name)) {
        throw new TarnException(
            file
                + ": two columns are called "
                + DataFile.quote(name)
                + "; rename one of them, or say 'header: false' if the first line has no names");
      }
    }
  }

  private void take(String column, int role, String key) {
    int index = find(column, key);
    if (roles[index] != 0) {
      throw new TarnException(file + ": column " + describe(index) + " is named twice");
    }
    roles[index] = role;
  }

  /** The column that a model was trained on. */
  private int trained(String column) {
    int first = names.indexOf(column);
    if (first < 0) {
      throw new TarnException(
          file
              + ": there is no column "
              + DataFile.quote(column)
              + ", which the model was trained on; there are "
              + someNames());
    }
    if (names.lastIndexOf(column) != first) {
      throw new TarnException(
          file + ": two columns are called " + DataFile.quote(column) + "; rename one of them");
    }
    return first;
  }

  private List<String> someNames() {
    return names.stream().limit(20).map(DataFile::quote).toList();
  }

  private int find(String column, String key) {
    int first = named ? names.indexOf(column) : -1;
    if (first >= 0) {
      if (names.lastIndexOf(column) != first) {
        throw new TarnException(
            file + ": two columns are called " + DataFile.quote(column) + "; name it by its index");
      }
      return first;
    }
    if (column.matches("-?[0-9]{1,9}")) {
      int index = Integer.parseInt(column);
      int at = index < 0 ? index + names.size() : index;
      if (at >= 0 && at < names.size()) {
        return at;
      }
      throw new ColumnException(
          file, key, "there is no column " + column + " among " + names.size() + separated());
    }
    throw new ColumnException(
        file,
        key,
        "there is no column "
            + DataFile.quote(column)
            + (named
                ? meant(column) + " are " + someNames()
                : "; the first line has no names: name it by its index")
            + separated());
  }

  private String meant(String column) {
    return Names.nearest(column, names)
        .map(near -> "; did you mean " + DataFile.quote(near) + "? There")
        .orElse("; there");
  }

  /** What to do where the only column has in it what separates columns elsewhere. */
  private String separated() {
    if (names.size() == 1) {
      for (String separator : List.of(";", "\t", "|")) {
        if (names.get(0).contains(separator)) {
          return "; if columns are separated otherwise, say 'separator: \""
              + separator.replace("\t", "\\t")
              + "\"'";
        }
      }
    }
    return "";
  }

  /** The number of columns. */
  int count() {
    return roles.length;
  }

  /** The name of a column; empty if columns have none. */
  String name(int column) {
    return named ? names.get(column) : "";
  }

  /** A column as messages call it: its number from 1, and its name. */
  String describe(int column) {
    String name = name(column);
    return (column + 1) + (name.isEmpty() ? "" : " (" + DataFile.quote(name) + ")");
  }
}
