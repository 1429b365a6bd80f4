package dev.tarn.cuda.driver;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUuuid;
import jcuda.driver.JCudaDriver;

/**
 * A GPU of this machine.
 *
 * @param index its number in CUDA's order
 * @param name the product's name
 * @param capability the compute capability
 * @param totalMemory bytes of memory
 * @param multiprocessors the number of streaming multiprocessors
 * @param maxSharedMemoryPerBlock bytes of shared memory that one block may ask for
 * @param uuid 32 hexadecimal digits, or empty where the driver does not say
 * @param pciBusId such as {@code 0000:3b:00.0}, or empty where the driver does not say
 */
public record Device(
    int index,
    String name,
    ComputeCapability capability,
    long totalMemory,
    int multiprocessors,
    int maxSharedMemoryPerBlock,
    String uuid,
    String pciBusId) {

  /**
   * Lists the devices, loading the CUDA libraries at first.
   *
   * @throws CudaUnavailableException if CUDA cannot be used
   */
  public static List<Device> list() {
    int count = CudaLibraries.load().deviceCount();
    List<Device> devices = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      devices.add(describe(i));
    }
    return List.copyOf(devices);
  }

  /**
   * Opens the primary context of a device and makes it current on the calling thread.
   *
   * @throws CudaUnavailableException if CUDA cannot be used
   * @throws CudaOutOfMemoryException if the device has no memory left for a context
   * @throws IllegalArgumentException if there is no such device
   */
  public static CudaContext open(int index) {
    List<Device> devices = list();
    if (index < 0 || index >= devices.size()) {
      throw new IllegalArgumentException(
          "no GPU " + index + ": this machine has " + devices.size() + ", numbered from 0");
    }
    return CudaContext.open(devices.get(index));
  }

  /**
   * The number of the device with the most free memory, other processes considered; of equal ones
   * the first. Devices that cannot be opened come last.
   *
   * @throws CudaUnavailableException if CUDA cannot be used
   */
  public static int emptiest() {
    List<Device> devices = list();
    int best = 0;
    long most = -1;
    for (int i = 0; devices.size() > 1 && i < devices.size(); i++) {
      long free = free(devices.get(i));
      if (free > most) {
        best = i;
        most = free;
      }
    }
    return best;
  }

  private static long free(Device device) {
    try (CudaContext context = CudaContext.open(device)) {
      return context.freeMemory();
    } catch (CudaException e) {
      return -1;
    }
  }

  static CUdevice handle(int index) {
    CUdevice device = new CUdevice();
    Status.check(JCudaDriver.cuDeviceGet(device, index), "cuDeviceGet");
    return device;
  }

  private static Device describe(int index) {
    CUdevice device = handle(index);
    byte[] name = new byte[256];
    Status.check(JCudaDriver.cuDeviceGetName(name, name.length, device), "cuDeviceGetName");
    long[] total = new long[1];
    Status.check(JCudaDriver.cuDeviceTotalMem(total, device), "cuDeviceTotalMem");
    return new Device(
        index,
        new String(name, StandardCharsets.UTF_8).split("\0", 2)[0],
        new ComputeCapability(
            attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR),
            attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR)),
        total[0],
        attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT),
        attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN),
        uuid(device),
        pciBusId(device));
  }

  private static int attribute(CUdevice device, int attribute) {
    int[] value = new int[1];
    Status.check(
        JCudaDriver.cuDeviceGetAttribute(value, attribute, device), "cuDeviceGetAttribute");
    return value[0];
  }

  private static String uuid(CUdevice device) {
    CUuuid uuid = new CUuuid();
    if (JCudaDriver.cuDeviceGetUuid(uuid, device) != 0 || uuid.bytes == null) {
      return "";
    }
    StringBuilder text = new StringBuilder();
    for (byte b : uuid.bytes) {
      text.append(String.format("%02x", b));
    }
    return text.toString();
  }

  private static String pciBusId(CUdevice device) {
    String[] id = new String[1];
    boolean known = JCudaDriver.cuDeviceGetPCIBusId(id, 16, device) == 0 && id[0] != null;
    return known ? id[0].split("\0", 2)[0] : "";
  }
}
