// Initialisation, devices, and their attributes.
#include <cstdio>
#include <cstring>
#include <deque>

#include "driver.h"
#include "launch.h"

namespace tarn {
namespace {

std::atomic<bool> init_done{false};

constexpr int MULTIPROCESSORS = 8;  // fixed, so that grids and results do not follow the machine

// CUDA C++ Programming Guide, table "Technical Specifications per Compute Capability".
constexpr Limits LIMITS[] = {
    {75, 64 << 10, 64 << 10, 1024, 16},    {80, 164 << 10, 163 << 10, 2048, 32},
    {86, 100 << 10, 99 << 10, 1536, 16},   {89, 100 << 10, 99 << 10, 1536, 24},
    {90, 228 << 10, 227 << 10, 2048, 32},  {100, 228 << 10, 227 << 10, 2048, 32},
    {120, 100 << 10, 99 << 10, 1536, 24},
};

std::deque<Device> &devices() {
  static std::deque<Device> *all = [] {
    auto *list = new std::deque<Device>(size_t(environment().devices));
    for (size_t i = 0; i < list->size(); i++) (*list)[i].primary.device = int(i);
    return list;
  }();
  return *all;
}

}  // namespace

bool initialized() { return init_done; }

Device *find_device(int ordinal) {
  return ordinal >= 0 && ordinal < environment().devices ? &devices()[size_t(ordinal)] : nullptr;
}

Device &device_of(const Context *context) { return devices()[size_t(context->device)]; }

const Limits &limits() {
  for (const Limits &l : LIMITS) {
    if (l.arch == environment().arch) return l;
  }
  return LIMITS[4];
}

int enter(const char *function) {
  if (int fault = injected_fault(function)) return fault;
  return init_done ? SUCCESS : NOT_INITIALIZED;
}

}  // namespace tarn

using namespace tarn;

DRIVER_API cuInit(unsigned flags) {
  if (int fault = injected_fault(__func__)) return fault;
  if (flags != 0) return INVALID_VALUE;
  if (environment().devices == 0) return NO_DEVICE;
  open_stats();
  install_fault_handler();
  init_done = true;
  return SUCCESS;
}

DRIVER_API cuDriverGetVersion(int *version) {
  if (int fault = injected_fault(__func__)) return fault;
  *version = environment().driver_version;
  return SUCCESS;
}

DRIVER_API cuDeviceGetCount(int *count) {
  ENTER();
  *count = environment().devices;
  return SUCCESS;
}

DRIVER_API cuDeviceGet(int *device, int ordinal) {
  ENTER();
  if (!find_device(ordinal)) return INVALID_DEVICE;
  *device = ordinal;
  return SUCCESS;
}

DRIVER_API cuDeviceGetName(char *name, int length, int device) {
  ENTER();
  if (!find_device(device)) return INVALID_DEVICE;
  snprintf(name, size_t(length), "Tarn CUDA emulator (no GPU)");
  return SUCCESS;
}

DRIVER_API cuDeviceGetUuid(unsigned char *uuid, int device) {
  ENTER();
  if (!find_device(device)) return INVALID_DEVICE;
  memcpy(uuid, "tarn-emulator-00", 16);
  uuid[15] = (unsigned char)('0' + device);
  return SUCCESS;
}

DRIVER_API cuDeviceGetPCIBusId(char *id, int length, int device) {
  ENTER();
  if (!find_device(device)) return INVALID_DEVICE;
  snprintf(id, size_t(length), "0000:%02X:00.0", device + 1);
  return SUCCESS;
}

DRIVER_API cuDeviceGetByPCIBusId(int *device, const char *id) {
  ENTER();
  unsigned domain, bus, slot;
  if (sscanf(id, "%x:%x:%x", &domain, &bus, &slot) != 3 || !find_device(int(bus) - 1)) {
    return INVALID_DEVICE;
  }
  *device = int(bus) - 1;
  return SUCCESS;
}

DRIVER_API cuDeviceTotalMem_v2(size_t *bytes, int device) {
  ENTER();
  if (!find_device(device)) return INVALID_DEVICE;
  *bytes = environment().memory;
  return SUCCESS;
}

