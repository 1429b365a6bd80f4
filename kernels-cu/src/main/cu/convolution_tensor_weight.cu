// Gradient of a 2-D convolution by its kernel, on tensor cores: tf32 or bf16 factors, f32 sums.
//
//   dw[o,r,s,c] = sum_{n,p,q} dy[n,p,q,o] x[n, p*SH - PT + r*DH, q*SW - PL + s*DW, c]
//
//   x:  (N, H, W, G, C) channels last, C = channels of a group rounded up to 16 bytes, zeros past them
//   dy: (N, P, Q, G, O) likewise; convolution_pack.cu makes both
//   partial: f32 (chunks, G, o, R, S, C), which convolution_weight_sum.cu adds up
//
// A block makes TARN_DOWN channels o x TARN_ACROSS terms (r, s, c) of a group for one chunk of the pixels, a
// warp TARN_WARP_DOWN x TARN_WARP_ACROSS of them; 32 (tf32: 16) pixels at a time are copied ahead by
// cp.async, 16 bytes a copy, into TARN_STAGES stages of shared memory. Pixels are the inner dimension of the
// product and the rows of what is stored, so bf16 is read by transposing ldmatrix, tf32 by single words: rows
// are 8 elements further apart than a tile is wide, and either meets each bank once. grid
// (ceil(o / TARN_DOWN) * ceil(R S C / TARN_ACROSS), G * chunks). The bits depend on shapes and chunks, not on
// tiles: a pixel after the other is added to each sum.
//
// FLOPs: 2 N P Q o c R S. Bytes: x and dy once each as far as caches hold what windows share, and
// 4 chunks G o R S C.
//
// Seen with nvcc 13.0 for sm_90a and a window of 3 x 3: 66 to 74 registers where a warp has 32 x 32, 122 to 126
// where it has 64 x 32, 188 to 210 where it has 64 x 64; no spills.
//
// nvcc-check: -DTARN_BF16=0 -DTARN_DOWN=64 -DTARN_ACROSS=64 -DTARN_WARP_DOWN=32 -DTARN_WARP_ACROSS=32 -DTARN_STAGES=4 -DTARN_R=3 -DTARN_S=3 -DTARN_STRIDE_H=1 -DTARN_STRIDE_W=1 -DTARN_DILATION_H=1 -DTARN_DILATION_W=1
// nvcc-check: -DTARN_BF16=1 -DTARN_DOWN=64 -DTARN_ACROSS=64 -DTARN_WARP_DOWN=32 -DTARN_WARP_ACROSS=32 -DTARN_STAGES=4 -DTARN_R=3 -DTARN_S=3 -DTARN_STRIDE_H=1 -DTARN_STRIDE_W=1 -DTARN_DILATION_H=1 -DTARN_DILATION_W=1
// nvcc-check: -DTARN_BF16=1 -DTARN_DOWN=64 -DTARN_ACROSS=128 -DTARN_WARP_DOWN=64 -DTARN_WARP_ACROSS=32 -DTARN_STAGES=4 -DTARN_R=3 -DTARN_S=3 -DTARN_STRIDE_H=1 -DTARN_STRIDE_W=1 -DTARN_DILATION_H=1 -DTARN_DILATION_W=1
// nvcc-check: -DTARN_BF16=1 -DTARN_DOWN=128 -DTARN_ACROSS=128 -DTARN_WARP_DOWN=64 -DTARN_WARP_ACROSS=64 -DTARN_STAGES=3 -DTARN_R=3 -DTARN_S=3 -DTARN_STRIDE_H=1 -DTARN_STRIDE_W=1 -DTARN_DILATION_H=1 -DTARN_DILATION_W=1
// nvcc-check: -DTARN_BF16=0 -DTARN_DOWN=128 -DTARN_ACROSS=128 -DTARN_WARP_DOWN=64 -DTARN_WARP_ACROSS=64 -DTARN_STAGES=3 -DTARN_R=3 -DTARN_S=3 -DTARN_STRIDE_H=1 -DTARN_STRIDE_W=1 -DTARN_DILATION_H=1 -DTARN_DILATION_W=1
#include "convolution_window.cuh"
#include "element.cuh"
#include "tensor_core.cuh"

