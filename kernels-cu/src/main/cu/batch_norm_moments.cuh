// The statistics of a batch normalization, as batch_norm_columns_apply.cu reads them: coefficients f32 (4, C)
// are a shift, the mean's distance from it, the variance, and the factor 1 / sqrt(variance + epsilon).
#pragma once
#include "last_block.cuh"

namespace tarn {

// Stores those of channels first to end, which as many threads have.
__device__ __forceinline__ void store_moments(const Moments &v, float *coefficients, unsigned int channels,
                                              unsigned int first, unsigned int end, float epsilon) {
  const unsigned int channel = first + Threads::here().thread;
  if (channel >= end) return;
  const float variance = v.squares / v.count;
  coefficients[channel] = v.shift;
  coefficients[channels + channel] = v.mean;
  coefficients[2 * channels + channel] = variance;
  coefficients[3 * channels + channel] = 1.0f / sqrtf(variance + epsilon);
}

}  // namespace tarn
