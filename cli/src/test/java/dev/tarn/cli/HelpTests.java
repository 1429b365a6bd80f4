package dev.tarn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

final class HelpTests {
  private static final List<String> COMMANDS =
      List.of(
          "init",
          "train",
          "eval",
          "predict",
          "summary",
          "config",
          "lr-find",
          "gradcheck",
          "bench",
          "datasets",
          "devices",
          "completion");

  /** A way of its own to call the command, and what another option asks for. */
  private static final List<String> WITHOUT_DEFAULT = List.of("--resume", "--labels");

  static Stream<String> lines() {
    return Stream.concat(Stream.of("help"), COMMANDS.stream().map(name -> "help " + name));
  }

  @ParameterizedTest
  @MethodSource("lines")
  void helpFitsEightyColumns(String line) {
    Tarn.Result result = Tarn.ok(line.split(" "));
    assertTrue(result.out().startsWith("Usage: tarn"), result.out());
    result.out().lines().forEach(text -> assertTrue(text.length() <= 80, text));
    assertTrue(result.out().contains("Examples:\n  "), result.out());
  }

  /** An option that takes a value says what holds without it. */
  @Test
  void optionsSayTheirDefaults() {
    CommandLine all =
        Main.commandLine(new Output(System.out, System.err), new Interrupts(System.err));
    all.getSubcommands()
        .forEach(
            (name, command) ->
                command.getCommandSpec().options().stream()
                    .filter(option -> option.arity().max() > 0)
                    .filter(option -> !WITHOUT_DEFAULT.contains(option.longestName()))
                    .forEach(
                        option ->
                            assertTrue(
                                String.join(" ", option.description()).contains("default: "),
                                name + " " + option.longestName())));
  }

  /** A footer's lines are laid out by hand: none may be broken. */
  @Test
  void footersFitTheirLines() {
    CommandLine all =
        Main.commandLine(new Output(System.out, System.err), new Interrupts(System.err));
    all.getSubcommands()
        .forEach(
            (name, command) -> {
              for (String line : command.getCommandSpec().usageMessage().footer()) {
                assertTrue(line.length() < 80, name + ": " + line);
              }
            });
  }

  @Test
  void everyCommandIsListedAndKnown() {
    String help = Tarn.run("help").out();
    COMMANDS.forEach(name -> assertTrue(help.contains("  " + name + " "), name + " in " + help));
    COMMANDS.forEach(name -> assertEquals(0, Tarn.run(name, "--help").code(), name));
  }

  @Test
  void version() {
    assertTrue(Tarn.run("--version").out().startsWith("tarn "));
  }

  @Test
  void devicesListsTheReference() {
    Tarn.Result result = Tarn.ok("devices");
    assertTrue(
        result.out().lines().anyMatch(text -> text.matches("reference +yes +plain Java.*")),
        result.out());
  }
}