namespace tarn {

// Tiles of a block and of a warp, in channels o and in terms.
constexpr unsigned int kDown = TARN_DOWN, kAcross = TARN_ACROSS;
constexpr unsigned int kWarpDown = TARN_WARP_DOWN, kWarpAcross = TARN_WARP_ACROSS;
constexpr unsigned int kWeightThreads = 32 * (kDown / kWarpDown) * (kAcross / kWarpAcross);
constexpr unsigned int kWeightStages = TARN_STAGES;
constexpr unsigned int kInChunk = 16 / sizeof(Element);
constexpr unsigned int kDepth = 64 / sizeof(Element);  // pixels of a stage: two steps of 32 bytes
constexpr unsigned int kLeftPitch = kDown + 8, kRightPitch = kAcross + 8;  // elements
constexpr unsigned int kStage = kDepth * (kLeftPitch + kRightPitch);

// How a block's threads copy a stage of a factor: columns of chunks, each thread every kApart rows.
template <unsigned int kSide>
struct Copying {
  static constexpr unsigned int kChunks = kSide / kInChunk;
  static constexpr unsigned int kApart = kWeightThreads / kChunks;
  static constexpr unsigned int kLoads = kDepth / kApart;
  static_assert(kApart * kChunks == kWeightThreads && kLoads * kApart == kDepth, "no threads left over");
};
using Left = Copying<kDown>;
using Right = Copying<kAcross>;

// The factors that a warp multiplies in one step, 32 bytes of pixels deep: from rows of pixels at
// column. a: 16 columns, as left factor; b: 8 and 8 columns, as right factors.
template <unsigned int kPitch>
__device__ __forceinline__ void load_factors(const Bf16 *rows, unsigned int lane, unsigned int (&a)[4],
                                             bool left) {
  const unsigned int i = lane / 8;
  const unsigned int half = left ? i / 2 : i % 2, side = left ? i % 2 : i / 2;
  load_matrices_transposed(a, rows + (half * 8 + lane % 8) * kPitch + side * 8);
}

template <unsigned int kPitch>
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
  extern __shared__ __align__(128) unsigned char stages[];

  const Pixels c = TARN_PIXELS;
  const unsigned int thread = threadIdx.x, lane = thread % 32, warp = thread / 32;
  const unsigned int down = (m + kDown - 1) / kDown;
  const unsigned int first_m = blockIdx.x % down * kDown, first_term = blockIdx.x / down * kAcross;
  const unsigned int group = blockIdx.y % groups, number = blockIdx.y / groups;
  const unsigned int end = min(c.pixels, (number + 1) * chunk);
  const auto lefts = [&](unsigned int stage) {
    return reinterpret_cast<Element *>(stages) + stage * kStage;
  };
  const auto rights = [&](unsigned int stage) { return lefts(stage) + kDepth * kLeftPitch; };

  // What this thread copies: one column of chunks of each factor, so one tap of the right.
  const unsigned int left_column = thread % Left::kChunks, left_row = thread / Left::kChunks;
  const unsigned int o_chunk = first_m / kInChunk + left_column;
  const unsigned char *left = dy + (group * o_chunks + o_chunk) * 16;
  const bool has_left = o_chunk < o_chunks;
  const unsigned int right_column = thread % Right::kChunks, right_row = thread / Right::kChunks;
  const unsigned int term = first_term / kInChunk + right_column;
  const unsigned int index = term / c_chunks;
  const Tap<false> tap{index / TARN_S, index % TARN_S, 0};
  const unsigned char *right = x + (group * c_chunks + term - index * c_chunks) * 16;
  const bool has_right = index < TARN_R * TARN_S;

