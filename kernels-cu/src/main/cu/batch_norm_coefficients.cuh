// What batch normalization and its gradient apply to rows of channels, of sums over all rows; coefficients:
// f32, a row of all channels each.
#pragma once
#include "last_block.cuh"

namespace tarn {

// For batch_norm_columns_apply.cu, of channels first to end, which as many threads have: a shift, the mean's
// distance from it, the variance, and the factor 1 / sqrt(variance + epsilon).
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

// For batch_norm_columns_grad, of the sums of dy and of dy (x - mean): dbias, dscale, what dy loses for each,
// and the factor 1 / sqrt(variance + epsilon).
__device__ __forceinline__ void store_sums(const Sums &v, const float *variance, float *coefficients,
                                           unsigned int channels, unsigned int first, unsigned int end,
                                           float rows, float epsilon) {
  const unsigned int channel = first + Threads::here().thread;
  if (channel >= end) return;
  const float factor = 1.0f / sqrtf(variance[channel] + epsilon);
  coefficients[channel] = v.first;
  coefficients[channels + channel] = v.second * factor;
  coefficients[2 * channels + channel] = v.first / rows;
  coefficients[3 * channels + channel] = v.second * factor / rows * factor;
  coefficients[4 * channels + channel] = factor;
}

}  // namespace tarn
