// Sums over all pixels, for each channel, of what a convolution on tensor cores stores, for the batch
// normalization that reads it: with -DTARN_STATISTICS=1 its statistics, with -DTARN_GRADIENT_SUMS=1, where it is
// a gradient by y, those that the gradient by x needs.
#pragma once
#include "batch_norm_coefficients.cuh"
#include "neighbours.cuh"

namespace tarn {

// The least power of two that holds the channels of a tile.
__device__ __forceinline__ unsigned int width_of(unsigned int channels) {
  unsigned int width = 8;
  while (width < channels) width *= 2;
  return width;
}

// of_warp gives the numbers of the pixels of a warp: v[i][j] of lane 4 g + t is what pixel first + 8 i + g
// has in channel channel + j, channel being 8 t from the warp's first on, and so many pixels exist. to:
// in shared memory, for channel. finish stores what was made of those of all pixels.
#if defined(TARN_STATISTICS) && TARN_STATISTICS
struct ChannelSums {
  float epsilon;

  template <unsigned int kRows>
  __device__ __forceinline__ void of_warp(float (&v)[kRows][8], unsigned int, unsigned int pixels,
                                          unsigned int, unsigned int, Moments *to) const {
    const unsigned int lane = threadIdx.x % 32;
    const float count = (float)pixels, divisor = fmaxf(count, 1.0f);
#pragma unroll
    for (unsigned int j = 0; j < 8; j++) {
      const float first = __shfl_sync(kAllLanes, v[0][j], lane % 4);
      const float shift = first - first == 0.0f ? first : 0.0f;
      float sum = 0.0f, squares = 0.0f;
#pragma unroll
      for (unsigned int i = 0; i < kRows; i++) {
        v[i][j] -= shift;
        if (i * 8 + lane / 4 < pixels) sum += v[i][j];
      }
#pragma unroll
      for (int mask = 4; mask < 32; mask *= 2) sum += shuffle_xor(sum, mask);
      const float mean = sum / divisor;
#pragma unroll
      for (unsigned int i = 0; i < kRows; i++) {
        const float distance = v[i][j] - mean;
        if (i * 8 + lane / 4 < pixels) squares += distance * distance;
      }
#pragma unroll
      for (int mask = 4; mask < 32; mask *= 2) squares += shuffle_xor(squares, mask);
      if (lane < 4) to[j] = Moments{shift, mean, squares, count};
    }
  }

  __device__ __forceinline__ void finish(const Moments &v, float *coefficients, unsigned int channels,
                                         unsigned int first, unsigned int end, float) const {
    store_moments(v, coefficients, channels, first, end, epsilon);
  }
};

#define TARN_SUMS tarn::Moments
#define TARN_SUMS_PARAMETERS                                                                       \
  , tarn::Moments *partial, TARN_LAST_BLOCK_PARAMETERS, float *coefficients, float epsilon
#define TARN_CHANNEL_SUMS \
  tarn::ChannelSums { epsilon }

#elif defined(TARN_GRADIENT_SUMS) && TARN_GRADIENT_SUMS

#if TARN_OUT_BF16
using Operand = Bf16;
#else
using Operand = float;
#endif

struct ChannelSums {
  const Operand *x;
  const float *mean, *variance;
  float epsilon;

  template <unsigned int kRows>
  __device__ __forceinline__ void of_warp(const float (&v)[kRows][8], unsigned int first,
                                          unsigned int pixels, unsigned int channel,
                                          unsigned int channels, Sums *to) const {
    const unsigned int lane = threadIdx.x % 32;
    float sums[8] = {}, products[8] = {}, means[8] = {};
    if (pixels > 0) load_neighbours(means, mean + channel);
#pragma unroll
    for (unsigned int i = 0; i < kRows; i++) {
      const unsigned int pixel = i * 8 + lane / 4;
      if (pixel >= pixels) continue;
      float values[8];
      load_neighbours(values, x + ((unsigned long long)(first + pixel) * channels + channel));
#pragma unroll
      for (unsigned int j = 0; j < 8; j++) {
        sums[j] += v[i][j];
        products[j] += v[i][j] * (values[j] - means[j]);
      }
    }
#pragma unroll
    for (unsigned int j = 0; j < 8; j++) {
#pragma unroll
      for (int mask = 4; mask < 32; mask *= 2) {
        sums[j] += shuffle_xor(sums[j], mask);
        products[j] += shuffle_xor(products[j], mask);
      }
      if (lane < 4) to[j] = Sums{sums[j], products[j]};
    }
  }

  __device__ __forceinline__ void finish(const Sums &v, float *coefficients, unsigned int channels,
                                         unsigned int first, unsigned int end, float rows) const {
    store_sums(v, variance, coefficients, channels, first, end, rows, epsilon);
  }
};

#define TARN_SUMS tarn::Sums
#define TARN_SUMS_PARAMETERS                                                                         \
  , const tarn::Operand *x, const float *mean, const float *variance, tarn::Sums *partial,           \
      TARN_LAST_BLOCK_PARAMETERS, float *coefficients, float epsilon
#define TARN_CHANNEL_SUMS \
  tarn::ChannelSums { x, mean, variance, epsilon }

#else
#define TARN_SUMS_PARAMETERS
#endif

}  // namespace tarn
