package dev.tarn.backend;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finds backends on the class path. */
public final class Backends {
  private static final Logger LOG = LoggerFactory.getLogger(Backends.class);

  private Backends() {}

  /**
   * The first backend that runs here: CUDA, on the GPU with the most free memory, then the CPU,
   * then the reference. One log line says which, and why not those before it.
   */
  public static Backend auto() {
    List<String> refused = new ArrayList<>();
    for (BackendProvider provider : providers()) {
      try {
        Backend backend = provider.openEmptiest();
        String why = refused.isEmpty() ? "" : " (" + String.join("; ", refused) + ")";
        LOG.info("device {}: {}{}", backend.name(), backend.description(), why);
        return backend;
      } catch (BackendUnavailableException e) {
        refused.add("no " + provider.name() + ": " + e.getMessage());
      }
    }
    throw new BackendUnavailableException(
        "no backend runs here: " + String.join("; ", refused), List.of());
  }

  /**
   * The backend of a name; {@code auto} chooses.
   *
   * @param name {@code auto}, or the name of a backend on the class path, with the number of a
   *     device if it is not the first: {@code cuda:1}
   * @throws BackendUnavailableException if it cannot run here; there is no fallback
   */
  public static Backend named(String name) {
    if (name.equals("auto")) {
      return auto();
    }
    String[] parts = name.split(":", 2);
    int device = 0;
    if (parts.length == 2) {
      if (!parts[1].matches("[0-9]{1,3}")) {
        throw new BackendUnavailableException(
            "device '" + name + "': expected a number after the colon, as in cuda:1", List.of());
      }
      device = Integer.parseInt(parts[1]);
    }
    List<String> known = new ArrayList<>(List.of("auto"));
    for (BackendProvider provider : providers()) {
      if (provider.name().equals(parts[0])) {
        return device == 0 ? provider.open() : provider.open(device);
      }
      known.add(provider.name());
    }
    throw new BackendUnavailableException(
        "there is no backend '" + name + "' on the class path; there are " + known, List.of());
  }

  /**
   * Begins to load what a backend needs on a thread of its own, so that opening it takes less time:
   * for programs that read data and build their model before. Without it nothing else is different;
   * what fails here fails again, and is told, when the backend is opened.
   *
   * @param name as {@link #named} takes it; for {@code auto} it is {@code cpu}
   */
  public static void preload(String name) {
    String wanted = name.equals("auto") ? "cpu" : name.split(":", 2)[0];
    Thread thread = new Thread(() -> preloadNow(wanted), "tarn-preload");
    thread.setDaemon(true);
    thread.start();
  }

  private static void preloadNow(String name) {
    try {
      for (BackendProvider provider : providers()) {
        if (provider.name().equals(name)) {
          provider.preload();
        }
      }
    } catch (BackendUnavailableException | ServiceConfigurationError e) {
      LOG.debug("{} is not preloaded", name, e);
    }
  }

  /** The providers on the class path, in the order in which {@code auto} tries them. */
  public static List<BackendProvider> providers() {
    List<BackendProvider> providers = new ArrayList<>();
    ServiceLoader.load(BackendProvider.class).forEach(providers::add);
    providers.sort(Comparator.comparing(BackendProvider::priority).reversed());
    return providers;
  }
}
