// 2-D convolution and its adjoint by the input as implicit matrix products in strict f32.
//
//   x: f32 (N, C, H, W)   w: f32 (O, C/G, R, S)   y: f32 (N, O, P, Q), row-major; G groups
//   forward     y[n,o,p,q]  = sum_{c,r,s} w[o,c,r,s] x[n, c, p*SH - PT + r*DH, q*SW - PL + s*DW]
//   grad input  dx[n,c,h,w] = sum_{o,r,s} w[o,c,r,s] dy[n, o, (h + PT - r*DH) / SH, ...] where whole
//
//   results a group  TARN_TILE  grid                              block
//   > 32             64         (pixels / 128, groups * m / 64)   256
//   8 to 32          32         (pixels / 128, groups)            256
//   < 8              1          (pixels / 256, groups * m)        256
// Quotients are rounded up; pixels = N * plane, m = channels of a group, of dx with -DTARN_ADJOINT=1, for the
// gradient by the input.
//
// Tiles of 64 and 32: a block gives so many channels x 128 pixels; tiles of 8 terms pass through shared
// memory, double-buffered; a thread holds 8 x 4 (4 x 4) sums. No atomics: the order of every sum
// depends on shapes only. Results go through epilogue.cuh.
//
// FLOPs: 2 N O P Q C/G R S. Bytes: x, w and y once each as far as caches hold what windows share. The
// compiler is told not to contract products and sums; fmaf asks for one rounding.
//
// nvcc-check: -DTARN_ADJOINT=0 -DTARN_TILE=64
// nvcc-check: -DTARN_ADJOINT=1 -DTARN_TILE=32
// nvcc-check: -DTARN_ADJOINT=1 -DTARN_TILE=1
#include "convolution.cuh"
#include "epilogue.cuh"

