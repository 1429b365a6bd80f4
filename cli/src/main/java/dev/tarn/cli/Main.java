package dev.tarn.cli;

import dev.tarn.TarnException;
import dev.tarn.config.ConfigException;
import dev.tarn.config.RunConfig;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.UnmatchedArgumentException;

/** The program {@code tarn}. */
@Command(
    name = "tarn",
    description = "Trains deep-learning models on NVIDIA GPUs and on CPUs.",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = CommandLine.HelpCommand.class,
    footer = {
      "",
      "Examples:",
      "  tarn init flowers.csv                  # writes flowers.yaml",
      "  tarn train examples/digits.yaml",
      "  tarn train examples/digits.yaml train.epochs=5 device=cuda",
      "  tarn eval runs/digits-1",
      "  tarn predict runs/digits-1 rows.csv -o classes.csv",
      "",
      "Exit codes: 0 done, 1 the work failed, 2 wrong usage or a wrong run file,",
      "130 interrupted, after a last checkpoint.",
      "",
      "'tarn help COMMAND' tells more."
    })
public final class Main {
  /** The work failed. */
  static final int FAILED = 1;

  /** Wrong arguments or a wrong run file. */
  static final int USAGE = 2;

  /** Stopped by a signal. */
  static final int INTERRUPTED = 130;

  @Option(
      names = "--debug",
      scope = ScopeType.INHERIT,
      description = "Show what is logged, and the stack trace of an error.")
  private boolean debug;

  private Main() {}

  /** What the user calls this program; the launcher tells. */
  static String command() {
    return System.getProperty("tarn.command", "tarn");
  }

  /** Runs a command and ends the process with its exit code. */
  public static void main(String... args) {
    if (List.of(args).contains("--debug")) {
      // Before the first logger is made.
      System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "debug");
    }
    Interrupts interrupts = new Interrupts(System.err);
    interrupts.listen();
    System.exit(run(new Output(System.out, System.err), interrupts, args));
  }

  /**
   * Runs a command.
   *
   * @return the exit code
   */
  static int run(Output output, Interrupts interrupts, String... args) {
    if (args.length == 1 && (args[0].equals("--version") || args[0].equals("-V"))) {
      // Without making the command line, which takes longer than all else together.
      output.out().println(new Version().getVersion()[0]);
      return 0;
    }
    Main main = new Main();
    PrintStream err = output.err();
    CommandLine line =
        commandLine(main, output, interrupts, args)
            .setParameterExceptionHandler((e, given) -> usage(err, e))
            .setExecutionExceptionHandler((e, at, parsed) -> failed(err, e, main.debug));
    if (args.length == 0) {
      line.usage(output.err());
      return USAGE;
    }
    try {
      return line.execute(args);
    } catch (OutOfMemoryError e) {
      err.println(
          "tarn: Java's memory of "
              + Runtime.getRuntime().maxMemory() / 1_000_000
              + " MB is not enough; give it more, for example TARN_JAVA_OPTS=-Xmx8g, or make model"
              + " or data smaller");
      if (main.debug) {
        e.printStackTrace(err);
      }
      return FAILED;
    }
  }

  /** The whole command line, with all its commands. */
  static CommandLine commandLine(Output output, Interrupts interrupts) {
    return commandLine(new Main(), output, interrupts);
  }

  private static CommandLine commandLine(
      Main main, Output output, Interrupts interrupts, String... args) {
    CommandLine line = new CommandLine(main);
    new Commands(output, interrupts).addTo(line, args);
    return line.setOut(new PrintWriter(output.out(), true))
        .setErr(new PrintWriter(output.err(), true))
        .setUsageHelpAutoWidth(false);
  }

  private static int usage(PrintStream err, ParameterException e) {
    String command = e.getCommandLine().getCommandName();
    err.println(
        "tarn: "
            + (e instanceof UnmatchedArgumentException unmatched
                ? unmatched(unmatched, command)
                : e.getMessage()));
    err.println("See 'tarn help" + (command.equals("tarn") ? "" : " " + command) + "'.");
    return USAGE;
  }

  private static String unmatched(UnmatchedArgumentException e, String command) {
    String first = e.getUnmatched().get(0);
    Optional<String> key =
        first.startsWith("--") && command.equals("train")
            ? RunConfig.nested(first.substring(2).split("=")[0])
            : Optional.empty();
    if (key.isPresent()) {
      return "no option '" + first + "'; did you mean '" + key.get() + "=...'?";
    }
    String what =
        first.startsWith("-") ? "no option" : command.equals("tarn") ? "no command" : "unexpected";
    List<String> close = e.getSuggestions();
    String meant = close.isEmpty() ? "" : "; did you mean '" + close.get(0) + "'?";
    return what + " '" + first + "'" + meant;
  }

  private static int failed(PrintStream err, Exception e, boolean debug) {
    if (e instanceof TarnException) {
      err.println("tarn: " + e.getMessage());
    } else {
      err.println("tarn: this should not happen: " + e);
      if (!debug) {
        err.println("Run it again with --debug and report what it shows.");
      }
    }
    if (debug) {
      e.printStackTrace(err);
    }
    return e instanceof ConfigException ? USAGE : FAILED;
  }

  /** The version from the jar's manifest. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Main.class.getPackage().getImplementationVersion();
      return new String[] {
        "tarn "
            + (version == null ? "(not packaged)" : version)
            + ", Java "
            + Runtime.version().feature()
            + ", "
            + System.getProperty("os.name")
            + " "
            + System.getProperty("os.arch")
      };
    }
  }
}
