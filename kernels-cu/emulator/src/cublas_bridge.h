// What libcublas.so.12 needs of libcuda.so.1.
#pragma once

#include <cstddef>
#include <functional>

#define BRIDGE extern "C" __attribute__((visibility("default")))

// Runs the operation in the stream, or adds it to the graph that the stream captures.
BRIDGE int tarn_emulator_submit_gemm(void *stream, const std::function<int()> *operation);
// CUDA_SUCCESS, or an error with a message if the range is not inside one device allocation.
BRIDGE int tarn_emulator_check_range(const char *what, const void *p, size_t bytes);
// An error if the calling thread may not allocate because of a capture.
BRIDGE int tarn_emulator_check_allocation();
BRIDGE int tarn_emulator_injected_fault(const char *function);
BRIDGE void tarn_emulator_parallel_for(long total, void (*body)(void *context, long i),
                                       void *context);
