package dev.tarn.cuda.driver;

import jcuda.driver.CUgraph;
import jcuda.driver.CUstream;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;
import jcuda.runtime.cudaStream_t;

/**
 * A queue of work on the device, executed in order and independent of the default stream.
 *
 * <p>Work is enqueued by {@link Command}s, or recorded into a {@link Graph} while capturing.
 */
public final class Stream implements AutoCloseable {
  private final CudaContext context;
  private final CUstream handle = new CUstream();
  private boolean closed;

  private Stream(CudaContext context) {
    this.context = context;
  }

  /** Creates a stream of a context. */
  public static Stream create(CudaContext context) {
    context.makeCurrent();
    Stream stream = new Stream(context);
    Status.check(
        JCudaDriver.cuStreamCreate(stream.handle, CUstream_flags.CU_STREAM_NON_BLOCKING),
        "cuStreamCreate");
    return stream;
  }

  CUstream handle() {
    return handle;
  }

  cudaStream_t runtimeHandle() {
    return new cudaStream_t(handle);
  }

  /** Returns the context it belongs to. */
  public CudaContext context() {
    return context;
  }

  /** Waits until all enqueued work is done; throws what went wrong in it. */
  public void synchronize() {
    Status.check(JCudaDriver.cuStreamSynchronize(handle), "cuStreamSynchronize");
  }

  /**
   * Records what {@code work} enqueues on this stream, without running it.
   *
   * <p>Memory must not be allocated or the stream waited for meanwhile. If {@code work} throws, the
   * recording is dropped and the stream is as before.
   *
   * @return the recorded work, to be launched any number of times
   */
  public Graph capture(Runnable work) {
    // Thread-local: what other threads do with the device does not break the recording.
    Status.check(
        JCudaDriver.cuStreamBeginCapture(
            handle, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL),
        "cuStreamBeginCapture");
    CUgraph graph = new CUgraph();
    try {
      work.run();
    } catch (RuntimeException | Error e) {
      if (JCudaDriver.cuStreamEndCapture(handle, graph) == 0) {
        Status.release(JCudaDriver.cuGraphDestroy(graph), "cuGraphDestroy");
      }
      throw e;
    }
    Status.check(JCudaDriver.cuStreamEndCapture(handle, graph), "cuStreamEndCapture");
    return Graph.instantiate(context, graph);
  }

  /** Copies {@code bytes} from pinned host memory to the device, asynchronously. */
  public void copyToDevice(long deviceAddress, long hostAddress, long bytes) {
    Copy.toDevice(deviceAddress, hostAddress, bytes).enqueue(this);
  }

  /** Copies {@code bytes} from the device to pinned host memory, asynchronously. */
  public void copyToHost(long hostAddress, long deviceAddress, long bytes) {
    Copy.toHost(hostAddress, deviceAddress, bytes).enqueue(this);
  }

  /** Copies {@code bytes} within the device's memory, asynchronously. */
  public void copyOnDevice(long target, long source, long bytes) {
    Copy.onDevice(target, source, bytes).enqueue(this);
  }

  /** Sets {@code bytes} of device memory to a byte's value, asynchronously. */
  public void fill(long deviceAddress, byte value, long bytes) {
    Fill.bytes(deviceAddress, value, bytes).enqueue(this);
  }

  /** Destroys the stream once its work is done; never throws. */
  @Override
  public void close() {
    if (!closed && context.enterToClose()) {
      Status.release(JCudaDriver.cuStreamDestroy(handle), "cuStreamDestroy");
    }
    closed = true;
  }
}
