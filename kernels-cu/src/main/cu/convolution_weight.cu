// Gradient of a 2-D convolution by its kernel, as an implicit matrix product in strict f32.
//
//   dw[o,c,r,s] = sum_{n,p,q} dy[n,o,p,q] x[n, c, p*SH - PT + r*DH, q*SW - PL + s*DW]
//
//   x: f32 (N, C, H, W)   dy: f32 (N, O, P, Q)   partial: f32 (chunks, O, C/G, R, S), row-major; G groups
//
//   kernel                     channels o a group  grid                                    block
//   conv2d_grad_weight         >= 8                (m / 64 * terms / 64, groups * chunks)  256
//   conv2d_grad_weight_direct  < 8                 (elements of w, chunks)                 256
// Quotients are rounded up; m = O/G, terms = C/G R S.
//
// conv2d_grad_weight: 64 channels x 64 terms, 16 pixels a tile, 4 x 4 sums a thread; tiles pass through
// shared memory, double-buffered. The pixels are cut into chunks, whose partial results reduce.cu sums.
// No atomics: the order of every sum depends on shapes only.
//
// FLOPs: 2 N O P Q C/G R S. Bytes: x and dy once each as far as caches hold what windows share, and
// 4 chunks O C/G R S.
#include "collectives.cuh"
#include "convolution.cuh"

namespace tarn {

constexpr unsigned int kConvThreads = 256;

// 64 channels of dy x 64 terms of a group, summed over a chunk of pixels; threads are 16 x 16, each
// with 4 x 4 sums. Neighbouring threads load neighbouring pixels.
__device__ __forceinline__ void conv2d_grad_weight_tile(const float *x, const float *dy,
                                                        float *partial, unsigned int chunk,
                                                        const Conv2d &c) {
  constexpr unsigned int kSide = 64, kDepth = 16, kRows = kConvThreads / kDepth;
  constexpr unsigned int kLoads = kSide / kRows;
  __shared__ __align__(16) float lefts[2][kDepth][kSide + 4];
  __shared__ __align__(16) float rights[2][kDepth][kSide + 4];

  const unsigned int thread = threadIdx.x;
  const unsigned int tiles = (c.m + kSide - 1) / kSide;
  const unsigned int first_m = blockIdx.x % tiles * kSide;
  const unsigned int first_term = blockIdx.x / tiles * kSide;
  const unsigned int group = blockIdx.y % c.groups;
  const unsigned int number = blockIdx.y / c.groups;
  const unsigned int end = min(c.pixels, (number + 1) * chunk);

  const unsigned int depth = thread % kDepth, row = thread / kDepth;
  Term terms[kLoads];
#pragma unroll
  for (unsigned int i = 0; i < kLoads; i++) terms[i] = Term::of(c, first_term + row + i * kRows);

  float next_left[kLoads], next_right[kLoads];
  const auto load = [&](unsigned int first) {
    const unsigned int pixel = first + depth;
    const bool inside = pixel < end;
    const Place place = Place::of<false>(c, inside ? pixel : 0);
    const unsigned int plane = c.out_plane.divisor;
    const unsigned long long image = (unsigned long long)place.image * c.groups + group;
    const float *left = dy + image * c.m * plane + (pixel - place.image * plane);
    const float *right = x + image * c.k_outer * c.in_plane;
#pragma unroll
    for (unsigned int i = 0; i < kLoads; i++) {
      const unsigned int m = first_m + row + i * kRows;
      next_left[i] = inside && m < c.m ? left[(unsigned long long)m * plane] : 0.0f;
      int at;
      const bool ok = place.find<false>(c, terms[i], at) && inside &&
                      first_term + row + i * kRows < c.terms;
      next_right[i] = ok ? right[terms[i].channel * c.in_plane + at] : 0.0f;
    }
  };
  const auto store = [&](unsigned int stage) {
#pragma unroll
    for (unsigned int i = 0; i < kLoads; i++) {
      lefts[stage][depth][row + i * kRows] = next_left[i];
      rights[stage][depth][row + i * kRows] = next_right[i];
    }
  };

  const unsigned int m = thread / 16 * 4, t = thread % 16 * 4;
  float sums[4][4];
#pragma unroll
  for (unsigned int i = 0; i < 4; i++) {
#pragma unroll
    for (unsigned int j = 0; j < 4; j++) sums[i][j] = 0.0f;
  }

  const unsigned int begin = number * chunk;
  load(begin);
  store(0);
  __syncthreads();
  unsigned int stage = 0;
  for (unsigned int first = begin + kDepth;; first += kDepth) {
    const bool more = first < end;
    if (more) load(first);
#pragma unroll
    for (unsigned int k = 0; k < kDepth; k++) {
      const float4 a = *reinterpret_cast<const float4 *>(&lefts[stage][k][m]);
      const float4 b = *reinterpret_cast<const float4 *>(&rights[stage][k][t]);
      multiply(sums[0], a.x, b);
      multiply(sums[1], a.y, b);
      multiply(sums[2], a.z, b);
      multiply(sums[3], a.w, b);
    }
    if (!more) break;
    stage ^= 1;
    store(stage);
    __syncthreads();
  }

  float *result = partial + ((unsigned long long)number * c.groups + group) * c.w_group;
#pragma unroll
  for (unsigned int i = 0; i < 4; i++) {
#pragma unroll
    for (unsigned int j = 0; j < 4; j++) {
      const unsigned int o = first_m + m + i, term = first_term + t + j;
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
extern "C" __global__ void __launch_bounds__(256, 2)
    conv2d_grad_weight(const float *x, const float *dy, float *partial, unsigned int chunk,
                       TARN_CONV2D_PARAMETERS) {
  tarn::conv2d_grad_weight_tile(x, dy, partial, chunk, TARN_CONV2D);
}

extern "C" __global__ void __launch_bounds__(256)
    conv2d_grad_weight_direct(const float *x, const float *dy, float *partial, unsigned int chunk,
                              TARN_CONV2D_PARAMETERS) {
  tarn::conv2d_grad_weight_direct(x, dy, partial, chunk, TARN_CONV2D);
}
