// Gradient of a 2-D convolution by its kernel, as an implicit matrix product in strict f32.
//
//   dw[o,c,r,s] = sum_{n,p,q} dy[n,o,p,q] x[n, c, p*SH - PT + r*DH, q*SW - PL + s*DW]
//
//   x: f32 (N, C, H, W)   dy: f32 (N, O, P, Q)   partial: f32 (chunks, O, C/G, R, S), row-major; G groups
//
//   m: channels o a group  terms = C/G R S  TARN_DOWN  TARN_ACROSS  grid                             block
//   > 32                   > 64             64         128          see below                        128
//   > 32                   <= 64            64         64           see below                        128
//   8 to 32                any              32         128          see below                        128
//   < 8                    any              1                       (elements of w, chunks)          256
// The grid of tiles is (m / TARN_DOWN * terms / TARN_ACROSS, groups * chunks). Quotients are rounded up.
//
// Tiles: a block gives so many channels x terms from 16 pixels at a time, which pass through shared memory,
// double-buffered; a thread holds 8 x 8 (8 x 4) sums. The pixels are cut into chunks, whose partial results
// reduce.cu sums. No atomics: the order of every sum depends on shapes only.
//
// A step of 16 pixels, as NVRTC 12.5 compiles 64 x 128 for sm_90 and windows of up to 32 taps: 1278 instructions
// of a warp, of them 1024 FFMA, and every 8 steps about 190 more that describe pixels; 123 registers, none spilled.
//
// FLOPs: 2 N O P Q C/G R S. Bytes: x and dy once each as far as caches hold what windows share, and
// 4 chunks O C/G R S.
//
// nvcc-check: -DTARN_DOWN=64 -DTARN_ACROSS=128 -DTARN_TAPS=32
// nvcc-check: -DTARN_DOWN=32 -DTARN_ACROSS=128 -DTARN_TAPS=0
// nvcc-check: -DTARN_DOWN=1
#include "collectives.cuh"
#include "convolution.cuh"

