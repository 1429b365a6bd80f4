package dev.tarn.ir;

/**
 * Where a node comes from.
 *
 * @param text the user's source line, or the line of a run file
 * @param layer the path of the module that recorded it, such as {@code residual1.relu2}, followed
 *     by {@code " pass 2"} where the module is used for the second time; empty if no module that
 *     tells its trace did
 */
public record Origin(String text, String layer) {
  /** The origin of nodes that no user wrote. */
  public static final Origin NONE = new Origin("");

  /** A place in no module. */
  public Origin(String text) {
    this(text, "");
  }

  /** The same place in a module. */
  public Origin in(String path) {
    return path.equals(layer) ? this : new Origin(text, path);
  }

  /**
   * A place as {@code " (Mlp.java:31)"}, or nothing if it is not known: for the end of messages.
   */
  public String suffix() {
    return text.isEmpty() ? "" : " (" + text + ")";
  }

  @Override
  public String toString() {
    return text;
  }
}
