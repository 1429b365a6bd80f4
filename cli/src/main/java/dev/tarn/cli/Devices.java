package dev.tarn.cli;

import dev.tarn.backend.Backend;
import dev.tarn.backend.BackendProvider;
import dev.tarn.backend.BackendUnavailableException;
import dev.tarn.backend.Backends;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Opens devices by name. */
final class Devices {
  private Devices() {}

  /**
   * An open device.
   *
   * @param backend the device
   * @param line what it is, and for {@code auto} why it was chosen
   */
  record Opened(Backend backend, String line) {}

  /**
   * Opens a device.
   *
   * @param name {@code auto} or a device; a device that is named never falls back to another
   * @throws BackendUnavailableException if it cannot run here
   */
  static Opened open(String name) {
    if (!name.equals("auto")) {
      Backend backend = Backends.named(name);
      return new Opened(backend, line(backend));
    }
    List<String> refused = new ArrayList<>();
    @Nullable BackendUnavailableException last = null;
    for (BackendProvider provider : Backends.providers()) {
      try {
        Backend backend = provider.open();
        String why = refused.isEmpty() ? "" : " (" + String.join("; ", refused) + ")";
        return new Opened(backend, line(backend) + why);
      } catch (BackendUnavailableException e) {
        refused.add("no " + provider.name() + ": " + firstLine(e));
        last = e;
      }
    }
    throw last != null ? last : new BackendUnavailableException("no backend is there", List.of());
  }

  private static String line(Backend backend) {
    return backend.name() + ": " + backend.description();
  }

  private static String firstLine(Exception e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }
}
