package dev.tarn.cli;

import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** Prints a script that completes command lines in a shell. */
@Command(
    name = "completion",
    mixinStandardHelpOptions = true,
    description = "Print a script for bash or zsh that completes commands and options.",
    footer = {
      "",
      "The script completes the name 'tarn', wherever it is.",
      "",
      "Examples:",
      "  source <(tarn completion)                   # in this shell",
      "  tarn completion > ~/.tarn-completion        # and in ~/.bashrc or ~/.zshrc:",
      "  source ~/.tarn-completion"
    })
final class CompletionCommand implements Callable<Integer> {
  private final Output output;

  CompletionCommand(Output output) {
    this.output = output;
  }

  @Override
  public Integer call() {
    // All commands: this process knows the one that was asked for alone.
    CommandLine line = Main.commandLine(output, new Interrupts(output.err()));
    output.out().print(AutoComplete.bash("tarn", line));
    output.out().flush();
    return 0;
  }
}
