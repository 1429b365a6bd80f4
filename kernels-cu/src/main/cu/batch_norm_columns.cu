// Batch normalization in training, and its gradient, of rows of channels (R, C): rows of features, or
// pixels whose channels lie last. Formulas are in batch_norm.cu.
//
// x, y, dx, dy: Element (R, C); scale, bias, mean, variance, dscale, dbias: f32 (C);
// partial: f32 (chunks, C, 2); coefficients: f32 (4, C)
//
// The rows are cut into chunks, a block each for X W channels, W of a thread: those of 16 bytes, or 1
// with -DTARN_SINGLE=1, where C is not a multiple of them. A first launch gives two numbers per chunk and
// channel, a second combines them in the order of the chunks, a third applies what came out.
// Deterministic, no atomics.
//
//   kernel                                  grid                        block      moves
//   *_statistics, *_grad_sums               (ceil(C / (X W)), chunks)   X x 256/X  R C, 2 R C elements
//   *_finish, *_grad_finish                 (ceil(C / 32))              32 x 8     8 chunks C bytes
//   *_grad, and in batch_norm_columns_apply.cu
//   batch_norm_columns                      as the first                           3 R C, 2 R C elements
//
// FLOPs: 7 R C and 3 R C forward, 4 R C and 5 R C backward.
//
// nvcc-check: -DTARN_BF16=0 -DTARN_SINGLE=0
// nvcc-check: -DTARN_BF16=1 -DTARN_SINGLE=0
// nvcc-check: -DTARN_BF16=1 -DTARN_SINGLE=1
#include "batch_norm_columns.cuh"

namespace tarn {

constexpr unsigned int kLanes = 8;  // threads that combine the chunks of a channel

// Numbers of the threads of a block, by row of threads.
struct Shared {
  float first[kWidth][256], second[kWidth][256];

  __device__ __forceinline__ void put(const float (&a)[kWidth], const float (&b)[kWidth]) {
    const unsigned int thread = threadIdx.y * blockDim.x + threadIdx.x;
#pragma unroll
    for (unsigned int k = 0; k < kWidth; k++) {
      first[k][thread] = a[k];
      second[k][thread] = b[k];
    }
    __syncthreads();
  }
};

// Some element of a channel. Distances from it are as small as the channel's spread, however large the
// mean is.
__device__ __forceinline__ float shift_of(const Element *x, unsigned int channel) {
  const float first = to_float(x[channel]);
  return first - first == 0.0f ? first : 0.0f;
}

// Adds other numbers to a mean and a sum of squared distances from it (Chan et al., "Updating Formulae
// and a Pairwise Algorithm for Computing Sample Variances", 1979).
__device__ __forceinline__ void merge(float &count, float &mean, float &squares, float other_count,
                                      float other_mean, float other_squares) {
  if (other_count == 0.0f) return;
  const float total = count + other_count, distance = other_mean - mean;
  const float part = other_count / total;
  mean += distance * part;
  squares += other_squares + distance * distance * count * part;
  count = total;
}

// The rows of a block's row of threads y, of a chunk of so many.
__device__ __forceinline__ float rows_of(unsigned int y, unsigned int rows) {
  return y < rows ? (float)((rows - y - 1) / blockDim.y + 1) : 0.0f;
}

}  // namespace tarn

extern "C" __global__ void __launch_bounds__(256)
    batch_norm_columns_statistics(const tarn::Element *x, float *partial, unsigned int channels,
                                  unsigned int rows, unsigned int chunk) {
  using namespace tarn;
  __shared__ Shared shared;
  const Tile tile(channels, rows, chunk);
  float shift[kWidth], mean[kWidth] = {}, squares[kWidth] = {};
#pragma unroll
  for (unsigned int k = 0; k < kWidth; k++) {
    shift[k] = tile.exists() ? shift_of(x, tile.channel + k) : 0.0f;
  }
  float count = 0.0f;
  tile.each<false>(x, nullptr, [&](unsigned long long, const Some &v, const Some &) {
    count += 1.0f;
    const float part = 1.0f / count;
#pragma unroll
    for (unsigned int k = 0; k < kWidth; k++) {
      const float value = to_float(v.v[k]) - shift[k], distance = value - mean[k];
      mean[k] += distance * part;
      squares[k] += distance * (value - mean[k]);
    }
  });
  shared.put(mean, squares);
  const unsigned int length = tile.end - tile.begin;
  if (threadIdx.y == 0) {
    for (unsigned int y = 1; y < blockDim.y; y++) {
      const unsigned int other = y * blockDim.x + threadIdx.x;
      const float total = rows_of(y, length);
      float sum = count;
#pragma unroll
      for (unsigned int k = 0; k < kWidth; k++) {
        sum = count;
        merge(sum, mean[k], squares[k], total, shared.first[k][other], shared.second[k][other]);
      }
      count = sum;
    }
  }
  tile.store_partial(partial, mean, squares);
}

