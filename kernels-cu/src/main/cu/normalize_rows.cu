// Each row shifted and scaled to mean 0 and variance 1, and the gradient.
//
//   y[r,d] = (x[r,d] - mean[r]) / sqrt(variance[r] + epsilon), with the biased variance
//   dx[r,d] = f (dy[r,d] - mean_d(dy) - h[r,d] mean_d(dy h)), f = 1 / sqrt(variance[r] + epsilon),
//             h = (x - mean) f
//
// x, y, dx, dy: Element (R, D); mean, variance: f32 (R)
//
//   normalize_rows_warp, normalize_rows_grad_warp    D <= 1024  grid (ceil(R / 8))  block 256
//   normalize_rows_block, normalize_rows_grad_block  D >  1024  grid (R)            block 256
//
// A warp holds its row in registers; a block reads its row again, from the cache. Accesses are 16 bytes;
// with -DTARN_SINGLE=1, for a D that is not a multiple of them, an element. The variance is the mean of
// the squared distances from the mean. Forward moves 2 R D elements, the gradient 3 R D.
//
// nvcc-check: -DTARN_BF16=0 -DTARN_SINGLE=0
// nvcc-check: -DTARN_BF16=1 -DTARN_SINGLE=0
// nvcc-check: -DTARN_BF16=1 -DTARN_SINGLE=1
#include "collectives.cuh"
#include "element.cuh"

namespace tarn {

constexpr unsigned int kAccesses = 32 / kWidth;  // of a lane that holds 32 elements
constexpr unsigned int kAhead = 4;               // of a thread that does not hold its row, at once

// How the threads of a row add up: a warp, or a block.
struct Warp {
  __device__ __forceinline__ static unsigned int first() { return threadIdx.x % 32; }
  __device__ __forceinline__ static unsigned int step() { return 32; }
  __device__ __forceinline__ static float sum(float v) { return warp_reduce<Sum>(v); }
};

struct Block {
  __device__ __forceinline__ static unsigned int first() { return threadIdx.x; }
  __device__ __forceinline__ static unsigned int step() { return blockDim.x; }
  __device__ __forceinline__ static float sum(float v) {
    __shared__ float scratch[32];
    return block_reduce<Sum>(v, scratch);
  }
};

// The mean with what rounding left of it, the variance, and the factor.
struct Statistics {
  float mean, rest, variance, factor;
};

__device__ __forceinline__ Statistics statistics(float mean, float distances, float squares,
                                                 unsigned int columns, float epsilon) {
  const float rest = distances / columns;
  const float variance = squares / columns - rest * rest;
  return Statistics{mean, rest, variance, 1.0f / sqrtf(variance + epsilon)};
}

// Calls work(i, x, y) for this thread's accesses of a row, each from element i on, with what lies there in
// a and, with kTwo, in b. All of a round are begun before the first is waited for: past the end of the row
// the round's first is read again, because a branch would wait for what is loaded in it.
template <class Threads, bool kTwo, class Work>
__device__ __forceinline__ void each(const Element *a, const Element *b, unsigned int columns,
                                     const Work &work) {
  const unsigned int apart = Threads::step() * kWidth;
  for (unsigned int i = Threads::first() * kWidth; i < columns; i += kAhead * apart) {
    Some x[kAhead], y[kAhead];
#pragma unroll
    for (unsigned int k = 0; k < kAhead; k++) {
      const unsigned int at = i + k * apart < columns ? i + k * apart : i;
      x[k] = *reinterpret_cast<const Some *>(a + at);
      if (kTwo) y[k] = *reinterpret_cast<const Some *>(b + at);
    }
#pragma unroll
    for (unsigned int k = 0; k < kAhead; k++) {
      if (i + k * apart < columns) work(i + k * apart, x[k], y[k]);
    }
  }
}

}  // namespace tarn

extern "C" __global__ void __launch_bounds__(256)
    normalize_rows_warp(const tarn::Element *x, tarn::Element *y, float *mean, float *variance,
                        unsigned int rows, unsigned int columns, float epsilon) {
  using namespace tarn;
  const unsigned int r = blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32;
  if (r >= rows) return;  // whole warps leave together
  const unsigned int lane = threadIdx.x % 32;
  const Element *row = x + (unsigned long long)r * columns;
  float v[kAccesses][kWidth];
  float sum = 0.0f;
#pragma unroll
  for (unsigned int k = 0; k < kAccesses; k++) {
    const unsigned int i = (lane + 32 * k) * kWidth;
    Some some = {};
    if (i < columns) some = *reinterpret_cast<const Some *>(row + i);
#pragma unroll
    for (unsigned int j = 0; j < kWidth; j++) {
      v[k][j] = to_float(some.v[j]);
      sum += v[k][j];
    }
  }
  const float m = Warp::sum(sum) / columns;
  float distances = 0.0f, squares = 0.0f;
#pragma unroll
  for (unsigned int k = 0; k < kAccesses; k++) {
    if ((lane + 32 * k) * kWidth < columns) {
#pragma unroll
      for (unsigned int j = 0; j < kWidth; j++) {
        v[k][j] -= m;
        distances += v[k][j];
        squares += v[k][j] * v[k][j];
      }
    }
  }
  distances = Warp::sum(distances);
  squares = Warp::sum(squares);
  const Statistics s = statistics(m, distances, squares, columns, epsilon);
  Element *out = y + (unsigned long long)r * columns;
#pragma unroll
  for (unsigned int k = 0; k < kAccesses; k++) {
    const unsigned int i = (lane + 32 * k) * kWidth;
    Some some;
#pragma unroll
    for (unsigned int j = 0; j < kWidth; j++) some.v[j] = element((v[k][j] - s.rest) * s.factor);
    if (i < columns) *reinterpret_cast<Some *>(out + i) = some;
  }
  if (lane == 0) {
    mean[r] = s.mean + s.rest;
    variance[r] = s.variance;
  }
}

