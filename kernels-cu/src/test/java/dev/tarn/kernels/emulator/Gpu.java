package dev.tarn.kernels.emulator;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import jcuda.CudaException;
import jcuda.Pointer;
import jcuda.Sizeof;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.CUstream;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;
import jcuda.nvrtc.JNvrtc;
import jcuda.nvrtc.nvrtcProgram;

/** A context on the emulated device, a stream, and short forms of what the tests do with them. */
final class Gpu implements AutoCloseable {

  static final String ARCH = "--gpu-architecture=sm_90";

  final CUstream stream = new CUstream();
  private final CUdevice device = new CUdevice();

  Gpu() {
    Jcuda.load();
    JCudaDriver.cuInit(0);
    JCudaDriver.cuDeviceGet(device, 0);
    CUcontext context = new CUcontext();
    JCudaDriver.cuDevicePrimaryCtxRetain(context, device);
    JCudaDriver.cuCtxSetCurrent(context);
    JCudaDriver.cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING);
  }

  /** Frees all device memory, and the error of a failed kernel with it. */
  @Override
  public void close() {
    JCudaDriver.cuDevicePrimaryCtxRelease(device);
  }

  /** The text of a file of kernels beside this class. */
  static String source(String file) {
    try (InputStream in = Gpu.class.getResourceAsStream(file)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A module made of a file of kernels; the first compile error becomes the exception's text. */
  static CUmodule module(String file, String... options) {
    return load(compile(source(file), file, options));
  }

  static byte[] compile(String source, String name, String... options) {
    nvrtcProgram program = new nvrtcProgram();
    JNvrtc.nvrtcCreateProgram(program, source, name, 0, null, null);
    try {
      return compile(program, options);
    } finally {
      JNvrtc.nvrtcDestroyProgram(program);
    }
  }

  static byte[] compile(nvrtcProgram program, String... options) {
    String[] all = new String[options.length + 1];
    all[0] = ARCH;
    System.arraycopy(options, 0, all, 1, options.length);
    try {
      JNvrtc.nvrtcCompileProgram(program, all.length, all);
    } catch (CudaException e) {
      throw new IllegalArgumentException(log(program), e);
    }
    long[] size = new long[1];
    JNvrtc.nvrtcGetCUBINSize(program, size);
    byte[] image = new byte[Math.toIntExact(size[0])];
    JNvrtc.nvrtcGetCUBIN(program, image);
    return image;
  }

  static String log(nvrtcProgram program) {
    String[] log = new String[1];
    JNvrtc.nvrtcGetProgramLog(program, log);
    return log[0];
  }

  static CUmodule load(byte[] image) {
    CUmodule module = new CUmodule();
    JCudaDriver.cuModuleLoadData(module, image);
    return module;
  }

  static CUfunction function(CUmodule module, String name) {
    CUfunction function = new CUfunction();
    JCudaDriver.cuModuleGetFunction(function, module, name);
    return function;
  }

  static CUdeviceptr allocate(long bytes) {
    CUdeviceptr p = new CUdeviceptr();
    JCudaDriver.cuMemAlloc(p, bytes);
    return p;
  }

  static CUdeviceptr upload(float... values) {
    CUdeviceptr p = allocate((long) values.length * Sizeof.FLOAT);
    JCudaDriver.cuMemcpyHtoD(p, Pointer.to(values), (long) values.length * Sizeof.FLOAT);
    return p;
  }

  static float[] download(CUdeviceptr p, int n) {
    float[] values = new float[n];
    JCudaDriver.cuMemcpyDtoH(Pointer.to(values), p, (long) n * Sizeof.FLOAT);
    return values;
  }

  static int[] downloadInts(CUdeviceptr p, int n) {
    int[] values = new int[n];
    JCudaDriver.cuMemcpyDtoH(Pointer.to(values), p, (long) n * Sizeof.INT);
    return values;
  }

  /** A one-dimensional launch; arguments are device pointers, Integers and Floats. */
  void launch(CUfunction function, int grid, int block, int shared, Object... arguments) {
    JCudaDriver.cuLaunchKernel(
        function, grid, 1, 1, block, 1, 1, shared, stream, parameters(arguments), null);
  }

  static Pointer parameters(Object... arguments) {
    Pointer[] addresses = new Pointer[arguments.length];
    for (int i = 0; i < arguments.length; i++) {
      Object argument = arguments[i];
      if (argument instanceof CUdeviceptr p) {
        addresses[i] = Pointer.to(p);
      } else if (argument instanceof Integer n) {
        addresses[i] = Pointer.to(new int[] {n});
      } else {
        addresses[i] = Pointer.to(new float[] {(Float) argument});
      }
    }
    return Pointer.to(addresses);
  }
}