  AsyncCopies copies;
  unsigned int next = number * chunk;
  const auto load = [&](unsigned int stage) {
#pragma unroll
    for (unsigned int i = 0; i < Left::kLoads; i++) {
      const unsigned int row = left_row + i * Left::kApart, pixel = next + row;
      copies.copy(lefts(stage) + row * kLeftPitch + left_column * kInChunk,
                  left + (unsigned long long)pixel * dy_pixel, pixel < end && has_left);
    }
#pragma unroll
    for (unsigned int i = 0; i < Right::kLoads; i++) {
      const unsigned int row = right_row + i * Right::kApart, pixel = next + row;
      const Window<false> window = Window<false>::of(c, pixel < end ? pixel : c.pixels);
      unsigned int at;
      const bool ok = window.find(c, tap, at) && has_right;
      const unsigned long long from = (unsigned long long)window.image * c.in_h * c.in_w + at;
      copies.copy(rights(stage) + row * kRightPitch + right_column * kInChunk,
                  right + from * x_pixel, ok);
    }
    next += kDepth;
  };

  float sums[kWarpDown / 16][kWarpAcross / 8][4];
#pragma unroll
  for (unsigned int i = 0; i < kWarpDown / 16; i++) {
#pragma unroll
    for (unsigned int j = 0; j < kWarpAcross / 2; j++) sums[i][j / 4][j % 4] = 0.0f;
  }
  const unsigned int warp_m = warp % (kDown / kWarpDown) * kWarpDown;
  const unsigned int warp_term = warp / (kDown / kWarpDown) * kWarpAcross;

  const unsigned int tiles = (end - number * chunk + kDepth - 1) / kDepth;
#pragma unroll
  for (unsigned int i = 0; i < kWeightStages - 1; i++) {
    if (i < tiles) load(i);
    copies.commit();
  }
  unsigned int stage = 0, ahead = kWeightStages - 1;
  for (unsigned int tile = 0; tile < tiles; tile++) {
    copies.wait<kWeightStages - 2>();
    __syncthreads();
    if (tile + kWeightStages - 1 < tiles) load(ahead);
    copies.commit();
#pragma unroll
    for (unsigned int step = 0; step < 2; step++) {
      const unsigned int first = step * (kDepth / 2);
      unsigned int a[kWarpDown / 16][4], b[kWarpAcross / 16][4];
#pragma unroll
      for (unsigned int i = 0; i < kWarpDown / 16; i++) {
        load_factors<kLeftPitch>(lefts(stage) + first * kLeftPitch + warp_m + i * 16, lane, a[i], true);
      }
#pragma unroll
      for (unsigned int i = 0; i < kWarpAcross / 16; i++) {
        load_factors<kRightPitch>(rights(stage) + first * kRightPitch + warp_term + i * 16, lane, b[i],
                                  false);
      }
#pragma unroll
      for (unsigned int i = 0; i < kWarpDown / 16; i++) {
#pragma unroll
        for (unsigned int j = 0; j < kWarpAcross / 8; j++) {
          const unsigned int pair[2] = {b[j / 2][j % 2 * 2], b[j / 2][j % 2 * 2 + 1]};
          multiply_tiles<Element>(sums[i][j], a[i], pair);
        }
      }
    }
    stage = stage + 1 == kWeightStages ? 0 : stage + 1;
    ahead = ahead + 1 == kWeightStages ? 0 : ahead + 1;
  }

  const unsigned int terms = TARN_R * TARN_S * c_chunks * kInChunk;
  float *result = partial + (unsigned long long)blockIdx.y * m * terms;
#pragma unroll
  for (unsigned int i = 0; i < kWarpDown / 8; i++) {
    const unsigned int o = first_m + warp_m + i * 8 + lane / 4;
#pragma unroll
    for (unsigned int j = 0; j < kWarpAcross / 8; j++) {
      const unsigned int t = first_term + warp_term + j * 8 + lane % 4 * 2;
      const float *sum = sums[i / 2][j] + i % 2 * 2;
      if (o < m && t < terms) {
        *reinterpret_cast<float2 *>(result + (unsigned long long)o * terms + t) =
            make_float2(sum[0], sum[1]);
      }
    }
  }
}
