package dev.tarn.cuda.driver;

import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;

/** Raw addresses as JCuda's pointer objects and back. */
final class Addresses {
  private Addresses() {}

  /** Returns a pointer to an address of this process, or one of the device for cuBLAS. */
  static Pointer pointer(long address) {
    return new Native(address);
  }

  /** Returns a device pointer. */
  static CUdeviceptr device(long address) {
    return new Device(address);
  }

  /** A pointer whose address can be read; JCuda keeps it for subclasses. */
  static final class Native extends Pointer {
    Native() {}

    Native(long address) {
      super(address);
    }

    long address() {
      return getNativePointer() + getByteOffset();
    }
  }

  /** A device pointer whose address can be set and read. */
  static final class Device extends CUdeviceptr {
    private static final CUdeviceptr NULL = new CUdeviceptr();

    Device() {}

    Device(long address) {
      super(NULL, address);
    }

    long address() {
      return getNativePointer() + getByteOffset();
    }
  }
}
