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

// The dropout mask of elements 4 * group .. 4 * group + 3: scale where the element's word is at most
// the threshold, else 0. seed: i32[2]; step: i32[].
__device__ __forceinline__ void dropout_mask(float (&mask)[4], const int *seed, const int *step,
                                             unsigned int group, unsigned int stream_low,
                                             unsigned int stream_high, unsigned int threshold,
                                             float scale) {
  const uint4 counter = make_uint4(group, (unsigned int)*step, stream_low, stream_high);
  const uint4 words = philox((unsigned int)seed[0], (unsigned int)seed[1], counter);
  mask[0] = words.x <= threshold ? scale : 0.0f;
  mask[1] = words.y <= threshold ? scale : 0.0f;
  mask[2] = words.z <= threshold ? scale : 0.0f;
  mask[3] = words.w <= threshold ? scale : 0.0f;
}

}  // namespace tarn
