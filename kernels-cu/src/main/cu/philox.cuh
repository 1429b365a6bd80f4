// Philox4x32-10 (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011): four random
// words from a key of two and a counter of four. Bit-identical to dev.tarn.internal.Philox.
#pragma once

namespace tarn {

__device__ __forceinline__ uint4 philox(unsigned int k0, unsigned int k1, uint4 c) {
#pragma unroll
  for (int round = 0; round < 10; round++) {
    const unsigned int high0 = __umulhi(0xD2511F53u, c.x), low0 = 0xD2511F53u * c.x;
    const unsigned int high1 = __umulhi(0xCD9E8D57u, c.z), low1 = 0xCD9E8D57u * c.z;
    c = make_uint4(high1 ^ c.y ^ k0, low1, high0 ^ c.w ^ k1, low0);
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return c;
}

// What keys and counts the words of a dropout mask. seed: i32[2]; step: i32[].
__device__ __forceinline__ uint4 dropout_words(const int *seed, const int *step, unsigned int group,
                                               unsigned int stream_low, unsigned int stream_high) {
  const uint4 counter = make_uint4(group, (unsigned int)*step, stream_low, stream_high);
  return philox((unsigned int)seed[0], (unsigned int)seed[1], counter);
}

// The dropout mask of W elements from 4 * group on: scale where the element's word is at most the
// threshold, else 0.
template <int W>
__device__ __forceinline__ void dropout_mask(float (&mask)[W], const int *seed, const int *step,
                                             unsigned int group, unsigned int stream_low,
                                             unsigned int stream_high, unsigned int threshold,
                                             float scale) {
#pragma unroll
  for (int i = 0; i < W; i += 4) {
    const uint4 words = dropout_words(seed, step, group + i / 4, stream_low, stream_high);
    mask[i] = words.x <= threshold ? scale : 0.0f;
    mask[i + 1] = words.y <= threshold ? scale : 0.0f;
    mask[i + 2] = words.z <= threshold ? scale : 0.0f;
    mask[i + 3] = words.w <= threshold ? scale : 0.0f;
  }
}

// The same of W channels of a pixel of images that lie with their channels last, from element base
// on; channels is a multiple of W. Words are counted in logical order, so each element needs four.
template <int W>
__device__ __forceinline__ void dropout_mask(float (&mask)[W], const int *seed, const int *step,
                                             unsigned int base, unsigned int channels,
                                             unsigned int plane, unsigned int stream_low,
                                             unsigned int stream_high, unsigned int threshold,
                                             float scale) {
  const unsigned int pixel = base / channels, image = pixel / plane;
  const unsigned int first =
      (image * channels + (base - pixel * channels)) * plane + (pixel - image * plane);
#pragma unroll
  for (int i = 0; i < W; i++) {
    const unsigned int at = first + i * plane;
    const uint4 words = dropout_words(seed, step, at / 4, stream_low, stream_high);
    const unsigned int word = at % 4 == 0   ? words.x
                              : at % 4 == 1 ? words.y
                              : at % 4 == 2 ? words.z
                                            : words.w;
    mask[i] = word <= threshold ? scale : 0.0f;
  }
}

}  // namespace tarn
