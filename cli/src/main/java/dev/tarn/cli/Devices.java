package dev.tarn.cli;

import com.google.gson.JsonObject;
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
   * @param refused for {@code auto}: the devices before it, which cannot be used here
   */
  record Opened(Backend backend, List<String> refused) {
    /** Copies the list. */
    Opened {
      refused = List.copyOf(refused);
    }

    /** Adds what it is to an object. */
    void addTo(JsonObject json) {
      json.addProperty("device", backend.name());
      json.addProperty("device_description", backend.description());
    }
  }

  /**
   * Opens a device.
   *
   * @param name {@code auto}, which takes the emptiest of several GPUs, or a device; a device that
   *     is named never falls back to another
   * @throws BackendUnavailableException if it cannot run here
   */
  static Opened open(String name) {
    if (!name.equals("auto")) {
      return new Opened(Backends.named(name), List.of());
    }
    List<String> refused = new ArrayList<>();
    @Nullable BackendUnavailableException last = null;
    for (BackendProvider provider : Backends.providers()) {
      try {
        return new Opened(provider.openEmptiest(), refused);
      } catch (BackendUnavailableException e) {
        refused.add(provider.name());
        last = e;
      }
    }
    throw last != null ? last : new BackendUnavailableException("no backend is there", List.of());
  }
}
