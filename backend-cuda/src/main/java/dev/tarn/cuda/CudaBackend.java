package dev.tarn.cuda;

import dev.tarn.Precision;
import dev.tarn.State;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Executable;
import dev.tarn.backend.StateStore;
import dev.tarn.cuda.driver.Choices;
import dev.tarn.cuda.driver.Cublas;
import dev.tarn.cuda.driver.CudaContext;
import dev.tarn.cuda.driver.CudaException;
import dev.tarn.cuda.driver.CudaLibraries;
import dev.tarn.cuda.driver.CudaUnavailableException;
import dev.tarn.cuda.driver.Device;
import dev.tarn.cuda.driver.Stream;
import dev.tarn.ir.Program;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Trains on an NVIDIA GPU: one stream, on which everything of this backend happens in order.
 *
 * <p>Used by one thread at a time, which may change.
 */
public final class CudaBackend implements Backend {
  private static final Logger LOG = LoggerFactory.getLogger(CudaBackend.class);

  private final CudaContext context;
  private final Stream stream;
  private final Cublas cublas;
  private final long cublasBytes;
  private final Kernels kernels;
  private final Transfers transfers;
  private final Tuner tuner;
  private boolean saidPrecision;

  private CudaBackend(CudaContext context) {
    this.context = context;
    this.stream = Stream.create(context);
    long free = context.freeMemory();
    this.cublas = Cublas.create(context, stream);
    this.cublasBytes = Math.max(0, free - context.freeMemory());
    this.kernels = new Kernels(context);
    this.transfers = new Transfers(context, stream);
    this.tuner = new Tuner(this, Choices.open(product()));
  }

  /**
   * Opens a GPU.
   *
   * @param device its number, from 0
   * @throws CudaUnavailableException if CUDA cannot be used here, saying why and what to do
   * @throws CudaException if the GPU has no memory left
   * @throws IllegalArgumentException if there is no such GPU
   */
  public static CudaBackend open(int device) {
    CudaContext context = Device.open(device);
    try {
      return new CudaBackend(context);
    } catch (RuntimeException e) {
      // Closing the context frees what was made in it before the failure.
      context.close();
      throw e;
    }
  }

  @Override
  public String name() {
    return "cuda";
  }

  @Override
  public String description() {
    Device device = context.device();
    int count = Device.list().size();
    return (count > 1 ? "GPU " + device.index() + " of " + count + ": " : "")
        + product()
        + (kernels.hasWgmma() ? ", wgmma" : "");
  }

  /** The kind of GPU, and the versions of driver and libraries. */
  private String product() {
    Device device = context.device();
    return device.name()
        + " (compute capability "
        + device.capability()
        + ", "
        + Bytes.text(device.totalMemory())
        + "), "
        + CudaLibraries.load();
  }

  @Override
  public StateStore allocate(List<? extends State> states) {
    return new CudaStateStore(this, states);
  }

  @Override
  public Executable compile(List<Program> programs, StateStore store, Precision precision) {
    CudaStateStore own = own(store);
    if (precision != Precision.FP32 && !kernels.hasTensorCores() && !saidPrecision) {
      saidPrecision = true;
      LOG.warn(
          "precision {} computes in f32 on a GPU of compute capability {}: it needs 8.0",
          precision,
          context.device().capability());
    }
    return CudaExecutable.compile(this, programs, own, precision);
  }

  @Override
  public long forecast(List<Program> programs, StateStore store, Precision precision) {
    return DevicePlan.forecast(this, programs, own(store), precision);
  }

  private CudaStateStore own(StateStore store) {
    if (store instanceof CudaStateStore own && own.backend() == this) {
      return own;
    }
    throw new IllegalArgumentException("the state store belongs to another backend");
  }

  /** Releases the device. Never throws. */
  @Override
  public void close() {
    transfers.close();
    kernels.close();
    cublas.close();
    stream.close();
    context.close();
  }

  CudaContext context() {
    return context;
  }

  Stream stream() {
    return stream;
  }

  Cublas cublas() {
    return cublas;
  }

  /** The device memory that cuBLAS took when it started: its workspace and its code. */
  long cublasBytes() {
    return cublasBytes;
  }

  Kernels kernels() {
    return kernels;
  }

  Transfers transfers() {
    return transfers;
  }

  Tuner tuner() {
    return tuner;
  }
}
