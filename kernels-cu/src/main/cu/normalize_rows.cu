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
// A warp holds its row in registers; a block reads its row again, from the cache. The variance is
// the mean of the squared distances from the mean. Forward moves 2 R D elements, the gradient 3 R D.
//
// nvcc-check: -DTARN_BF16=0
// nvcc-check: -DTARN_BF16=1
#include "collectives.cuh"
#include "element.cuh"

namespace tarn {

constexpr unsigned int kPerLane = 32;

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

}  // namespace tarn

extern "C" __global__ void __launch_bounds__(256)
    normalize_rows_warp(const tarn::Element *x, tarn::Element *y, float *mean, float *variance,
                        unsigned int rows, unsigned int columns, float epsilon) {
  const unsigned int r = blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32;
  if (r >= rows) return;  // whole warps leave together
  const unsigned int lane = threadIdx.x % 32;
  const tarn::Element *row = x + (unsigned long long)r * columns;
  float v[tarn::kPerLane];
  float sum = 0.0f;
#pragma unroll
  for (unsigned int k = 0; k < tarn::kPerLane; k++) {
    const unsigned int i = lane + 32 * k;
    v[k] = i < columns ? tarn::to_float(row[i]) : 0.0f;
    sum += v[k];
  }
  const float m = tarn::Warp::sum(sum) / columns;
  float distances = 0.0f, squares = 0.0f;
#pragma unroll
  for (unsigned int k = 0; k < tarn::kPerLane; k++) {
    if (lane + 32 * k < columns) {
      v[k] -= m;
      distances += v[k];
      squares += v[k] * v[k];
    }
  }
  distances = tarn::Warp::sum(distances);
  squares = tarn::Warp::sum(squares);
  const tarn::Statistics s = tarn::statistics(m, distances, squares, columns, epsilon);
  tarn::Element *out = y + (unsigned long long)r * columns;
#pragma unroll
  for (unsigned int k = 0; k < tarn::kPerLane; k++) {
    const unsigned int i = lane + 32 * k;
    if (i < columns) out[i] = tarn::element((v[k] - s.rest) * s.factor);
  }
  if (lane == 0) {
    mean[r] = s.mean + s.rest;
    variance[r] = s.variance;
  }
}

extern "C" __global__ void __launch_bounds__(256)
    normalize_rows_block(const tarn::Element *x, tarn::Element *y, float *mean, float *variance,
                         unsigned int rows, unsigned int columns, float epsilon) {
  const unsigned int r = blockIdx.x, first = tarn::Block::first(), step = tarn::Block::step();
  const tarn::Element *row = x + (unsigned long long)r * columns;
  float sum = 0.0f;
#pragma unroll 4
  for (unsigned int i = first; i < columns; i += step) sum += tarn::to_float(row[i]);
  const float m = tarn::Block::sum(sum) / columns;
  float distances = 0.0f, squares = 0.0f;
#pragma unroll 4
  for (unsigned int i = first; i < columns; i += step) {
    const float d = tarn::to_float(row[i]) - m;
    distances += d;
    squares += d * d;
  }
  distances = tarn::Block::sum(distances);
  squares = tarn::Block::sum(squares);
  const tarn::Statistics s = tarn::statistics(m, distances, squares, columns, epsilon);
  tarn::Element *out = y + (unsigned long long)r * columns;
#pragma unroll 4
  for (unsigned int i = first; i < columns; i += step) {
    out[i] = tarn::element((tarn::to_float(row[i]) - m - s.rest) * s.factor);
  }
  if (first == 0) {
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
  const unsigned int first = Threads::first(), step = Threads::step();
  const unsigned long long at = (unsigned long long)r * columns;
  const float m = mean[r], f = 1.0f / sqrtf(variance[r] + epsilon);
  float sum = 0.0f, products = 0.0f;
#pragma unroll 4
  for (unsigned int i = first; i < columns; i += step) {
    const float d = to_float(dy[at + i]);
    sum += d;
    products += d * ((to_float(x[at + i]) - m) * f);
  }
  sum = Threads::sum(sum) / columns;
  products = Threads::sum(products) / columns;
#pragma unroll 4
  for (unsigned int i = first; i < columns; i += step) {
    dx[at + i] =
        element(f * (to_float(dy[at + i]) - sum - (to_float(x[at + i]) - m) * f * products));
  }
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
                              const tarn::Element *dy, tarn::Element *dx, unsigned int rows, unsigned int columns,
                              float epsilon) {
  tarn::normalize_rows_grad<tarn::Block>(x, mean, variance, dy, dx, blockIdx.x, columns, epsilon);
}
