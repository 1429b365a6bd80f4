// Softmax of rows and its logarithm, and the gradients.
//
//   softmax            y[n,c] = exp(x[n,c] - m) / s     with the row's largest element m
//   log_softmax        y[n,c] = x[n,c] - m - log(s)     and s = sum_c exp(x[n,c] - m)
//   softmax_grad       dx[n,c] = y[n,c] (dy[n,c] - sum_k dy[n,k] y[n,k])
//   log_softmax_grad   dx[n,c] = dy[n,c] - exp(y[n,c]) sum_k dy[n,k]
//
// x, y, dy, dx: f32 (N, C)
//
//   ..._warp   C <= 1024  grid (ceil(N / 8))  block 256  a warp a row
//   ..._block  C >  1024  grid (N)            block 256  a block a row
//
// Forward moves 8 N C bytes, the gradients 12 N C; what is read again hits the cache.
#include "collectives.cuh"

namespace tarn {

// The threads of a row: a warp of several in a block.
struct Warp {
  unsigned int row = blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32;
  unsigned int first = threadIdx.x % 32;
  unsigned int step = 32;
  template <class C>
  __device__ __forceinline__ float reduce(float v, float *) const {
    return warp_reduce<C>(v);
  }
};

// The threads of a row: a block.
struct Block {
  unsigned int row = blockIdx.x;
  unsigned int first = threadIdx.x;
  unsigned int step = blockDim.x;
  template <class C>
  __device__ __forceinline__ float reduce(float v, float *scratch) const {
    return block_reduce<C>(v, scratch);
  }
};

template <class Threads, bool kLog>
__device__ __forceinline__ void softmax(const float *x, float *y, unsigned int rows,
                                        unsigned int columns, float *scratch) {
  const Threads threads;
  if (threads.row >= rows) return;  // all threads of a row leave together
  const unsigned long long begin = (unsigned long long)threads.row * columns;
  const float *in = x + begin;
  float m = Max::identity();
  for (unsigned int c = threads.first; c < columns; c += threads.step) m = Max::combine(m, in[c]);
  m = threads.template reduce<Max>(m, scratch);
  float s = 0.0f;
  for (unsigned int c = threads.first; c < columns; c += threads.step) s += expf(in[c] - m);
  s = threads.template reduce<Sum>(s, scratch);
  const float scale = kLog ? logf(s) : 1.0f / s;
  for (unsigned int c = threads.first; c < columns; c += threads.step) {
    y[begin + c] = kLog ? in[c] - m - scale : expf(in[c] - m) * scale;
  }
}

template <class Threads, bool kLog>
__device__ __forceinline__ void softmax_grad(const float *y, const float *dy, float *dx,
                                             unsigned int rows, unsigned int columns,
                                             float *scratch) {
  const Threads threads;
  if (threads.row >= rows) return;  // all threads of a row leave together
  const unsigned long long begin = (unsigned long long)threads.row * columns;
  float s = 0.0f;
  for (unsigned int c = threads.first; c < columns; c += threads.step) {
    s += kLog ? dy[begin + c] : dy[begin + c] * y[begin + c];
  }
  s = threads.template reduce<Sum>(s, scratch);
  for (unsigned int c = threads.first; c < columns; c += threads.step) {
    const unsigned long long i = begin + c;
    dx[i] = kLog ? dy[i] - expf(y[i]) * s : y[i] * (dy[i] - s);
  }
}

}  // namespace tarn

#define TARN_SOFTMAX(name, threads, log)                                                     \
  extern "C" __global__ void __launch_bounds__(256)                                          \
      name(const float *x, float *y, unsigned int rows, unsigned int columns) {              \
    __shared__ float scratch[32];                                                            \
    tarn::softmax<tarn::threads, log>(x, y, rows, columns, scratch);                         \
  }

#define TARN_SOFTMAX_GRAD(name, threads, log)                                                \
  extern "C" __global__ void __launch_bounds__(256)                                          \
      name(const float *y, const float *dy, float *dx, unsigned int rows,                    \
           unsigned int columns) {                                                           \
    __shared__ float scratch[32];                                                            \
    tarn::softmax_grad<tarn::threads, log>(y, dy, dx, rows, columns, scratch);               \
  }

TARN_SOFTMAX(softmax_warp, Warp, false)
TARN_SOFTMAX(softmax_block, Block, false)
TARN_SOFTMAX(log_softmax_warp, Warp, true)
TARN_SOFTMAX(log_softmax_block, Block, true)
TARN_SOFTMAX_GRAD(softmax_grad_warp, Warp, false)
TARN_SOFTMAX_GRAD(softmax_grad_block, Block, false)
TARN_SOFTMAX_GRAD(log_softmax_grad_warp, Warp, true)
TARN_SOFTMAX_GRAD(log_softmax_grad_block, Block, true)
