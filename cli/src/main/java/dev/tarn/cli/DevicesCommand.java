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
      "The first that can be used is what 'device: auto' takes; of several GPUs",
      "it takes the one with the most free memory. 'cuda' is the first GPU.",
      "A device is chosen in the run file or by an override: device=cuda:1.",
      "",
      "Examples:",
      "  tarn devices",
      "  TARN_CUDA_EMULATOR=1 tarn devices       # CUDA on the CPU, for trying it out",
      "  tarn train examples/digits.yaml device=cpu"
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
      int count = provider.count();
      for (int i = 0; i < count; i++) {
        describe(out, provider, i, provider.name() + (count > 1 ? ":" + i : ""));
      }
    }
    return 0;
  }

  private static void describe(PrintStream out, BackendProvider provider, int number, String as) {
    String name = String.format("%-10s ", as);
    try (Backend backend = provider.open(number)) {
      out.println(name + "yes  " + backend.description());
    } catch (BackendUnavailableException e) {
      String indent = " ".repeat(name.length() + 5);
      out.println(name + "no   " + e.getMessage().replace("\n", "\n" + indent));
      e.details().forEach(detail -> out.println(indent + detail));
    }
  }
}
