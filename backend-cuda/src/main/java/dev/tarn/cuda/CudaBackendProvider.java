package dev.tarn.cuda;

import dev.tarn.backend.Backend;
import dev.tarn.backend.BackendProvider;
import dev.tarn.backend.BackendUnavailableException;
import dev.tarn.cuda.driver.CudaException;
import dev.tarn.cuda.driver.CudaUnavailableException;
import dev.tarn.cuda.driver.Device;
import java.util.List;
import java.util.function.IntSupplier;

/** Announces the CUDA backend, the first that {@code auto} tries. */
public final class CudaBackendProvider implements BackendProvider {
  /** For {@link java.util.ServiceLoader}. */
  public CudaBackendProvider() {}

  @Override
  public String name() {
    return "cuda";
  }

  @Override
  public int priority() {
    return 20;
  }

  @Override
  public Backend open() {
    return open(0);
  }

  @Override
  public Backend open(int device) {
    return open(() -> device);
  }

  @Override
  public Backend openEmptiest() {
    return open(Device::emptiest);
  }

  @Override
  public int count() {
    try {
      return Device.list().size();
    } catch (CudaException e) {
      return 1;
    }
  }

  private static Backend open(IntSupplier device) {
    try {
      return CudaBackend.open(device.getAsInt());
    } catch (CudaUnavailableException e) {
      throw unavailable(e, e.details());
    } catch (CudaException | IllegalArgumentException e) {
      throw unavailable(e, List.of());
    }
  }

  private static BackendUnavailableException unavailable(
      RuntimeException cause, List<String> details) {
    BackendUnavailableException failure =
        new BackendUnavailableException(cause.getMessage(), details);
    failure.initCause(cause);
    return failure;
  }
}
