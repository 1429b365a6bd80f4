// Gradient of a 2-D convolution by its kernel, on tensor cores: tf32 or bf16 factors, f32 sums.
//
//   dw[o,r,s,c] = sum_{n,p,q} dy[n,p,q,o] x[n, p*SH - PT + r*DH, q*SW - PL + s*DW, c]
//
//   x:  (N, H, W, G, C) channels last, C = channels of a group rounded up to 16 bytes, zeros past them
//   dy: (N, P, Q, G, O) likewise; convolution_pack.cu makes both
//   partial: f32 (chunks, G, o, R, S, C)      dw: f32 (G, o, c, R, S)
//
// conv2d_weight_tensor: a block of 128 threads makes 64 channels o x 64 terms (r, s, c) of a group for
// one chunk of the pixels, a warp 32 x 32; 32 (tf32: 16) pixels at a time are copied ahead by cp.async, 16
// bytes a copy, into 4 stages of shared memory. Pixels are the inner dimension of the product and the
// rows of what is stored, so bf16 is read by transposing ldmatrix, tf32 by single words: rows are 72
// elements apart, and either meets each bank once. grid (ceil(o / 64) * ceil(R S C / 64), G * chunks).
// conv2d_weight_sum adds the chunks in order: no atomics, the bits depend on shapes only. A thread an
// element of (G, o, R, S, C), grid (ceil(elements / 256)), block 256.
//
// FLOPs: 2 N P Q o c R S. Bytes: x and dy once each as far as caches hold what windows share, and
// 4 (chunks + 1) G o R S C.
//
// Seen with nvcc 13.0 for sm_90a and a window of 3 x 3: 78 (tf32) and 80 (bf16) registers, no spills.
//
// nvcc-check: -DTARN_BF16=0 -DTARN_R=3 -DTARN_S=3 -DTARN_STRIDE_H=1 -DTARN_STRIDE_W=1 -DTARN_DILATION_H=1 -DTARN_DILATION_W=1
// nvcc-check: -DTARN_BF16=1 -DTARN_R=3 -DTARN_S=3 -DTARN_STRIDE_H=1 -DTARN_STRIDE_W=1 -DTARN_DILATION_H=1 -DTARN_DILATION_W=1
#include "convolution_window.cuh"
#include "element.cuh"
#include "tensor_core.cuh"

namespace tarn {

constexpr unsigned int kSide = 64, kPitch = 72;  // elements
constexpr unsigned int kWeightThreads = 128, kWeightStages = 4;
constexpr unsigned int kInChunk = 16 / sizeof(Element);
constexpr unsigned int kRowChunks = kSide / kInChunk;
constexpr unsigned int kRowsApart = kWeightThreads / kRowChunks;
constexpr unsigned int kLoads = 2;
constexpr unsigned int kDepth = kLoads * kRowsApart;  // pixels of a stage

// The factors that a warp multiplies in one step, 32 bytes of pixels deep: from rows of pixels at
// column. a: 16 columns, as left factor; b: 8 and 8 columns, as right factors.
__device__ __forceinline__ void load_factors(const Bf16 *rows, unsigned int lane, unsigned int (&a)[4],
                                             bool left) {
  const unsigned int i = lane / 8;
  const unsigned int half = left ? i / 2 : i % 2, side = left ? i % 2 : i / 2;
  load_matrices_transposed(a, rows + (half * 8 + lane % 8) * kPitch + side * 8);
}

__device__ __forceinline__ void load_factors(const float *rows, unsigned int lane, unsigned int (&a)[4],
                                             bool left) {
#pragma unroll
  for (unsigned int i = 0; i < 4; i++) {
    const unsigned int half = left ? i / 2 : i % 2, side = left ? i % 2 : i / 2;
    a[i] = to_tf32(__float_as_uint(rows[(half * 4 + lane % 4) * kPitch + side * 8 + lane / 4]));
  }
}

}  // namespace tarn

