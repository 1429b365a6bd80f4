package dev.tarn.data;

import dev.tarn.TarnException;

/** A format names a column that a table does not have. */
public final class ColumnException extends TarnException {
  private static final long serialVersionUID = 1;

  private final String key;

  /**
   * A refusal with its explanation.
   *
   * @param key what names the column: {@code label}, {@code targets}, {@code ignore} or {@code
   *     categorical}
   */
  ColumnException(String file, String key, String explanation) {
    super(file + ": " + key + ": " + explanation);
    this.key = key;
  }

  /** What names the column. */
  public String key() {
    return key;
  }
}
