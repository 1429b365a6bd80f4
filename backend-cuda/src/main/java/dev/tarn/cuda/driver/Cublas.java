package dev.tarn.cuda.driver;

import java.util.HashMap;
import java.util.Map;
import jcuda.Pointer;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasStatus;
import org.jspecify.annotations.Nullable;

/**
 * A cuBLAS handle with a workspace of its own, so that its work can be captured into graphs.
 *
 * <p>Create it, and enqueue on the stream once, before capturing.
 */
public final class Cublas implements AutoCloseable {
  private static final long HOPPER_WORKSPACE = 32L << 20;
  private static final long WORKSPACE = 4L << 20;

  private final CudaContext context;
  private final cublasHandle handle = new cublasHandle();
  private final DeviceMemory workspace;
  private final HostArena scalars;
  private final Map<Float, Pointer> scalarPointers = new HashMap<>();
  private @Nullable Stream stream;
  private boolean created;
  private boolean closed;

  private Cublas(CudaContext context) {
    this.context = context;
    boolean hopperOrNewer = context.device().capability().major() >= 9;
    this.workspace = DeviceMemory.allocate(context, hopperOrNewer ? HOPPER_WORKSPACE : WORKSPACE);
    this.scalars = HostArena.create(context);
  }

  /**
   * Creates a handle that works on {@code stream}.
   *
   * @throws CudaOutOfMemoryException if its workspace (32 MiB from compute capability 9.0, else 4
   *     MiB) does not fit
   * @throws CudaException if cuBLAS does not start
   */
  public static Cublas create(CudaContext context, Stream stream) {
    Cublas cublas = new Cublas(context);
    try {
      check(JCublas2.cublasCreate(cublas.handle), "cublasCreate");
      cublas.created = true;
      cublas.handleOn(stream);
      return cublas;
    } catch (CudaException e) {
      cublas.close();
      throw e;
    }
  }

  /** Returns cuBLAS's version, such as 130002 for 13.0.2. */
  public int version() {
    int[] version = new int[1];
    check(JCublas2.cublasGetVersion(handle, version), "cublasGetVersion");
    return version[0];
  }

  /**
   * Prepares C = alpha op(A) op(B) + beta C for row-major matrices on the device.
   *
   * <p>With beta 0, C is not read and may hold anything.
   *
   * @param shape the dimensions, transpositions, leading dimensions and batch
   * @param inputs the type of A and B
   * @param output the type of C: {@code inputs}, or f32
   * @param compute the precision of the products
   * @param a address of A
   * @param b address of B
   * @param c address of C
   */
  public Gemm gemm(
      GemmShape shape,
      Gemm.Type inputs,
      Gemm.Type output,
      Gemm.Compute compute,
      float alpha,
      long a,
      long b,
      float beta,
      long c) {
    if (output != inputs && output != Gemm.Type.F32) {
      throw new IllegalArgumentException(shape + " of " + inputs + " to " + output);
    }
    Pointer alphaPointer = scalar(alpha);
    return new Gemm(this, shape, inputs, output, compute, alphaPointer, a, b, scalar(beta), c);
  }

  private Pointer scalar(float value) {
    return scalarPointers.computeIfAbsent(
        value,
        v -> {
          HostArena.Piece piece = scalars.allocate(Float.BYTES);
          piece.buffer().putFloat(0, v);
          return Addresses.pointer(piece.address());
        });
  }

  cublasHandle handleOn(Stream wanted) {
    if (wanted != stream) {
      check(JCublas2.cublasSetStream(handle, wanted.runtimeHandle()), "cublasSetStream");
      // Setting the stream resets the workspace to cuBLAS's own, whose allocation breaks captures.
      check(
          JCublas2.cublasSetWorkspace(
              handle, Addresses.pointer(workspace.address()), workspace.bytes()),
          "cublasSetWorkspace");
      stream = wanted;
    }
    return handle;
  }

  private static void check(int status, String call) {
    if (status != 0) {
      throw failure(status, call);
    }
  }

  static CudaException failure(int status, String call) {
    String advice =
        status == cublasStatus.CUBLAS_STATUS_ALLOC_FAILED
            ? "; the GPU has no memory left: see in nvidia-smi who holds it"
            : "";
    return new CudaException(
        call + ": " + cublasStatus.stringFor(status) + " (" + status + ")" + advice);
  }

  /** Destroys the handle and frees its workspace; never throws. */
  @Override
  public void close() {
    if (!closed && context.enterToClose() && created) {
      JCublas2.cublasDestroy(handle);
    }
    closed = true;
    workspace.close();
    scalars.close();
  }
}
