package dev.tarn.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** Writes a run file. */
@Command(name = "init", mixinStandardHelpOptions = true)
final class InitCommand implements Callable<Integer> {
  private final Output output;

  InitCommand(Output output) {
    this.output = output;
  }

  @Override
  public Integer call() {
    return 0;
  }
}
