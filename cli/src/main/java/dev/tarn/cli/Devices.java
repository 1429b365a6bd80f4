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
   * @param why for {@code auto}: why those before it were not chosen; else empty
   */
  record Opened(Backend backend, String why) {
    /** What it is, in one line. */
    String line() {
      return backend.name() + ": " + backend.description();
    }
  }

  /**
   * Opens a device.
   *
   * @param name {@code auto} or a device; a device that is named never falls back to another
   * @throws BackendUnavailableException if it cannot run here
   */
  static Opened open(String name) {
    if (!name.equals("auto")) {
      return new Opened(Backends.named(name), "");
    }
    List<String> refused = new ArrayList<>();
    @Nullable BackendUnavailableException last = null;
    for (BackendProvider provider : Backends.providers()) {
      try {
        Backend backend = provider.open();
        String why = refused.isEmpty() ? "" : " (" + String.join("; ", refused) + ")";
        return new Opened(backend, why);
      } catch (BackendUnavailableException e) {
        refused.add("no " + provider.name() + ": " + cause(e));
        last = e;
      }
    }
    throw last != null ? last : new BackendUnavailableException("no backend is there", List.of());
  }

  /** The cause without the remedy: what comes before the first semicolon. */
  private static String cause(Exception e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("").split(";")[0];
  }
}
