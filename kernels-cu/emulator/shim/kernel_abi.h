// What compiled kernels and the emulated driver share: thread coordinates and the calls that may
// switch fibers. Included by both sides, so it uses no other header.
#pragma once

struct uint3 {
  unsigned int x, y, z;
};

struct dim3 {
  unsigned int x, y, z;
  constexpr dim3(unsigned int vx = 1, unsigned int vy = 1, unsigned int vz = 1)
      : x(vx), y(vy), z(vz) {}
  constexpr dim3(uint3 v) : x(v.x), y(v.y), z(v.z) {}
  constexpr operator uint3() const { return uint3{x, y, z}; }
};

// One thread of the running block.
struct TarnThread {
  uint3 thread_index;
  unsigned int lane;
};

// What all threads of the running block have in common.
struct TarnBlock {
  uint3 block_index;
  dim3 block_dim;
  dim3 grid_dim;
  void *dynamic_shared;
};

// The values that the lanes of a warp brought to one collective (__shfl_sync, __ballot_sync, ...).
struct TarnWarpValues {
  unsigned int arrived;  // bit per lane
  alignas(8) unsigned char lane[32][8];
};

// How a kernel presents itself to cuModuleGetFunction.
struct TarnKernel {
  void (*entry)(void **parameters);
  unsigned int max_threads;  // from __launch_bounds__, 1024 without
  unsigned int parameter_count;
  const unsigned int *parameter_sizes;  // bytes
};

// The line by which gather knows __syncwarp: threads of a warp may meet at different ones.
constexpr int TARN_SYNCWARP = 0;

enum TarnBarrier { TARN_SYNC, TARN_COUNT, TARN_AND, TARN_OR };

extern "C" {
// Set by the scheduler before a thread runs. Fibers never change their OS thread, so thread-local is
// right; initial-exec keeps the access to one load.
extern __attribute__((tls_model("initial-exec"))) __thread const TarnThread *tarn_thread;
extern __attribute__((tls_model("initial-exec"))) __thread const TarnBlock *tarn_block;

// __syncthreads and its voting forms; line is the caller's, to tell barriers apart.
int tarn_barrier(int kind, int predicate, int line);
// Waits until every lane of mask has come, then returns what they brought. The result is valid until
// the calling thread's next barrier or collective.
const TarnWarpValues *tarn_warp_gather(unsigned int mask, const void *value, unsigned int size,
                                       int line);
// What a detector of races learns besides single reads and writes.
void tarn_note_write(const void *p, unsigned int bytes);
void tarn_note_atomic(const void *p, unsigned int bytes);
void tarn_note_fence();
[[noreturn]] void tarn_trap();
[[noreturn]] void tarn_assert_fail(const char *expression, const char *file, int line);
int tarn_printf(const char *format, ...);
}