extern "C" __global__ void __launch_bounds__(256)
    batch_norm_columns_finish(const tarn::Element *x, const float *scale, const float *bias,
                              const float *partial, float *mean, float *variance,
                              float *coefficients, unsigned int channels, unsigned int rows,
                              unsigned int chunk, unsigned int chunks, float epsilon) {
  using namespace tarn;
  __shared__ float shared[3][kLanes][32];
  const unsigned int channel = blockIdx.x * 32 + threadIdx.x, lane = threadIdx.y;
  float count = 0.0f, m = 0.0f, squares = 0.0f;
  if (channel < channels) {
    for (unsigned int i = lane; i < chunks; i += kLanes) {
      const float2 other =
          *reinterpret_cast<const float2 *>(partial + 2 * ((unsigned long long)i * channels + channel));
      merge(count, m, squares, (float)min(chunk, rows - i * chunk), other.x, other.y);
    }
  }
  shared[0][lane][threadIdx.x] = count;
  shared[1][lane][threadIdx.x] = m;
  shared[2][lane][threadIdx.x] = squares;
  __syncthreads();
  if (lane != 0 || channel >= channels) return;
  for (unsigned int i = 1; i < kLanes; i++) {
    merge(count, m, squares, shared[0][i][threadIdx.x], shared[1][i][threadIdx.x],
          shared[2][i][threadIdx.x]);
  }
  const float shift = shift_of(x, channel), var = squares / (float)rows;
  mean[channel] = shift + m;
  variance[channel] = var;
  coefficients[channel] = shift;
  coefficients[channels + channel] = m;
  coefficients[2 * channels + channel] = scale[channel] / sqrtf(var + epsilon);
  coefficients[3 * channels + channel] = bias[channel];
}

extern "C" __global__ void __launch_bounds__(256)
    batch_norm_columns_grad_sums(const tarn::Element *x, const float *mean, const tarn::Element *dy,
                                 float *partial, unsigned int channels, unsigned int rows,
                                 unsigned int chunk) {
  using namespace tarn;
  __shared__ Shared shared;
  const Tile tile(channels, rows, chunk);
  float m[kWidth], sums[kWidth] = {}, products[kWidth] = {};
  load_neighbours(m, mean + (tile.exists() ? tile.channel : 0));
  tile.each<true>(x, dy, [&](unsigned long long, const Some &v, const Some &d) {
#pragma unroll
    for (unsigned int k = 0; k < kWidth; k++) {
      const float gradient = to_float(d.v[k]);
      sums[k] += gradient;
      products[k] += gradient * (to_float(v.v[k]) - m[k]);
    }
  });
  shared.put(sums, products);
  if (threadIdx.y == 0) {
    for (unsigned int y = 1; y < blockDim.y; y++) {
      const unsigned int other = y * blockDim.x + threadIdx.x;
#pragma unroll
      for (unsigned int k = 0; k < kWidth; k++) {
        sums[k] += shared.first[k][other];
        products[k] += shared.second[k][other];
      }
    }
  }
  tile.store_partial(partial, sums, products);
}

extern "C" __global__ void __launch_bounds__(256)
    batch_norm_columns_grad_finish(const float *scale, const float *mean, const float *variance,
                                   const float *partial, float *dscale, float *dbias,
                                   float *coefficients, unsigned int channels, unsigned int rows,
                                   unsigned int chunks, float epsilon) {
  using namespace tarn;
  __shared__ float shared[2][kLanes][32];
  const unsigned int channel = blockIdx.x * 32 + threadIdx.x, lane = threadIdx.y;
  float sum = 0.0f, products = 0.0f;
  if (channel < channels) {
    for (unsigned int i = lane; i < chunks; i += kLanes) {
      const float2 other =
          *reinterpret_cast<const float2 *>(partial + 2 * ((unsigned long long)i * channels + channel));
      sum += other.x;
      products += other.y;
    }
  }
  shared[0][lane][threadIdx.x] = sum;
  shared[1][lane][threadIdx.x] = products;
  __syncthreads();
  if (lane != 0 || channel >= channels) return;
  for (unsigned int i = 1; i < kLanes; i++) {
    sum += shared[0][i][threadIdx.x];
    products += shared[1][i][threadIdx.x];
  }
  const float f = 1.0f / sqrtf(variance[channel] + epsilon);
  dscale[channel] = products * f;
  dbias[channel] = sum;
  coefficients[channel] = mean[channel];
  coefficients[channels + channel] = scale[channel] * f;
  coefficients[2 * channels + channel] = sum / (float)rows;
  coefficients[3 * channels + channel] = products * f / (float)rows * f;
}

extern "C" __global__ void __launch_bounds__(256)
    batch_norm_columns_grad(const tarn::Element *x, const tarn::Element *dy,
                            const float *coefficients, tarn::Element *dx, unsigned int channels,
                            unsigned int rows, unsigned int chunk) {
  using namespace tarn;
  const Tile tile(channels, rows, chunk);
  float mean[kWidth], factor[kWidth], offset[kWidth], slope[kWidth];
  const unsigned int channel = tile.exists() ? tile.channel : 0;
  load_neighbours(mean, coefficients + channel);
  load_neighbours(factor, coefficients + channels + channel);
  load_neighbours(offset, coefficients + 2 * channels + channel);
  load_neighbours(slope, coefficients + 3 * channels + channel);
  tile.each<true>(x, dy, [&](unsigned long long at, const Some &v, const Some &d) {
    Some result;
#pragma unroll
    for (unsigned int k = 0; k < kWidth; k++) {
      const float distance = to_float(v.v[k]) - mean[k];
      result.v[k] = element(factor[k] * (to_float(d.v[k]) - offset[k] - distance * slope[k]));
    }
    *reinterpret_cast<Some *>(dx + at) = result;
  });
}
