package dev.tarn.reference;

import dev.tarn.backend.Backend;
import dev.tarn.backend.BackendProvider;

/** Announces the reference backend, the last that {@code auto} tries. */
public final class ReferenceBackendProvider implements BackendProvider {
  /** For {@link java.util.ServiceLoader}. */
  public ReferenceBackendProvider() {}

  @Override
  public String name() {
    return "reference";
  }

  @Override
  public int priority() {
    return 0;
  }

  @Override
  public Backend open() {
    return new ReferenceBackend();
  }
}
