package dev.tarn.kernels.emulator;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import jcuda.CudaException;
import jcuda.Pointer;
import jcuda.cudaDataType;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUfunction;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUmodule;
import jcuda.driver.CUstream;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasComputeType;
import jcuda.jcublas.cublasGemmAlgo;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasOperation;
import jcuda.runtime.cudaStream_t;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Stream capture, replay, and the calls that a capture does not allow. */
class GraphTests {

  private Gpu gpu;
  private CUfunction axpy;

  @BeforeEach
  void open() {
    gpu = new Gpu();
    CUmodule module = Gpu.module("kernels.cu");
    axpy = Gpu.function(module, "axpy");
  }

  @AfterEach
  void close() {
    if (gpu != null) {
      gpu.close();
    }
  }

  private void begin(int mode) {
    JCudaDriver.cuStreamBeginCapture(gpu.stream, mode);
  }

  private CUgraph end() {
    CUgraph graph = new CUgraph();
    JCudaDriver.cuStreamEndCapture(gpu.stream, graph);
    return graph;
  }

  private static CUgraphExec instantiate(CUgraph graph) {
    CUgraphExec executable = new CUgraphExec();
    JCudaDriver.cuGraphInstantiate(executable, graph, 0);
    JCudaDriver.cuGraphDestroy(graph);
    return executable;
  }

  private static void fails(String error, Runnable call) {
    assertEquals(error, assertThrows(CudaException.class, call::run).getMessage());
  }

  @Test
  void replayRepeatsEverythingWithTheArgumentsOfTheCapture() {
    Pointer pinned = new Pointer();
    JCudaDriver.cuMemHostAlloc(pinned, 16, 0);
    FloatBuffer host = pinned.getByteBuffer(0, 16).order(ByteOrder.nativeOrder()).asFloatBuffer();
    CUdeviceptr x = Gpu.allocate(16);
    CUdeviceptr y = Gpu.allocate(16);
    CUdeviceptr z = Gpu.allocate(16);
    CUdeviceptr identity = Gpu.upload(1, 0, 0, 1);
    cublasHandle handle = new cublasHandle();
    JCublas2.cublasCreate(handle);
    JCublas2.cublasSetStream(handle, new cudaStream_t(gpu.stream));
    float[] scale = {3f};

    begin(CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL);
    JCudaDriver.cuMemcpyHtoDAsync(x, pinned, 16, gpu.stream);
    JCudaDriver.cuMemsetD32Async(y, Float.floatToIntBits(1f), 4, gpu.stream);
    Pointer parameters =
        Pointer.to(Pointer.to(x), Pointer.to(y), Pointer.to(scale), Pointer.to(new int[] {4}));
    JCudaDriver.cuLaunchKernel(axpy, 1, 1, 1, 32, 1, 1, 0, gpu.stream, parameters, null);
    JCublas2.cublasGemmEx_new(
        handle,
        cublasOperation.CUBLAS_OP_N,
        cublasOperation.CUBLAS_OP_N,
        2,
        2,
        2,
        Pointer.to(new float[] {2f}),
        y,
        cudaDataType.CUDA_R_32F,
        2,
        identity,
        cudaDataType.CUDA_R_32F,
        2,
        Pointer.to(new float[] {0f}),
        z,
        cudaDataType.CUDA_R_32F,
        2,
        cublasComputeType.CUBLAS_COMPUTE_32F,
        cublasGemmAlgo.CUBLAS_GEMM_DEFAULT);
    JCudaDriver.cuMemcpyDtoDAsync(x, z, 8, gpu.stream);
    CUgraph graph = end();
    long[] nodes = new long[1];
    JCudaDriver.cuGraphGetNodes(graph, null, nodes);
    assertEquals(5, nodes[0]);
    CUgraphExec executable = instantiate(graph);

    // Neither the scale nor what the pinned memory holds now has any part in the replays.
    scale[0] = 100f;
    for (int replay = 1; replay <= 2; replay++) {
      host.put(0, replay).put(1, 0).put(2, 10).put(3, 20);
      JCudaDriver.cuGraphLaunch(executable, gpu.stream);
      JCudaDriver.cuStreamSynchronize(gpu.stream);
      float first = 2 * (3 * replay + 1);
      assertArrayEquals(new float[] {first, 2, 62, 122}, Gpu.download(z, 4));
      assertArrayEquals(new float[] {first, 2, 10, 20}, Gpu.download(x, 4));
    }
    JCudaDriver.cuGraphExecDestroy(executable);
    JCublas2.cublasDestroy(handle);
  }

  @Test
  void nothingRunsWhileCapturing() {
    CUdeviceptr p = Gpu.upload(7f);
    begin(CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_RELAXED);
    JCudaDriver.cuMemsetD32Async(p, 0, 1, gpu.stream);
    // A relaxed capture on a non-blocking stream leaves the rest of the API alone.
    assertEquals(7f, Gpu.download(p, 1)[0]);
    JCudaDriver.cuGraphDestroy(end());
    assertEquals(7f, Gpu.download(p, 1)[0]);
  }

