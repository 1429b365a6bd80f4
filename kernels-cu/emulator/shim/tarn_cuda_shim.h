// CUDA C++ for g++: included in front of every .cu text by the emulated NVRTC.
//
// __global__, __shared__ and __launch_bounds__ are not macros: kernel_source.cpp rewrites them after
// preprocessing. System headers are out of reach here as they are under the real NVRTC.
#pragma once
#include "kernel_abi.h"

#define __TARN_EMULATOR__ 1
#define __CUDACC__ 1
#define __CUDACC_RTC__ 1
#define __NVCC__ 1
#define __CUDACC_VER_MAJOR__ 12
#define __CUDACC_VER_MINOR__ 6

#define __device__
#define __host__
#define __constant__
#define __managed__
#define __grid_constant__
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __inline_hint__
#define __align__(n) __attribute__((aligned(n)))
#define __restrict__ __restrict
#define __cudart_builtin__

// Functions whose accesses a detector of races is told of, rather than shown.
#ifdef __TARN_RACES__
#define TARN_UNWATCHED __attribute__((no_sanitize_thread))
#else
#define TARN_UNWATCHED
#endif

typedef __SIZE_TYPE__ size_t;
typedef __PTRDIFF_TYPE__ ptrdiff_t;

#define threadIdx (tarn_thread->thread_index)
#define blockIdx (tarn_block->block_index)
#define blockDim (tarn_block->block_dim)
#define gridDim (tarn_block->grid_dim)
static const int warpSize = 32;

#define printf tarn_printf
#ifdef NDEBUG
#define assert(e) ((void)0)
#else
#define assert(e) ((e) ? (void)0 : tarn_assert_fail(#e, __FILE__, __LINE__))
#endif

extern "C" {
void *memcpy(void *, const void *, size_t) noexcept;
void *memset(void *, int, size_t) noexcept;
}

static inline void __trap() { tarn_trap(); }
static inline void __brkpt() {}
static inline void __nanosleep(unsigned int) {}
static inline long long clock64() { return (long long)__builtin_ia32_rdtsc(); }
static inline int clock() { return (int)clock64(); }

#include "shim_vectors.h"
#include "shim_math.h"
#include "shim_warp.h"
#include "shim_atomics.h"
#include "shim_half.h"
#include "shim_entry.h"