// c_chunks, o_chunks: 16-byte chunks of the channels C and O of a group; *_pixel: bytes of a pixel
extern "C" __global__ void __launch_bounds__(tarn::kWeightThreads)
    conv2d_weight_tensor(const unsigned char *x, const unsigned char *dy, float *partial,
                         unsigned int m, unsigned int groups, unsigned int chunk,
                         unsigned int c_chunks, unsigned int o_chunks, unsigned int x_pixel,
                         unsigned int dy_pixel, TARN_PIXELS_PARAMETERS) {
  using namespace tarn;
  __shared__ __align__(128) Element lefts[kWeightStages][kDepth * kPitch];
  __shared__ __align__(128) Element rights[kWeightStages][kDepth * kPitch];

  const Pixels c = TARN_PIXELS;
  const unsigned int thread = threadIdx.x, lane = thread % 32, warp = thread / 32;
  const unsigned int down = (m + kSide - 1) / kSide;
  const unsigned int first_m = blockIdx.x % down * kSide, first_term = blockIdx.x / down * kSide;
  const unsigned int group = blockIdx.y % groups, number = blockIdx.y / groups;
  const unsigned int end = min(c.pixels, (number + 1) * chunk);

  // What this thread copies: one column of chunks, so one tap of the right factor.
  const unsigned int column = thread % kRowChunks, row = thread / kRowChunks;
  const unsigned int o_chunk = first_m / kInChunk + column;
  const unsigned char *left = dy + (group * o_chunks + o_chunk) * 16;
  const bool has_left = o_chunk < o_chunks;
  const unsigned int term = first_term / kInChunk + column;
  const unsigned int index = term / c_chunks;
  const Tap<false> tap{index / TARN_S, index % TARN_S, 0};
  const unsigned char *right = x + (group * c_chunks + term - index * c_chunks) * 16;
  const bool has_right = index < TARN_R * TARN_S;

  AsyncCopies copies;
  unsigned int next = number * chunk + row;
  const auto load = [&](unsigned int stage) {
#pragma unroll
    for (unsigned int i = 0; i < kLoads; i++) {
      const unsigned int pixel = next + i * kRowsApart;
      const unsigned int to = (row + i * kRowsApart) * kPitch + column * kInChunk;
      const bool inside = pixel < end;
      const bool ok_left = inside && has_left;
      copies.copy(lefts[stage] + to, left + (unsigned long long)pixel * dy_pixel, ok_left);
      const Window<false> window = Window<false>::of(c, inside ? pixel : c.pixels);
      unsigned int at;
      const bool ok = window.find(c, tap, at) && has_right;
      const unsigned long long from = (unsigned long long)window.image * c.in_h * c.in_w + at;
      copies.copy(rights[stage] + to, right + from * x_pixel, ok);
    }
    next += kDepth;
  };

  float sums[2][4][4];
#pragma unroll
  for (unsigned int j = 0; j < 32; j++) sums[j / 16][j / 4 % 4][j % 4] = 0.0f;
  const unsigned int warp_m = warp % 2 * 32, warp_term = warp / 2 * 32;

  const unsigned int tiles = (end - number * chunk + kDepth - 1) / kDepth;
#pragma unroll
  for (unsigned int i = 0; i < kWeightStages - 1; i++) {
    if (i < tiles) load(i);
    copies.commit();
  }
  for (unsigned int tile = 0; tile < tiles; tile++) {
    copies.wait<kWeightStages - 2>();
    __syncthreads();
    if (tile + kWeightStages - 1 < tiles) load((tile + kWeightStages - 1) % kWeightStages);
    copies.commit();
    const unsigned int stage = tile % kWeightStages;
#pragma unroll
    for (unsigned int step = 0; step < 2; step++) {
      const unsigned int at = step * (kDepth / 2) * kPitch;
      unsigned int a[2][4], b[2][4];
#pragma unroll
      for (unsigned int i = 0; i < 2; i++) {
        load_factors(lefts[stage] + at + warp_m + i * 16, lane, a[i], true);
        load_factors(rights[stage] + at + warp_term + i * 16, lane, b[i], false);
      }
#pragma unroll
      for (unsigned int i = 0; i < 2; i++) {
#pragma unroll
        for (unsigned int j = 0; j < 4; j++) {
          const unsigned int pair[2] = {b[j / 2][j % 2 * 2], b[j / 2][j % 2 * 2 + 1]};
          multiply_tiles<Element>(sums[i][j], a[i], pair);
        }
      }
    }
  }

  const unsigned int terms = TARN_R * TARN_S * c_chunks * kInChunk;
  float *result = partial + (unsigned long long)blockIdx.y * m * terms;
#pragma unroll
  for (unsigned int i = 0; i < 4; i++) {
    const unsigned int o = first_m + warp_m + i * 8 + lane / 4;
#pragma unroll
    for (unsigned int j = 0; j < 4; j++) {
      const unsigned int t = first_term + warp_term + j * 8 + lane % 4 * 2;
      const float *sum = sums[i / 2][j] + i % 2 * 2;
      if (o < m && t < terms) {
        *reinterpret_cast<float2 *>(result + (unsigned long long)o * terms + t) =
            make_float2(sum[0], sum[1]);
      }
    }
  }
}

// elements: G o R S C; channels: C, of which used are c
extern "C" __global__ void __launch_bounds__(256)
    conv2d_weight_sum(const float *partial, float *dw, unsigned int elements, unsigned int chunks,
                      unsigned int channels, unsigned int used) {
  const unsigned int at = blockIdx.x * blockDim.x + threadIdx.x;
  if (at >= elements) return;
  const unsigned int rest = at / channels, channel = at - rest * channels;
  if (channel >= used) return;
  float sum = partial[at];
#pragma unroll 4
  for (unsigned int i = 1; i < chunks; i++) {
    sum += partial[(unsigned long long)i * elements + at];
  }
  const unsigned int o = rest / (TARN_R * TARN_S), tap = rest - o * (TARN_R * TARN_S);
  dw[((unsigned long long)o * used + channel) * (TARN_R * TARN_S) + tap] = sum;
}
