package dev.tarn.ir;

import org.jspecify.annotations.Nullable;

/** Where a node comes from: the user's source line, or the line of a run file. */
public record Origin(String text) {
  /** The origin of nodes that no user wrote. */
  public static final Origin NONE = new Origin("");

  /**
   * A place as {@code " (Mlp.java:31)"}, or nothing if it is not known: for the end of messages.
   */
  public String suffix() {
    return text.isEmpty() ? "" : " (" + text + ")";
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Origin origin && text.equals(origin.text);
  }

  @Override
  public int hashCode() {
    return text.hashCode();
  }

  @Override
  public String toString() {
    return text;
  }
}
