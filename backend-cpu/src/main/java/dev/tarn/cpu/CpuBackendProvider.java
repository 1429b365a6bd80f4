package dev.tarn.cpu;

import dev.tarn.backend.Backend;
import dev.tarn.backend.BackendProvider;

/** Announces the CPU backend. */
public final class CpuBackendProvider implements BackendProvider {
  /** Called by the service loader. */
  public CpuBackendProvider() {}

  @Override
  public String name() {
    return "cpu";
  }

  @Override
  public int priority() {
    return 10;
  }

  @Override
  public void preload() {
    Dnnl.load();
  }

  @Override
  public Backend open() {
    return new CpuBackend();
  }
}
