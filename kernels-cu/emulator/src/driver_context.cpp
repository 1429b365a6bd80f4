// Contexts: primary and created ones, the stack of each thread.
#include "driver.h"

namespace tarn {
namespace {

thread_local std::vector<Context *> context_stack;

Handles<Context> &contexts() {
  static auto *all = new Handles<Context>;
  return *all;
}

bool is_context(void *handle) {
  for (int i = 0; i < environment().devices; i++) {
    if (handle == &find_device(i)->primary) return true;
  }
  return contexts().find(handle) != nullptr;
}

// What a context leaves behind goes with it, its error included.
void reset_primary(Device &device) {
  release_memory(&device.primary);
  device.primary.sticky = SUCCESS;
}

}  // namespace

Context *current_context() { return context_stack.empty() ? nullptr : context_stack.back(); }

int enter_context(const char *function) {
  if (int error = enter(function)) return error;
  Context *context = current_context();
  if (!context) return INVALID_CONTEXT;
  return context->sticky;
}

}  // namespace tarn

using namespace tarn;

DRIVER_API cuDevicePrimaryCtxRetain(void **context, int device) {
  ENTER();
  Device *d = find_device(device);
  if (!d) return INVALID_DEVICE;
  d->primary_references++;
  *context = &d->primary;
  return SUCCESS;
}

DRIVER_API cuDevicePrimaryCtxRelease_v2(int device) {
  ENTER();
  Device *d = find_device(device);
  if (!d) return INVALID_DEVICE;
  if (d->primary_references == 0) return INVALID_CONTEXT;
  if (--d->primary_references == 0) reset_primary(*d);
  return SUCCESS;
}

DRIVER_API cuDevicePrimaryCtxReset_v2(int device) {
  ENTER();
  Device *d = find_device(device);
  if (!d) return INVALID_DEVICE;
  reset_primary(*d);
  return SUCCESS;
}

DRIVER_API cuDevicePrimaryCtxGetState(int device, unsigned *flags, int *active) {
  ENTER();
  Device *d = find_device(device);
  if (!d) return INVALID_DEVICE;
  *flags = d->primary.flags;
  *active = d->primary_references > 0;
  return SUCCESS;
}

DRIVER_API cuDevicePrimaryCtxSetFlags_v2(int device, unsigned flags) {
  ENTER();
  Device *d = find_device(device);
  if (!d) return INVALID_DEVICE;
  d->primary.flags = flags;
  return SUCCESS;
}

DRIVER_API cuCtxCreate_v2(void **context, unsigned flags, int device) {
  ENTER();
  if (!find_device(device)) return INVALID_DEVICE;
  auto created = std::make_unique<Context>();
  created->device = device;
  created->flags = flags;
  context_stack.push_back(contexts().add(std::move(created)));
  *context = context_stack.back();
  return SUCCESS;
}

DRIVER_API cuCtxDestroy_v2(void *context) {
  ENTER();
  auto taken = contexts().take(context);
  if (!taken) return INVALID_CONTEXT;
  release_memory(taken.get());
  if (current_context() == context) context_stack.pop_back();
  return SUCCESS;
}

DRIVER_API cuCtxSetCurrent(void *context) {
  ENTER();
  if (context && !is_context(context)) return INVALID_CONTEXT;
  if (!context_stack.empty()) context_stack.pop_back();
  if (context) context_stack.push_back(static_cast<Context *>(context));
  return SUCCESS;
}

DRIVER_API cuCtxGetCurrent(void **context) {
  ENTER();
  *context = current_context();
  return SUCCESS;
}

DRIVER_API cuCtxPushCurrent_v2(void *context) {
  ENTER();
  if (!is_context(context)) return INVALID_CONTEXT;
  context_stack.push_back(static_cast<Context *>(context));
  return SUCCESS;
}

DRIVER_API cuCtxPopCurrent_v2(void **context) {
  ENTER();
  if (context_stack.empty()) return INVALID_CONTEXT;
  if (context) *context = context_stack.back();
  context_stack.pop_back();
  return SUCCESS;
}

DRIVER_API cuCtxGetDevice(int *device) {
  ENTER_CONTEXT();
  *device = current_context()->device;
  return SUCCESS;
}

DRIVER_API cuCtxGetFlags(unsigned *flags) {
  ENTER_CONTEXT();
  *flags = current_context()->flags;
  return SUCCESS;
}

DRIVER_API cuCtxGetApiVersion(void *, unsigned *version) {
  ENTER();
  *version = unsigned(environment().driver_version);
  return SUCCESS;
}

DRIVER_API cuCtxGetStreamPriorityRange(int *least, int *greatest) {
  ENTER_CONTEXT();
  if (least) *least = 0;
  if (greatest) *greatest = -5;
  return SUCCESS;
}

DRIVER_API cuCtxSetCacheConfig(int) {
  ENTER_CONTEXT();
  return SUCCESS;
}

DRIVER_API cuCtxSetLimit(int, size_t) {
  ENTER_CONTEXT();
  return SUCCESS;
}

DRIVER_API cuCtxSynchronize() {
  ENTER_CONTEXT();
  return refuse_during_capture();
}
