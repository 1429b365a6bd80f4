#include "cublas_bridge.h"

#include "driver.h"
#include "launch.h"

using namespace tarn;

int tarn_emulator_submit_gemm(void *stream, const std::function<int()> *operation) {
  Context *context = current_context();
  if (!context) return INVALID_CONTEXT;
  if (context->sticky) return context->sticky;
  Stream *s = find_stream(stream);
  if (s && !s->capture) count(GEMMS_OUTSIDE_GRAPHS);
  return submit(stream, NODE_GEMM, *operation);
}

int tarn_emulator_check_range(const char *what, const void *p, size_t bytes) {
  // A matrix outside device memory is what a GPU finds out while the kernel runs.
  return check_range(what, reinterpret_cast<CUdeviceptr>(p), bytes) ? ILLEGAL_ADDRESS : SUCCESS;
}

int tarn_emulator_check_allocation() {
  if (!initialized()) return NOT_INITIALIZED;
  return refuse_during_capture();
}

int tarn_emulator_injected_fault(const char *function) { return injected_fault(function); }

void tarn_emulator_parallel_for(long total, void (*body)(void *context, long i), void *context) {
  parallel_for(total, body, context);
}
