// The statistics of a convolution's results, of each channel over all pixels, for the batch normalization
// that reads them: with -DTARN_STATISTICS=1 a convolution on tensor cores computes them of what it stores.
#pragma once
#include "batch_norm_moments.cuh"

namespace tarn {

// Of the pixels of a warp: v[i][j] of lane 4 g + t is what pixel 8 i + g has in channel 8 t + j, and so
// many of them exist. to: in shared memory, of channel 8 t.
template <unsigned int kRows>
__device__ __forceinline__ void warp_moments(float (&v)[kRows][8], unsigned int pixels, Moments *to) {
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

// The least power of two that holds the channels of a tile.
__device__ __forceinline__ unsigned int width_of(unsigned int channels) {
  unsigned int width = 8;
  while (width < channels) width *= 2;
  return width;
}

}  // namespace tarn

#define TARN_STATISTICS_PARAMETERS                                                       \
  , tarn::Moments *partial, TARN_LAST_BLOCK_PARAMETERS, float *coefficients, float epsilon
