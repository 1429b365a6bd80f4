package dev.tarn.backend;

import dev.tarn.TarnException;
import dev.tarn.ir.Program;

/**
 * What the environment variables {@code TARN_DEBUG} and {@code TARN_VALIDATE} ask for.
 *
 * <p>{@code TARN_DEBUG=1} prints plan and arena, {@code 2} also the time of each node, {@code 3}
 * also the program after each pass, {@code 4} also generated CUDA; to standard error. {@code
 * TARN_VALIDATE=1} runs every node against the reference. The properties {@code tarn.debug} and
 * {@code tarn.validate} do the same, and others turn parts off.
 */
public final class Debug {
  private Debug() {}

  /**
   * The level of {@code TARN_DEBUG}, 0 if it is not set.
   *
   * @throws TarnException if it is no level
   */
  public static int level() {
    String text = setting("tarn.debug", "TARN_DEBUG");
    if (text.isEmpty()) {
      return 0;
    }
    if (text.length() != 1 || text.charAt(0) < '0' || text.charAt(0) > '4') {
      throw new TarnException("TARN_DEBUG=" + text + ": expected a level from 0 to 4");
    }
    return text.charAt(0) - '0';
  }

  /** Whether every node is to be checked against the reference. */
  public static boolean validate() {
    return setting("tarn.validate", "TARN_VALIDATE").equals("1");
  }

  /** Whether a property turns a part of Tarn off, to find out whether that is at fault. */
  public static boolean isOff(String property) {
    return "false".equals(System.getProperty(property));
  }

  /** Whether a property turns on a part of Tarn that is not used without it. */
  public static boolean isOn(String property) {
    return "true".equals(System.getProperty(property));
  }

  /** Prints a program under a title at level 3. */
  public static Program show(String title, Program program) {
    print(3, title + ": ", program);
    return program;
  }

  /** Prints at a level; what is not printed is not made into a text. */
  public static void print(int level, String title, Object content) {
    if (level() >= level) {
      System.err.println("[tarn] " + title + content);
    }
  }

  private static String setting(String property, String variable) {
    String value =
        System.getProperty(property) != null
            ? System.getProperty(property)
            : System.getenv(variable);
    return value == null ? "" : value;
  }
}