  @Test
  void unsafeCallsVoidTheCapture() {
    CUdeviceptr p = Gpu.upload(7f);
    String unsupported = "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED";
    Runnable[] unsafe = {
      () -> JCudaDriver.cuStreamSynchronize(gpu.stream),
      JCudaDriver::cuCtxSynchronize,
      () -> JCudaDriver.cuStreamQuery(gpu.stream),
      () -> Gpu.allocate(4),
      () -> Gpu.download(p, 1),
    };
    for (Runnable call : unsafe) {
      begin(CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL);
      fails(unsupported, call);
      String invalidated = "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED";
      fails(invalidated, () -> JCudaDriver.cuMemsetD32Async(p, 0, 1, gpu.stream));
      fails(invalidated, this::end);
      JCudaDriver.cuStreamSynchronize(gpu.stream);
    }
  }

  @Test
  void theLegacyStreamWaitsForBlockingStreams() {
    CUdeviceptr p = Gpu.upload(7f);
    CUstream blocking = new CUstream();
    JCudaDriver.cuStreamCreate(blocking, CUstream_flags.CU_STREAM_DEFAULT);
    int mode = CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_RELAXED;
    JCudaDriver.cuStreamBeginCapture(blocking, mode);
    fails("CUDA_ERROR_STREAM_CAPTURE_IMPLICIT", () -> Gpu.download(p, 1));
    CUgraph graph = new CUgraph();
    fails(
        "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED",
        () -> JCudaDriver.cuStreamEndCapture(blocking, graph));
    fails(
        "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED",
        () -> JCudaDriver.cuStreamBeginCapture(new CUstream(), mode));
  }

  @Test
  void capturesThatDoNotMatchTheirStreamOrThread() throws InterruptedException {
    fails("CUDA_ERROR_ILLEGAL_STATE", this::end);
    begin(CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_GLOBAL);
    fails(
        "CUDA_ERROR_ILLEGAL_STATE", () -> begin(CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_GLOBAL));
    String[] error = new String[1];
    CUcontext context = new CUcontext();
    JCudaDriver.cuCtxGetCurrent(context);
    Thread other =
        new Thread(
            () -> {
              JCudaDriver.cuCtxSetCurrent(context);
              error[0] = assertThrows(CudaException.class, this::end).getMessage();
            });
    other.start();
    other.join();
    assertEquals("CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD", error[0]);
    JCudaDriver.cuGraphDestroy(end());
  }

  @Test
  void capturedCopiesNeedPinnedMemory() {
    CUdeviceptr p = Gpu.upload(7f);
    begin(CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL);
    fails(
        "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED",
        () -> JCudaDriver.cuMemcpyHtoDAsync(p, Pointer.to(new float[] {1f}), 4, gpu.stream));
    fails("CUDA_ERROR_STREAM_CAPTURE_INVALIDATED", this::end);
  }

  @Test
  void eventsCarryACaptureToAnotherStream() {
    CUdeviceptr p = Gpu.upload(7f);
    CUstream side = new CUstream();
    JCudaDriver.cuStreamCreate(side, CUstream_flags.CU_STREAM_NON_BLOCKING);
    CUevent fork = new CUevent();
    CUevent join = new CUevent();
    JCudaDriver.cuEventCreate(fork, 0);
    JCudaDriver.cuEventCreate(join, 0);
    begin(CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL);
    JCudaDriver.cuEventRecord(fork, gpu.stream);
    JCudaDriver.cuStreamWaitEvent(side, fork, 0);
    JCudaDriver.cuMemsetD32Async(p, 0, 1, side);
    JCudaDriver.cuEventRecord(join, side);
    JCudaDriver.cuStreamWaitEvent(gpu.stream, join, 0);
    fails("CUDA_ERROR_CAPTURED_EVENT", () -> JCudaDriver.cuEventSynchronize(join));
    CUgraphExec executable = instantiate(end());
    assertEquals(7f, Gpu.download(p, 1)[0]);
    JCudaDriver.cuGraphLaunch(executable, gpu.stream);
    assertEquals(0f, Gpu.download(p, 1)[0]);

    // The side stream is free again, and work outside cannot be waited for inside a capture.
    JCudaDriver.cuEventRecord(fork, side);
    begin(CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL);
    fails(
        "CUDA_ERROR_STREAM_CAPTURE_ISOLATION",
        () -> JCudaDriver.cuStreamWaitEvent(gpu.stream, fork, 0));
    fails("CUDA_ERROR_STREAM_CAPTURE_INVALIDATED", this::end);
  }
}