DRIVER_API cuDeviceComputeCapability(int *major, int *minor, int device) {
  ENTER();
  if (!find_device(device)) return INVALID_DEVICE;
  *major = environment().arch / 10;
  *minor = environment().arch % 10;
  return SUCCESS;
}

DRIVER_API cuDeviceCanAccessPeer(int *can, int device, int peer) {
  ENTER();
  if (!find_device(device) || !find_device(peer)) return INVALID_DEVICE;
  *can = 0;
  return SUCCESS;
}

// The numbers are those of CUdevice_attribute; what is not listed answers 0.
DRIVER_API cuDeviceGetAttribute(int *value, int attribute, int device) {
  ENTER();
  if (!find_device(device)) return INVALID_DEVICE;
  const Limits &l = limits();
  static const struct { int attribute, value; } table[] = {
      {1, 1024},                     // MAX_THREADS_PER_BLOCK
      {2, 1024}, {3, 1024}, {4, 64},  // MAX_BLOCK_DIM_X, Y, Z
      {5, 0x7fffffff}, {6, 65535}, {7, 65535},  // MAX_GRID_DIM_X, Y, Z
      {8, 48 << 10},                 // MAX_SHARED_MEMORY_PER_BLOCK
      {9, 64 << 10},                 // TOTAL_CONSTANT_MEMORY
      {10, 32},                      // WARP_SIZE
      {11, 0x7fffffff},              // MAX_PITCH
      {12, 65536},                   // MAX_REGISTERS_PER_BLOCK
      {13, 1000000},                 // CLOCK_RATE, kHz
      {14, 512},                     // TEXTURE_ALIGNMENT
      {15, 1},                       // GPU_OVERLAP
      {16, MULTIPROCESSORS},         // MULTIPROCESSOR_COUNT
      {19, 1},                       // CAN_MAP_HOST_MEMORY
      {31, 1},                       // CONCURRENT_KERNELS
      {33, 1},                       // PCI_BUS_ID
      {36, 1000000},                 // MEMORY_CLOCK_RATE, kHz
      {37, 256},                     // GLOBAL_MEMORY_BUS_WIDTH
      {38, 4 << 20},                 // L2_CACHE_SIZE
      {39, l.threads_per_sm},        // MAX_THREADS_PER_MULTIPROCESSOR
      {40, 1},                       // ASYNC_ENGINE_COUNT
      {41, 1},                       // UNIFIED_ADDRESSING
      {75, environment().arch / 10}, {76, environment().arch % 10},  // COMPUTE_CAPABILITY
      {78, 1},                       // STREAM_PRIORITIES_SUPPORTED
      {79, 1}, {80, 1},              // GLOBAL_, LOCAL_L1_CACHE_SUPPORTED
      {81, l.shared_per_sm},         // MAX_SHARED_MEMORY_PER_MULTIPROCESSOR
      {82, 65536},                   // MAX_REGISTERS_PER_MULTIPROCESSOR
      {83, 1},                       // MANAGED_MEMORY
      {97, l.shared_per_block},      // MAX_SHARED_MEMORY_PER_BLOCK_OPTIN
      {106, l.blocks_per_sm},        // MAX_BLOCKS_PER_MULTIPROCESSOR
      {111, 1 << 10},                // RESERVED_SHARED_MEMORY_PER_BLOCK
      {115, 1},                      // MEMORY_POOLS_SUPPORTED
  };
  *value = 0;
  for (const auto &entry : table) {
    if (entry.attribute == attribute) *value = entry.value;
  }
  if (attribute == 33) *value += device;
  return SUCCESS;
}

