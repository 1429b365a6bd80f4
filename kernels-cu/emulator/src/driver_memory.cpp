// Allocation, copies, and fills.
#include <cstring>

#include "allocations.h"
#include "driver.h"

using namespace tarn;

namespace {

CUdeviceptr handle_of(const void *p) { return reinterpret_cast<CUdeviceptr>(p); }
void *memory(CUdeviceptr p) { return reinterpret_cast<void *>(p); }

// Copies between host and device, and their counters outside graphs.
struct Copy {
  const char *call;
  void *to;
  const void *from;
  size_t bytes;
  bool to_device;
  bool from_device;

  int check() const {
    if (to_device) {
      if (int error = check_range(call, handle_of(to), bytes)) return error;
    } else if (int error = check_host(to)) {
      return error;
    }
    return from_device ? check_range(call, handle_of(from), bytes) : check_host(from);
  }

  int check_host(const void *p) const {
    if (!p) return INVALID_VALUE;
    if (classify_host(p, bytes) != Host::PINNED_TOO_SHORT) return SUCCESS;
    report("%s: %zu bytes reach past the end of the pinned host memory", header_name(call).c_str(),
           bytes);
    return INVALID_VALUE;
  }

  int run() const {
    // Allocations may have been freed since the copy was captured.
    if (int error = check()) return error;
    memmove(to, from, bytes);
    if (!replaying()) {
      if (to_device && !from_device) count(H2D_COPIES_OUTSIDE_GRAPHS);
      if (from_device && !to_device) count(D2H_COPIES_OUTSIDE_GRAPHS);
    }
    return SUCCESS;
  }
};

int copy_now(const Copy &copy) {
  if (int error = refuse_legacy_during_capture()) return error;
  return copy.run();
}

int copy_async(const Copy &copy, void *stream) {
  Stream *s = find_stream(stream);
  if (int error = check_submit(s)) return error;
  if (int error = copy.check()) return error;
  if (s->capture) {
    // A graph keeps the host address, so the memory must still be there when it is launched.
    const void *host = !copy.to_device ? copy.to : !copy.from_device ? copy.from : nullptr;
    if (host && classify_host(host, copy.bytes) == Host::PAGEABLE) {
      report("%s: the host memory of a captured copy must be pinned",
             header_name(copy.call).c_str());
      s->capture->invalidated = true;
      return STREAM_CAPTURE_UNSUPPORTED;
    }
  }
  return submit(stream, NODE_MEMCPY, [copy] { return copy.run(); });
}

template <class T>
int fill(const char *call, CUdeviceptr to, T value, size_t n, void *stream) {
  if (to % sizeof(T)) return INVALID_VALUE;
  if (int error = check_range(call, to, n * sizeof(T))) return error;
  return submit(stream, NODE_MEMSET, [=] {
    if (int error = check_range(call, to, n * sizeof(T))) return error;
    T *p = static_cast<T *>(memory(to));
    for (size_t i = 0; i < n; i++) p[i] = value;
    return int(SUCCESS);
  });
}

template <class T>
int fill_now(const char *call, CUdeviceptr to, T value, size_t n) {
  if (int error = refuse_legacy_during_capture()) return error;
  return fill(call, to, value, n, nullptr);
}

int allocate(CUdeviceptr *p, size_t bytes) {
  if (int error = refuse_during_capture()) return error;
  uintptr_t address;
  int error = allocate_device(current_context(), bytes, &address);
  if (!error) *p = address;
  return error;
}

int release(CUdeviceptr p) {
  if (int error = refuse_during_capture()) return error;
  return p ? free_device(p) : SUCCESS;
}

}  // namespace

DRIVER_API cuMemGetInfo_v2(size_t *available, size_t *total) {
  ENTER_CONTEXT();
  *total = environment().memory;
  size_t used = used_memory(current_context()) + used_by_others(current_context()->device);
  *available = used < *total ? *total - used : 0;
  return SUCCESS;
}

DRIVER_API cuMemAlloc_v2(CUdeviceptr *p, size_t bytes) {
  ENTER_CONTEXT();
  return allocate(p, bytes);
}

DRIVER_API cuMemAllocManaged(CUdeviceptr *p, size_t bytes, unsigned) {
  ENTER_CONTEXT();
  return allocate(p, bytes);
}

DRIVER_API cuMemAllocAsync(CUdeviceptr *p, size_t bytes, void *stream) {
  ENTER_CONTEXT();
  return find_stream(stream) ? allocate(p, bytes) : INVALID_HANDLE;
}