extern "C" __global__ void __launch_bounds__(256)
    normalize_rows_block(const tarn::Element *x, tarn::Element *y, float *mean, float *variance,
                         unsigned int rows, unsigned int columns, float epsilon) {
  using namespace tarn;
  const unsigned int r = blockIdx.x;
  const Element *row = x + (unsigned long long)r * columns;
  float sum = 0.0f;
  each<Block, false>(row, nullptr, columns, [&](unsigned int, const Some &some, const Some &) {
#pragma unroll
    for (unsigned int j = 0; j < kWidth; j++) sum += to_float(some.v[j]);
  });
  const float m = Block::sum(sum) / columns;
  float distances = 0.0f, squares = 0.0f;
  each<Block, false>(row, nullptr, columns, [&](unsigned int, const Some &some, const Some &) {
#pragma unroll
    for (unsigned int j = 0; j < kWidth; j++) {
      const float d = to_float(some.v[j]) - m;
      distances += d;
      squares += d * d;
    }
  });
  distances = Block::sum(distances);
  squares = Block::sum(squares);
  const Statistics s = statistics(m, distances, squares, columns, epsilon);
  Element *out = y + (unsigned long long)r * columns;
  each<Block, false>(row, nullptr, columns, [&](unsigned int i, const Some &some, const Some &) {
    Some result;
#pragma unroll
    for (unsigned int j = 0; j < kWidth; j++) {
      result.v[j] = element((to_float(some.v[j]) - m - s.rest) * s.factor);
    }
    *reinterpret_cast<Some *>(out + i) = result;
  });
  if (threadIdx.x == 0) {
    mean[r] = s.mean + s.rest;
    variance[r] = s.variance;
  }
}

namespace tarn {

template <class Threads>
__device__ __forceinline__ void normalize_rows_grad(const Element *x, const float *mean,
                                                    const float *variance, const Element *dy,
                                                    Element *dx, unsigned int r,
                                                    unsigned int columns, float epsilon) {
  const unsigned long long at = (unsigned long long)r * columns;
  const float m = mean[r], f = 1.0f / sqrtf(variance[r] + epsilon);
  float sum = 0.0f, products = 0.0f;
  each<Threads, true>(x + at, dy + at, columns, [&](unsigned int, const Some &some, const Some &gradients) {
#pragma unroll
    for (unsigned int j = 0; j < kWidth; j++) {
      const float d = to_float(gradients.v[j]);
      sum += d;
      products += d * ((to_float(some.v[j]) - m) * f);
    }
  });
  sum = Threads::sum(sum) / columns;
  products = Threads::sum(products) / columns;
  each<Threads, true>(x + at, dy + at, columns, [&](unsigned int i, const Some &some, const Some &gradients) {
    Some result;
#pragma unroll
    for (unsigned int j = 0; j < kWidth; j++) {
      const float h = (to_float(some.v[j]) - m) * f;
      result.v[j] = element(f * (to_float(gradients.v[j]) - sum - h * products));
    }
    *reinterpret_cast<Some *>(dx + at + i) = result;
  });
}

}  // namespace tarn

extern "C" __global__ void __launch_bounds__(256)
    normalize_rows_grad_warp(const tarn::Element *x, const float *mean, const float *variance,
                             const tarn::Element *dy, tarn::Element *dx, unsigned int rows,
                             unsigned int columns, float epsilon) {
  const unsigned int r = blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32;
  if (r >= rows) return;  // whole warps leave together
  tarn::normalize_rows_grad<tarn::Warp>(x, mean, variance, dy, dx, r, columns, epsilon);
}

extern "C" __global__ void __launch_bounds__(256)
    normalize_rows_grad_block(const tarn::Element *x, const float *mean, const float *variance,
                              const tarn::Element *dy, tarn::Element *dx, unsigned int rows,
                              unsigned int columns, float epsilon) {
  tarn::normalize_rows_grad<tarn::Block>(x, mean, variance, dy, dx, blockIdx.x, columns, epsilon);
}
