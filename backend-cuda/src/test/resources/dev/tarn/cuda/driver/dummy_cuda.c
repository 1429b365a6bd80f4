/* A driver that answers what its environment says, and knows no more than loading asks for. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static int setting(const char *name, int fallback) {
  const char *value = getenv(name);
  return value ? atoi(value) : fallback;
}

int cuDriverGetVersion(int *version) {
  *version = setting("DUMMY_DRIVER_VERSION", 12060);
  return setting("DUMMY_DRIVER_STATUS", 0);
}
int cuInit(unsigned flags) { return setting("DUMMY_INIT_STATUS", 0); }
int cuDeviceGetCount(int *count) {
  *count = setting("DUMMY_DEVICE_COUNT", 1);
  return 0;
}
int cuDeviceGet(int *device, int index) {
  *device = index;
  return 0;
}
int cuDeviceGetName(char *name, int length, int device) {
  strncpy(name, "Dummy GPU", length);
  return 0;
}
int cuDeviceTotalMem_v2(size_t *bytes, int device) {
  *bytes = (size_t)8 << 30;
  return 0;
}
int cuDeviceGetAttribute(int *value, int attribute, int device) {
  *value = 9;
  return 0;
}
int cuDeviceGetUuid(void *uuid, int device) { return 801; }
int cuDeviceGetPCIBusId(char *id, int length, int device) { return 801; }
int cuDevicePrimaryCtxRetain(void **context, int device) {
  *context = (void *)1;
  return setting("DUMMY_CONTEXT_STATUS", 0);
}
int cuDevicePrimaryCtxRelease_v2(int device) { return 0; }
int cuCtxSetCurrent(void *context) { return 0; }
int cuMemAlloc_v2(unsigned long long *address, size_t bytes) { return 2; }
int cuMemGetInfo_v2(size_t *free_bytes, size_t *total) {
  *free_bytes = (size_t)3 << 29;
  *total = (size_t)8 << 30;
  return 0;
}
int cuGetErrorString(int error, const char **text) {
  *text = "out of memory";
  return error == 2 ? 0 : 1;
}