namespace tarn {

// kDown channels of dy x kAcross terms of a group, summed over a chunk of pixels; a warp gives 32 channels x
// 8 kColumns terms. Neighbouring threads load neighbouring pixels. Windows have up to kTaps taps, 32 or 64,
// or with 0 any number.
template <unsigned int kDown, unsigned int kAcross, unsigned int kTaps>
__device__ __forceinline__ void conv2d_grad_weight_tile(const float *x, const float *dy,
                                                        float *partial, unsigned int chunk,
                                                        const Conv2d &c) {
  using Mask = typename MaskOf<kTaps>::Type;
  constexpr unsigned int kConvThreads = 128, kDepth = 16;
  constexpr unsigned int kColumns = kDown * kAcross / kConvThreads / 8;  // terms of a thread
  constexpr unsigned int kWarpsAcross = kAcross / (8 * kColumns);
  constexpr unsigned int kRows = kConvThreads / kDepth;
  constexpr unsigned int kLefts = kDown / kRows, kRights = kAcross / kRows;  // loads of a thread
  __shared__ __align__(16) float lefts[2][kDepth][kDown + 4];
  __shared__ __align__(16) float rights[2][kDepth][kAcross + 4];
  // Where channels of dy lie, and of terms Term::at and the bit of the tap; those of a thread side by side.
  __shared__ __align__(16) unsigned int left_at[kDown];
  __shared__ __align__(16) int term_at[kAcross];
  __shared__ __align__(16) Mask term_tap[kAcross];
  // Of twice kConvThreads pixels: where dy and the window begin, and the taps within the image.
  __shared__ const float *pixel_left[2 * kConvThreads];
  __shared__ const float *pixel_right[2 * kConvThreads];
  __shared__ Mask pixel_mask[2 * kConvThreads];

  const unsigned int thread = threadIdx.x;
  const unsigned int tiles = (c.m + kDown - 1) / kDown;
  const unsigned int first_m = blockIdx.x % tiles * kDown;
  const unsigned int first_term = blockIdx.x / tiles * kAcross;
  const unsigned int group = blockIdx.y % c.groups;
  const unsigned int number = blockIdx.y / c.groups;
  const unsigned int begin = number * chunk;
  const unsigned int end = min(c.pixels, begin + chunk);
  const unsigned int plane = c.out_plane.divisor;

  // Of the channels a thread loads every second, from left_row on, of the terms likewise. The rows of the second
  // half of the depth are stored with neighbouring pairs exchanged, so that all banks are hit.
  const unsigned int depth = thread % kDepth, row = thread / kDepth;
  const unsigned int left_row = row / 2 * (2 * kLefts) + row % 2;
  const unsigned int right_row = row / 2 * (2 * kRights) + row % 2;
  const int flip = (int)kept(depth / 8 * 2);
  for (unsigned int i = thread; i < kDown; i += kConvThreads) {
    const unsigned int at = i / kLefts;
    const unsigned int m = first_m + at / 2 * (2 * kLefts) + at % 2 + i % kLefts * 2;
    left_at[i] = min(m, c.m - 1) * plane;
  }
  for (unsigned int i = thread; i < kAcross; i += kConvThreads) {
    const unsigned int at = i / kRights;
    const unsigned int term = first_term + at / 2 * (2 * kRights) + at % 2 + i % kRights * 2;
    const Term t = Term::of(c, term);
    term_at[i] = t.at<false>(c);
    if (kTaps > 0) term_tap[i] = (Mask)(term < c.terms ? 1 : 0) << t.tap;
  }

  const auto describe = [&](unsigned int first) {
    const unsigned int pixel = first + thread, to = (first - begin) % (2 * kConvThreads) + thread;
    const Place place = Place::of<false>(c, min(pixel, end - 1));
    const unsigned long long image = (unsigned long long)place.image * c.groups + group;
    pixel_left[to] = dy + (image * c.m * plane + (pixel - place.image * plane));
    pixel_right[to] = x + image * c.k_outer * c.in_plane + (kTaps > 0 ? place.origin<false>(c) : 0);
    if (kTaps > 0) pixel_mask[to] = pixel < end ? place.mask<false, Mask>(c) : 0;
  };
  float next_left[kLefts / 2], next_right[kRights / 2];
  const auto load = [&](unsigned int first, unsigned int half) {
    const unsigned int described = (first - begin) % (2 * kConvThreads) + depth;
    const bool inside = first + depth < end;
    const float *left = kept(pixel_left[described]);
    const float *right = kept(pixel_right[described]);
    const Mask mask = kTaps > 0 ? pixel_mask[described] : 0;
    unsigned int left_from[kLefts / 2];
    read_row<kLefts / 2>(left_from, &left_at[row * kLefts + half * (kLefts / 2)]);
#pragma unroll
    for (unsigned int i = 0; i < kLefts / 2; i++) {
      next_left[i] = inside ? left[left_from[i]] : 0.0f;
    }
#pragma unroll
    for (unsigned int i = 0; i < kRights / 2; i += 4) {
      const unsigned int slot = row * kRights + half * (kRights / 2) + i;
      int at[4];
      Mask tap[4];
      read_row(at, &term_at[slot]);
      read_row(tap, &term_tap[slot]);
#pragma unroll
      for (unsigned int j = 0; j < 4; j++) {
        if (kTaps > 0) {
          next_right[i + j] = mask & tap[j] ? right[at[j]] : 0.0f;
          continue;
        }
        const unsigned int term = first_term + right_row + (half * (kRights / 2) + i + j) * 2;
        const Term t = Term::of(c, term);
        const Place place = Place::of<false>(c, min(first + depth, end - 1));
        const bool ok = place.find<false>(c, t, at[j]) && inside && term < c.terms;
        next_right[i + j] = ok ? right[t.channel * c.in_plane + at[j]] : 0.0f;
      }
    }
  };
  const auto store = [&](unsigned int stage, unsigned int half) {
    float *left = lefts[stage][depth] + left_row + half * kLefts;
    float *right = rights[stage][depth] + right_row + half * kRights;
#pragma unroll
    for (unsigned int i = 0; i < kLefts / 2; i++) {
      (i % 2 == 0 ? left + flip : left - flip)[2 * i] = next_left[i];
    }
#pragma unroll
    for (unsigned int i = 0; i < kRights / 2; i++) {
      (i % 2 == 0 ? right + flip : right - flip)[2 * i] = next_right[i];
    }
  };

  const Lane lane = Lane::of(thread);
  const unsigned int m = kept(thread / 32 / kWarpsAcross * 32 + lane.row);
  const unsigned int t = kept(thread / 32 % kWarpsAcross * (8 * kColumns) + lane.column);
  float sums[8][kColumns];
  clear(sums);

  describe(begin);
  __syncthreads();
#pragma unroll
  for (unsigned int half = 0; half < 2; half++) {
    load(begin, half);
    store(0, half);
  }
  __syncthreads();
  unsigned int stage = 0;
  for (unsigned int first = begin + kDepth;; first += kDepth) {
    const bool more = first < end;
    // The pixels after those that loads have just begun with.
    if ((first - begin) % kConvThreads == kDepth) describe(first - kDepth + kConvThreads);
#pragma unroll
    for (unsigned int half = 0; half < 2; half++) {
      if (more) load(first, half);
#pragma unroll
      for (unsigned int k = half * 8; k < half * 8 + 8; k++) {
        float a[8], b[kColumns];
#pragma unroll
        for (unsigned int i = 0; i < 8; i += 4) {
          read_row(a + i, &lefts[stage][k][m + 4 * i], half);
        }
#pragma unroll
        for (unsigned int j = 0; j < kColumns; j += 4) {
          read_row(b + j, &rights[stage][k][t + 8 * j], half);
        }
        multiply(sums, a, b);
      }
      if (more) store(stage ^ 1, half);
    }
    if (!more) break;
    stage ^= 1;
    __syncthreads();
  }

  float *result = partial + ((unsigned long long)number * c.groups + group) * c.w_group;
#pragma unroll
  for (unsigned int i = 0; i < 8; i++) {
#pragma unroll
    for (unsigned int j = 0; j < kColumns; j++) {
      const unsigned int o = first_m + m + i / 4 * 16 + i % 4;
      const unsigned int term = first_term + t + j / 4 * 32 + j % 4;
      if (o < c.m && term < c.terms) result[(unsigned long long)o * c.w_m + term] = sums[i][j];
    }
  }
}

// A block an element of w and chunk of pixels.
__device__ __forceinline__ void conv2d_grad_weight_direct(const float *x, const float *dy,
                                                          float *partial, unsigned int chunk,
                                                          const Conv2d &c) {
  __shared__ float scratch[32];
  const unsigned int o = blockIdx.x / c.terms, group = o / c.m;
  const Term t = Term::of(c, blockIdx.x - o * c.terms);
  const unsigned int plane = c.out_plane.divisor;
  const unsigned int end = min(c.pixels, (blockIdx.y + 1) * chunk);
  float sum = 0.0f;
  for (unsigned int pixel = blockIdx.y * chunk + threadIdx.x; pixel < end; pixel += blockDim.x) {
    const Place place = Place::of<false>(c, pixel);
    int at;
    if (place.find<false>(c, t, at)) {
      const unsigned long long image = place.image;
      const float left =
          dy[(image * c.groups * c.m + o) * plane + (pixel - place.image * plane)];
      const unsigned long long channel = (image * c.groups + group) * c.k_outer + t.channel;
      sum = fmaf(left, x[channel * c.in_plane + at], sum);
    }
  }
  sum = block_reduce<Sum>(sum, scratch);
  if (threadIdx.x == 0) {
    partial[(unsigned long long)blockIdx.y * c.groups * c.w_group + blockIdx.x] = sum;
  }
}

}  // namespace tarn

// partial: (chunks, O, C/G, R, S)
// Four blocks have 128 registers a thread, which before sm_90 are too few.
#if TARN_TAPS == 32 && (!defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 900)
#define TARN_BLOCKS 4
#else
#define TARN_BLOCKS 3
#endif

#if TARN_DOWN > 1
extern "C" __global__ void __launch_bounds__(128, TARN_BLOCKS)
    conv2d_grad_weight(const float *x, const float *dy, float *partial, unsigned int chunk,
                       TARN_CONV2D_PARAMETERS) {
  tarn::conv2d_grad_weight_tile<TARN_DOWN, TARN_ACROSS, TARN_TAPS>(x, dy, partial, chunk,
                                                                   TARN_CONV2D);
}
#else
extern "C" __global__ void __launch_bounds__(256)
    conv2d_grad_weight(const float *x, const float *dy, float *partial, unsigned int chunk,
                              TARN_CONV2D_PARAMETERS) {
  tarn::conv2d_grad_weight_direct(x, dy, partial, chunk, TARN_CONV2D);
}
#endif