DRIVER_API cuMemFree_v2(CUdeviceptr p) {
  ENTER_CONTEXT();
  return release(p);
}

DRIVER_API cuMemFreeAsync(CUdeviceptr p, void *stream) {
  ENTER_CONTEXT();
  return find_stream(stream) ? release(p) : INVALID_HANDLE;
}

DRIVER_API cuMemGetAddressRange_v2(CUdeviceptr *start, size_t *bytes, CUdeviceptr p) {
  ENTER_CONTEXT();
  uintptr_t address;
  size_t size;
  if (!find_allocation(p, &address, &size)) return NOT_FOUND;
  if (start) *start = address;
  if (bytes) *bytes = size;
  return SUCCESS;
}

DRIVER_API cuMemHostAlloc(void **p, size_t bytes, unsigned) {
  ENTER_CONTEXT();
  if (int error = refuse_during_capture()) return error;
  return allocate_pinned(bytes, p);
}

DRIVER_API cuMemAllocHost_v2(void **p, size_t bytes) { return cuMemHostAlloc(p, bytes, 0); }

DRIVER_API cuMemFreeHost(void *p) {
  ENTER_CONTEXT();
  if (int error = refuse_during_capture()) return error;
  return free_pinned(p);
}

DRIVER_API cuMemHostRegister_v2(void *p, size_t bytes, unsigned) {
  ENTER_CONTEXT();
  return register_pinned(p, bytes);
}

DRIVER_API cuMemHostUnregister(void *p) {
  ENTER_CONTEXT();
  return unregister_pinned(p);
}

DRIVER_API cuMemHostGetDevicePointer_v2(CUdeviceptr *device, void *p, unsigned) {
  ENTER_CONTEXT();
  if (classify_host(p, 1) == Host::PAGEABLE) return INVALID_VALUE;
  *device = handle_of(p);
  return SUCCESS;
}

DRIVER_API cuMemHostGetFlags(unsigned *flags, void *p) {
  ENTER_CONTEXT();
  if (classify_host(p, 1) == Host::PAGEABLE) return INVALID_VALUE;
  *flags = 0;
  return SUCCESS;
}

DRIVER_API cuMemcpyHtoD_v2(CUdeviceptr to, const void *from, size_t bytes) {
  ENTER_CONTEXT();
  return copy_now({__func__, memory(to), from, bytes, true, false});
}

DRIVER_API cuMemcpyDtoH_v2(void *to, CUdeviceptr from, size_t bytes) {
  ENTER_CONTEXT();
  return copy_now({__func__, to, memory(from), bytes, false, true});
}

DRIVER_API cuMemcpyDtoD_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes) {
  ENTER_CONTEXT();
  return copy_now({__func__, memory(to), memory(from), bytes, true, true});
}

DRIVER_API cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *from, size_t bytes, void *stream) {
  ENTER_CONTEXT();
  return copy_async({__func__, memory(to), from, bytes, true, false}, stream);
}

DRIVER_API cuMemcpyDtoHAsync_v2(void *to, CUdeviceptr from, size_t bytes, void *stream) {
  ENTER_CONTEXT();
  return copy_async({__func__, to, memory(from), bytes, false, true}, stream);
}

DRIVER_API cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes, void *stream) {
  ENTER_CONTEXT();
  return copy_async({__func__, memory(to), memory(from), bytes, true, true}, stream);
}

DRIVER_API cuMemsetD8_v2(CUdeviceptr p, unsigned char value, size_t n) {
  ENTER_CONTEXT();
  return fill_now("cuMemsetD8", p, value, n);
}

DRIVER_API cuMemsetD16_v2(CUdeviceptr p, unsigned short value, size_t n) {
  ENTER_CONTEXT();
  return fill_now("cuMemsetD16", p, value, n);
}

DRIVER_API cuMemsetD32_v2(CUdeviceptr p, unsigned value, size_t n) {
  ENTER_CONTEXT();
  return fill_now("cuMemsetD32", p, value, n);
}

DRIVER_API cuMemsetD8Async(CUdeviceptr p, unsigned char value, size_t n, void *stream) {
  ENTER_CONTEXT();
  return fill("cuMemsetD8Async", p, value, n, stream);
}

DRIVER_API cuMemsetD16Async(CUdeviceptr p, unsigned short value, size_t n, void *stream) {
  ENTER_CONTEXT();
  return fill("cuMemsetD16Async", p, value, n, stream);
}

DRIVER_API cuMemsetD32Async(CUdeviceptr p, unsigned value, size_t n, void *stream) {
  ENTER_CONTEXT();
  return fill("cuMemsetD32Async", p, value, n, stream);
}
