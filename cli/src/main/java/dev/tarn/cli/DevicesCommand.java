package dev.tarn.cli;

import dev.tarn.backend.Backend;
import dev.tarn.backend.BackendProvider;
import dev.tarn.backend.BackendUnavailableException;
import dev.tarn.backend.Backends;
import java.io.PrintStream;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** Lists the devices. */
@Command(
    name = "devices",
    mixinStandardHelpOptions = true,
    description = "Show which devices can be used here, and why others cannot.",
    footer = {
      "",
      "The first that can be used is what 'device: auto' takes.",
      "A device is chosen in the run file or by an override: device=cuda."
    })
final class DevicesCommand implements Callable<Integer> {
  private final Output output;

  DevicesCommand(Output output) {
    this.output = output;
  }

  @Override
  public Integer call() {
    PrintStream out = output.out();
    for (BackendProvider provider : Backends.providers()) {
      String name = String.format("%-10s ", provider.name());
      try (Backend backend = provider.open()) {
        out.println(name + "yes  " + backend.description());
      } catch (BackendUnavailableException e) {
        String indent = " ".repeat(name.length() + 5);
        out.println(name + "no   " + e.getMessage().replace("\n", "\n" + indent));
        e.details().forEach(detail -> out.println(indent + detail));
      }
    }
    return 0;
  }
}
