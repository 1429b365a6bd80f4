package dev.tarn.cuda.driver;

import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.JCudaDriver;

/** A mark in a stream: to wait for, or to measure the time between two of them. */
public final class Event implements Command, AutoCloseable {
  private final CudaContext context;
  private final CUevent handle = new CUevent();
  private final float[] milliseconds = new float[1];
  private boolean closed;

  private Event(CudaContext context) {
    this.context = context;
  }

  /** Creates an event of a context. */
  public static Event create(CudaContext context) {
    context.makeCurrent();
    Event event = new Event(context);
    Status.check(
        JCudaDriver.cuEventCreate(event.handle, CUevent_flags.CU_EVENT_DEFAULT), "cuEventCreate");
    return event;
  }

  /** Marks the work enqueued on the stream so far. */
  @Override
  public void enqueue(Stream stream) {
    Status.check(JCudaDriver.cuEventRecord(handle, stream.handle()), "cuEventRecord");
  }

  /** Waits until the work before the mark is done; throws what went wrong in it. */
  public void synchronize() {
    Status.check(JCudaDriver.cuEventSynchronize(handle), "cuEventSynchronize");
  }

  /** Waits likewise, before what that work uses is freed; never throws. */
  public void awaitToClose() {
    if (!closed && context.enterToClose()) {
      Status.release(JCudaDriver.cuEventSynchronize(handle), "cuEventSynchronize");
    }
  }

  /** Returns the milliseconds between an earlier mark and this one, both of them reached. */
  public float millisecondsSince(Event earlier) {
    Status.check(
        JCudaDriver.cuEventElapsedTime(milliseconds, earlier.handle, handle), "cuEventElapsedTime");
    return milliseconds[0];
  }

  /** Destroys the event; never throws. */
  @Override
  public void close() {
    if (!closed && context.enterToClose()) {
      Status.release(JCudaDriver.cuEventDestroy(handle), "cuEventDestroy");
    }
    closed = true;
  }
}
