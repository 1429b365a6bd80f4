// Adds the partial sums of convolutions' gradients by their kernels, of several layers at once.
//
//   dw[o,c,t] = sum_i partial[i,o,t,c]      partial: f32 (chunks, o, taps, channels), channels >= used
//                                           dw:      f32 (o, used, taps)
//
// Block i works for table[owners[i]], whose first block is first_block; see dev.tarn.cuda.BatchStep. A thread
// an element of (o, taps, channels), which it adds in the order of the chunks: the bits depend on shapes only.
// grid (sum of ceil(elements / 256)), block 256. Bytes: 4 (chunks + 1) elements of each layer.

namespace tarn {

// Each field takes 8 bytes.
struct WeightSum {
  unsigned long long first_block;
  alignas(8) const float *partial;
  alignas(8) float *dw;
  alignas(8) unsigned int elements;  // o taps channels
  alignas(8) unsigned int chunks;
  alignas(8) unsigned int channels;
  alignas(8) unsigned int used;
  alignas(8) unsigned int taps;
};

}  // namespace tarn

extern "C" __global__ void __launch_bounds__(256)
    conv2d_weight_sums(const unsigned int *owners, const tarn::WeightSum *table) {
  const tarn::WeightSum s = table[owners[blockIdx.x]];
  const unsigned int at = (blockIdx.x - (unsigned int)s.first_block) * blockDim.x + threadIdx.x;
  if (at >= s.elements) return;
  const unsigned int rest = at / s.channels, channel = at - rest * s.channels;
  if (channel >= s.used) return;
  float sum = s.partial[at];
#pragma unroll 8
  for (unsigned int i = 1; i < s.chunks; i++) {
    sum += s.partial[(unsigned long long)i * s.elements + at];
  }
  const unsigned int o = rest / s.taps, tap = rest - o * s.taps;
  s.dw[((unsigned long long)o * s.used + channel) * s.taps + tap] = sum;
}
