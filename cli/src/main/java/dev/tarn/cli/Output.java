package dev.tarn.cli;

import java.io.PrintStream;

/**
 * Where a command writes.
 *
 * @param out standard output
 * @param err standard error
 */
record Output(PrintStream out, PrintStream err) {
  /** The properties by which the launcher says what is a terminal. */
  private static final String OUT_TERMINAL = "tarn.terminal.out";

  private static final String ERR_TERMINAL = "tarn.terminal.err";

  /** Where people read: standard output, or standard error if the output is for programs. */
  PrintStream people(boolean json) {
    return json ? err : out;
  }

  /** Whether people read on a terminal. Known only if the launcher tells. */
  static boolean isTerminal(boolean json) {
    return Boolean.getBoolean(json ? ERR_TERMINAL : OUT_TERMINAL);
  }
}