namespace tarn {

// One block of kChannels results of a group x kPixels pixels; threads are 8 rows x 32 columns, each
// with kChannels / 8 channels x 4 neighbouring pixels.
//
//   from: (N, G * k_outer, in_h, in_w): x or dy     results: (N, G * m, out_h, out_w): y or dx
//   w(channel m, term (k, r, s)) = w[group][m * w_m + k * w_k + r * S + s]
template <bool kAdjoint, unsigned int kChannels>
__device__ __forceinline__ void conv2d_tile(const float *from, const float *w,
                                            const Epilogue &epilogue, const Conv2d &c) {
  constexpr unsigned int kPixels = 128, kTerms = 8, kConvThreads = 256;
  constexpr unsigned int kRows = kChannels / 8;  // channels of a thread
  constexpr unsigned int kLoads = kTerms * kPixels / kConvThreads;
  constexpr unsigned int kWeightLoads = kTerms * kChannels / kConvThreads;
  __shared__ __align__(16) float weights[2][kTerms][kChannels + 4];
  __shared__ __align__(16) float pixels[2][kTerms][kPixels];

  const unsigned int thread = threadIdx.x;
  const unsigned int tiles = (c.m + kChannels - 1) / kChannels;
  const unsigned int group = blockIdx.y / tiles;
  const unsigned int first_channel = (blockIdx.y - group * tiles) * kChannels;

  // The pixel that this thread loads in every tile; two rows of terms pass per step of 256 threads.
  const unsigned int pixel = blockIdx.x * kPixels + thread % kPixels;
  const unsigned int term_row = thread / kPixels;
  const bool inside = pixel < c.pixels;
  const Place place = Place::of<kAdjoint>(c, inside ? pixel : 0);
  const float *source =
      from + ((unsigned long long)place.image * c.groups + group) * c.k_outer * c.in_plane;

  // The weights that this thread loads: 8 neighbouring terms of one channel are neighbouring threads.
  const unsigned int weight_term = thread % kTerms;
  const unsigned int weight_row = thread / kTerms;
  const float *kernel = w + (unsigned long long)group * c.w_group;

  float next_pixels[kLoads], next_weights[kWeightLoads];
  const auto load = [&](unsigned int first_term) {
#pragma unroll
    for (unsigned int i = 0; i < kLoads; i++) {
      const unsigned int term = first_term + term_row + i * (kConvThreads / kPixels);
      const Term t = Term::of(c, term);
      int at;
      const bool ok = place.template find<kAdjoint>(c, t, at) && inside && term < c.terms;
      next_pixels[i] = ok ? source[(unsigned long long)t.channel * c.in_plane + at] : 0.0f;
    }
    const unsigned int term = first_term + weight_term;
    const Term t = Term::of(c, term);
    const unsigned int offset = t.channel * c.w_k + t.tap;
#pragma unroll
    for (unsigned int i = 0; i < kWeightLoads; i++) {
      const unsigned int m = first_channel + weight_row + i * (kConvThreads / kTerms);
      const bool ok = m < c.m && term < c.terms;
      next_weights[i] = ok ? kernel[(unsigned long long)m * c.w_m + offset] : 0.0f;
    }
  };
  const auto store = [&](unsigned int stage) {
#pragma unroll
    for (unsigned int i = 0; i < kLoads; i++) {
      pixels[stage][term_row + i * (kConvThreads / kPixels)][thread % kPixels] = next_pixels[i];
    }
#pragma unroll
    for (unsigned int i = 0; i < kWeightLoads; i++) {
      weights[stage][weight_term][weight_row + i * (kConvThreads / kTerms)] = next_weights[i];
    }
  };

  const unsigned int row = thread / 32 * kRows;
  const unsigned int column = thread % 32 * 4;
  float sums[kRows][4];
#pragma unroll
  for (unsigned int i = 0; i < kRows; i++) {
#pragma unroll
    for (unsigned int j = 0; j < 4; j++) sums[i][j] = 0.0f;
  }

  load(0);
  store(0);
  __syncthreads();
  unsigned int stage = 0;
  for (unsigned int term = kTerms;; term += kTerms) {
    const bool more = term < c.terms;
    if (more) load(term);
#pragma unroll
    for (unsigned int k = 0; k < kTerms; k++) {
      const float4 b = *reinterpret_cast<const float4 *>(&pixels[stage][k][column]);
#pragma unroll
      for (unsigned int i = 0; i < kRows; i += 4) {
        const float4 a = *reinterpret_cast<const float4 *>(&weights[stage][k][row + i]);
        multiply(sums[i], a.x, b);
        multiply(sums[i + 1], a.y, b);
        multiply(sums[i + 2], a.z, b);
        multiply(sums[i + 3], a.w, b);
      }
    }
    if (!more) break;
    stage ^= 1;
    store(stage);
    __syncthreads();
  }

  // Four neighbouring pixels, which lie in one image if a plane is a multiple of four.
  const unsigned int first = blockIdx.x * kPixels + column;
  if (first >= c.pixels) return;
  unsigned int channels[kRows], exist = 0;
#pragma unroll
  for (unsigned int i = 0; i < kRows; i++) {
    const unsigned int m = first_channel + row + i;
    channels[i] = group * c.m + m;
    exist |= (m < c.m ? 1u : 0u) << i;
  }
  const bool by_four = c.out_plane.divisor % 4 == 0;
#pragma unroll
  for (unsigned int j = 0; j < 4; j++) {
    if (first + j >= c.pixels) break;
    const unsigned int image = c.out_plane.quotient(first + j);
    const unsigned int at_plane = first + j - image * c.out_plane.divisor;
    unsigned long long at[kRows];
    float ones[kRows][1];
#pragma unroll
    for (unsigned int i = 0; i < kRows; i++) {
      const unsigned long long plane = (unsigned long long)image * c.groups * c.m + channels[i];
      at[i] = plane * c.out_plane.divisor + at_plane;
      ones[i][0] = sums[i][j];
    }
    if (by_four) {
      epilogue.apply<false>(sums, at, channels, exist);
      break;
    }
    epilogue.apply<false>(ones, at, channels, exist);
  }
}

// Few results a group: a thread per result; neighbouring threads are neighbouring pixels.
template <bool kAdjoint>
__device__ __forceinline__ void conv2d_direct(const float *from, const float *w,
                                              const Epilogue &epilogue, const Conv2d &c) {
  const unsigned int pixel = blockIdx.x * blockDim.x + threadIdx.x;
  if (pixel >= c.pixels) return;
  const Place place = Place::of<kAdjoint>(c, pixel);
  const unsigned int at_plane = pixel - place.image * c.out_plane.divisor;
  for (unsigned int channel = blockIdx.y; channel < c.groups * c.m; channel += gridDim.y) {
    const unsigned int group = channel / c.m, m = channel - group * c.m;
    const float *source =
        from + ((unsigned long long)place.image * c.groups + group) * c.k_outer * c.in_plane;
    const float *kernel =
        w + (unsigned long long)group * c.w_group + (unsigned long long)m * c.w_m;
    float sum = 0.0f;
    for (unsigned int k = 0; k < c.k_outer; k++) {
      Term t{k, 0, 0, 0};
      for (t.r = 0; t.r < c.kernel_h; t.r++) {
        for (t.s = 0; t.s < c.kernel_w.divisor; t.s++, t.tap++) {
          int at;
          if (place.template find<kAdjoint>(c, t, at)) {
            sum = fmaf(kernel[k * c.w_k + t.tap],
                       source[(unsigned long long)k * c.in_plane + at], sum);
          }
        }
      }
    }
    const unsigned long long plane = (unsigned long long)place.image * c.groups * c.m + channel;
    const float results[1][1] = {{sum}};
    const unsigned long long at[1] = {plane * c.out_plane.divisor + at_plane};
    const unsigned int channels[1] = {channel};
    epilogue.apply<false>(results, at, channels, 1);
  }
}

}  // namespace tarn

// from: x or dy
#if TARN_TILE > 1
extern "C" __global__ void __launch_bounds__(256, 2)
    conv2d(const float *from, const float *w, TARN_EPILOGUE_PARAMETERS, TARN_CONV2D_PARAMETERS) {
  tarn::conv2d_tile<TARN_ADJOINT, TARN_TILE>(from, w, TARN_EPILOGUE, TARN_CONV2D);
}
#else
extern "C" __global__ void __launch_bounds__(256)
    conv2d(const float *from, const float *w, TARN_EPILOGUE_PARAMETERS, TARN_CONV2D_PARAMETERS) {
  tarn::conv2d_direct<TARN_ADJOINT>(from, w, TARN_EPILOGUE, TARN_CONV2D);
}
#endif
