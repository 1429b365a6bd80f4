package dev.tarn.cuda;

import dev.tarn.DType;
import dev.tarn.HostTensor;
import dev.tarn.Spec;
import dev.tarn.cuda.driver.CudaContext;
import dev.tarn.cuda.driver.PinnedMemory;
import dev.tarn.cuda.driver.Stream;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.ShortBuffer;

/** Copies between host tensors and the device that wait for the stream and for their own end. */
final class Transfers implements AutoCloseable {
  private static final int CHUNK = 1 << 18;

  private final Stream stream;
  private final PinnedMemory staging;
  private final FloatBuffer floats;
  private final IntBuffer ints;
  private final ShortBuffer shorts;

  Transfers(CudaContext context, Stream stream) {
    this.stream = stream;
    this.staging = PinnedMemory.allocate(context, (long) CHUNK * Float.BYTES);
    this.floats = staging.buffer().asFloatBuffer();
    this.ints = staging.buffer().asIntBuffer();
    this.shorts = staging.buffer().asShortBuffer();
  }

  /** Copies a tensor to the device; f64 data is rounded to f32. */
  void toDevice(long address, HostTensor tensor) {
    for (int start = 0; start < tensor.size(); start += CHUNK) {
      int length = Math.min(CHUNK, tensor.size() - start);
      switch (tensor.spec().dtype()) {
        case F32 -> floats.put(0, tensor.floats(), start, length);
        case I32 -> ints.put(0, tensor.ints(), start, length);
        case F64 -> {
          for (int i = 0; i < length; i++) {
            floats.put(i, (float) tensor.doubles()[start + i]);
          }
        }
      }
      long offset = (long) start * Float.BYTES;
      stream.copyToDevice(address + offset, staging.address(), (long) length * Float.BYTES);
      stream.synchronize();
    }
  }

  /** Fills an f32 or i32 tensor from the device. */
  void toHost(HostTensor tensor, long address) {
    for (int start = 0; start < tensor.size(); start += CHUNK) {
      int length = Math.min(CHUNK, tensor.size() - start);
      long offset = (long) start * Float.BYTES;
      stream.copyToHost(staging.address(), address + offset, (long) length * Float.BYTES);
      stream.synchronize();
      switch (tensor.spec().dtype()) {
        case F32 -> floats.get(0, tensor.floats(), start, length);
        case I32 -> ints.get(0, tensor.ints(), start, length);
        case F64 -> throw new IllegalStateException("nothing on the device is f64");
      }
    }
  }

  /** The data of a value on the device; bf16 is given as f32. */
  HostTensor toHost(Spec spec, long address) {
    if (spec.dtype() != DType.BF16) {
      HostTensor tensor = HostTensor.zeros(spec);
      toHost(tensor, address);
      return tensor;
    }
    HostTensor wide = HostTensor.zeros(spec.as(DType.F32));
    for (int start = 0; start < wide.size(); start += CHUNK) {
      int length = Math.min(CHUNK, wide.size() - start);
      long offset = (long) start * Short.BYTES;
      stream.copyToHost(staging.address(), address + offset, (long) length * Short.BYTES);
      stream.synchronize();
      for (int i = 0; i < length; i++) {
        wide.floats()[start + i] = Float.intBitsToFloat(shorts.get(i) << Short.SIZE);
      }
    }
    return wide;
  }

  @Override
  public void close() {
    staging.close();
  }
}