// CUDA C++ header cuda.h, CUresult; the texts are those that the driver prints.
static const struct { int code; const char *name, *text; } errors[] = {
    {SUCCESS, "CUDA_SUCCESS", "no error"},
    {INVALID_VALUE, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
    {OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
    {NOT_INITIALIZED, "CUDA_ERROR_NOT_INITIALIZED", "initialization error"},
    {4, "CUDA_ERROR_DEINITIALIZED", "driver shutting down"},
    {46, "CUDA_ERROR_DEVICE_UNAVAILABLE", "CUDA-capable device(s) is/are busy or unavailable"},
    {NO_DEVICE, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
    {INVALID_DEVICE, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
    {INVALID_IMAGE, "CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid"},
    {INVALID_CONTEXT, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
    {NO_BINARY_FOR_GPU, "CUDA_ERROR_NO_BINARY_FOR_GPU",
     "no kernel image is available for execution on the device"},
    {214, "CUDA_ERROR_ECC_UNCORRECTABLE", "uncorrectable ECC error encountered"},
    {218, "CUDA_ERROR_INVALID_PTX", "a PTX JIT compilation failed"},
    {222, "CUDA_ERROR_UNSUPPORTED_PTX_VERSION",
     "the provided PTX was compiled with an unsupported toolchain."},
    {FILE_NOT_FOUND, "CUDA_ERROR_FILE_NOT_FOUND", "file not found"},
    {304, "CUDA_ERROR_OPERATING_SYSTEM", "OS call failed or operation not supported on this OS"},
    {INVALID_HANDLE, "CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"},
    {ILLEGAL_STATE, "CUDA_ERROR_ILLEGAL_STATE",
     "the operation cannot be performed in the present state"},
    {NOT_FOUND, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
    {NOT_READY, "CUDA_ERROR_NOT_READY", "device not ready"},
    {ILLEGAL_ADDRESS, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"},
    {LAUNCH_OUT_OF_RESOURCES, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES",
     "too many resources requested for launch"},
    {702, "CUDA_ERROR_LAUNCH_TIMEOUT", "the launch timed out and was terminated"},
    {ASSERT, "CUDA_ERROR_ASSERT", "device-side assert triggered"},
    {HOST_MEMORY_ALREADY_REGISTERED, "CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED",
     "part or all of the requested memory range is already mapped"},
    {HOST_MEMORY_NOT_REGISTERED, "CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED",
     "pointer does not correspond to a registered memory region"},
    {715, "CUDA_ERROR_ILLEGAL_INSTRUCTION", "an illegal instruction was encountered"},
    {MISALIGNED_ADDRESS, "CUDA_ERROR_MISALIGNED_ADDRESS", "misaligned address"},
    {LAUNCH_FAILED, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
    {NOT_SUPPORTED, "CUDA_ERROR_NOT_SUPPORTED", "operation not supported"},
    {803, "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH",
     "system has unsupported display driver / cuda driver combination"},
    {STREAM_CAPTURE_UNSUPPORTED, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED",
     "operation not permitted when stream is capturing"},
    {STREAM_CAPTURE_INVALIDATED, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED",
     "operation failed due to a previous error during capture"},
    {STREAM_CAPTURE_MERGE, "CUDA_ERROR_STREAM_CAPTURE_MERGE",
     "operation would result in a merge of separate capture sequences"},
    {STREAM_CAPTURE_UNMATCHED, "CUDA_ERROR_STREAM_CAPTURE_UNMATCHED",
     "capture was not ended in the same stream as it began"},
    {STREAM_CAPTURE_ISOLATION, "CUDA_ERROR_STREAM_CAPTURE_ISOLATION",
     "dependency created on uncaptured work in another stream"},
    {STREAM_CAPTURE_IMPLICIT, "CUDA_ERROR_STREAM_CAPTURE_IMPLICIT",
     "operation would make the legacy stream depend on a capturing blocking stream"},
    {CAPTURED_EVENT, "CUDA_ERROR_CAPTURED_EVENT",
     "operation not permitted on an event last recorded in a capturing stream"},
    {STREAM_CAPTURE_WRONG_THREAD, "CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD",
     "attempt to terminate a thread-local capture sequence from another thread"},
    {999, "CUDA_ERROR_UNKNOWN", "unknown error"},
};

DRIVER_API cuGetErrorName(int code, const char **name) {
  for (const auto &error : errors) {
    if (error.code == code) return *name = error.name, SUCCESS;
  }
  *name = nullptr;
  return INVALID_VALUE;
}

DRIVER_API cuGetErrorString(int code, const char **text) {
  for (const auto &error : errors) {
    if (error.code == code) return *text = error.text, SUCCESS;
  }
  *text = nullptr;
  return INVALID_VALUE;
}
