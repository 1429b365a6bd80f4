// 2-D convolution and its adjoint by the input as implicit matrix products in strict f32.
//
//   x: f32 (N, C, H, W)   w: f32 (O, C/G, R, S)   y: f32 (N, O, P, Q), row-major; G groups
//   forward     y[n,o,p,q]  = sum_{c,r,s} w[o,c,r,s] x[n, c, p*SH - PT + r*DH, q*SW - PL + s*DW]
//   grad input  dx[n,c,h,w] = sum_{o,r,s} w[o,c,r,s] dy[n, o, (h + PT - r*DH) / SH, ...] where whole
//
//   results a group  TARN_CHANNELS  TARN_PIXELS  sums a thread  grid                                block
//   > 32             128            128          8 x 8          (pixels / 128, groups * m / 128)    256
//   > 32             64             256          8 x 8          (pixels / 256, groups * m / 64)     256
//   > 32             64             128          8 x 4          (pixels / 128, groups * m / 64)     256
//   8 to 32          32             256          8 x 4          (pixels / 256, groups)              256
//   < 8              1                           1              (pixels / 256, groups * m)          256
// Quotients are rounded up; pixels = N * plane, m = channels of a group, of dx with -DTARN_ADJOINT=1, for the
// gradient by the input. -DTARN_TAPS: see convolution.cuh.
//
// Tiles: a block gives so many channels x pixels; tiles of 8 terms pass through shared memory,
// double-buffered. No atomics: the order of every sum depends on shapes only, and on no tile. Results go
// through epilogue.cuh.
//
// A step of 8 terms, as NVRTC 12.5 compiles forward for sm_90 and windows of up to 32 taps:
//   tile       FFMA  instructions of a warp  registers  cycles of shared memory for the factors, of multiplying
//   64 x 256   512   637                     125        64, 128
//   128 x 128  512   627                     128        64, 128
//   64 x 128   256   347                     107        48, 64
//   32 x 256   256   366                     107        48, 64
// and 28 instructions of the one warp that describes terms. The cycles are counted, not measured: those of a warp
// on an SM with 128 lanes. Nothing is spilled, nor with up to 64 taps.
//
// FLOPs: 2 N O P Q C/G R S. Bytes: x, w and y once each as far as caches hold what windows share. The
// compiler is told not to contract products and sums; fmaf asks for one rounding.
//
// nvcc-check: -DTARN_ADJOINT=0 -DTARN_CHANNELS=64 -DTARN_PIXELS=256 -DTARN_TAPS=32
// nvcc-check: -DTARN_ADJOINT=1 -DTARN_CHANNELS=128 -DTARN_PIXELS=128 -DTARN_TAPS=32
// nvcc-check: -DTARN_ADJOINT=1 -DTARN_CHANNELS=32 -DTARN_PIXELS=256 -DTARN_TAPS=0
// nvcc-check: -DTARN_ADJOINT=1 -DTARN_CHANNELS=1
#include "convolution.cuh"
#include "epilogue.cuh"

namespace tarn {

// One block of kChannels results of a group x kPixels pixels; a warp gives 32 channels x 8 kColumns pixels.
// Windows have up to kTaps taps, 32 or 64, or with 0 any number.
//
//   from: (N, G * k_outer, in_h, in_w): x or dy     results: (N, G * m, out_h, out_w): y or dx
//   w(channel m, term (k, r, s)) = w[group][m * w_m + k * w_k + r * S + s]
template <bool kAdjoint, unsigned int kChannels, unsigned int kPixels, unsigned int kTaps>
__device__ __forceinline__ void conv2d_tile(const float *from, const float *w,
                                            const Epilogue &epilogue, const Conv2d &c) {
  using Mask = typename MaskOf<kTaps>::Type;
  constexpr unsigned int kTerms = 8, kConvThreads = 256;
  constexpr unsigned int kColumns = kChannels * kPixels / kConvThreads / 8;  // pixels of a thread
  constexpr unsigned int kWarpsAcross = kPixels / (8 * kColumns);
  constexpr unsigned int kLoads = kTerms * kPixels / kConvThreads;
  constexpr unsigned int kWeightLoads = kTerms * kChannels / kConvThreads;
  __shared__ __align__(16) float weights[2][kTerms][kChannels + 4];
  __shared__ __align__(16) float pixels[2][kTerms][kPixels];
  // Of the terms of a tile: Term::at, the bit of the tap, and where the weights of a channel lie.
  __shared__ __align__(16) int term_at[2][kTerms];
  __shared__ __align__(16) Mask term_tap[2][kTerms];
  __shared__ unsigned int term_weight[2][kTerms];

  const unsigned int thread = threadIdx.x;
  const unsigned int tiles = (c.m + kChannels - 1) / kChannels;
  const unsigned int group = blockIdx.y / tiles;
  const unsigned int first_channel = (blockIdx.y - group * tiles) * kChannels;

  // The pixel of which this thread loads kLoads neighbouring terms of every tile. What does not exist may be
  // anything where its results do not exist either.
  const unsigned int pixel = blockIdx.x * kPixels + thread % kPixels;
  const unsigned int term_row = thread / kPixels * kLoads;
  const Place place = Place::of<kAdjoint>(c, min(pixel, c.pixels - 1));
  const float *source =
      from + ((unsigned long long)place.image * c.groups + group) * c.k_outer * c.in_plane;
  const float *origin = kTaps > 0 ? kept(source + place.origin<kAdjoint>(c)) : source;
  const Mask mask = kTaps > 0 ? place.mask<kAdjoint, Mask>(c) : 0;

  // The weights that this thread loads: 8 neighbouring terms of one channel are neighbouring threads.
  const unsigned int weight_term = thread % kTerms;
  const unsigned int weight_row = thread / kTerms;
  const float *kernel = kept(w + (unsigned long long)group * c.w_group);
  unsigned int weight_at[kWeightLoads];
#pragma unroll
  for (unsigned int i = 0; i < kWeightLoads; i++) {
    const unsigned int m = first_channel + weight_row + i * (kConvThreads / kTerms);
    weight_at[i] = kept(min(m, c.m - 1) * c.w_m);
  }

  const auto describe = [&](unsigned int first_term, unsigned int stage) {
    if (thread >= kTerms) return;
    const unsigned int term = first_term + thread;
    const Term t = Term::of(c, term);
    term_at[stage][thread] = t.at<kAdjoint>(c);
    if (kTaps > 0) term_tap[stage][thread] = (Mask)(term < c.terms ? 1 : 0) << t.tap;
    term_weight[stage][thread] = t.channel * c.w_k + t.tap;
  };
  float next_pixels[kLoads], next_weights[kWeightLoads];
  const auto load = [&](unsigned int first_term, unsigned int stage) {
#pragma unroll
    for (unsigned int i = 0; i < kLoads; i += 4) {
      int at[4];
      Mask tap[4];
      read_row(at, &term_at[stage][term_row + i]);
      read_row(tap, &term_tap[stage][term_row + i]);
#pragma unroll
      for (unsigned int j = 0; j < 4; j++) {
        if (kTaps > 0) {
          next_pixels[i + j] = mask & tap[j] ? origin[at[j]] : 0.0f;
          continue;
        }
        const unsigned int term = first_term + term_row + i + j;
        const Term t = Term::of(c, term);
        const bool ok = place.find<kAdjoint>(c, t, at[j]) && term < c.terms;
        next_pixels[i + j] =
            ok ? source[(unsigned long long)t.channel * c.in_plane + at[j]] : 0.0f;
      }
    }
    const unsigned int at = term_weight[stage][weight_term];
    const bool ok = first_term + weight_term < c.terms;
#pragma unroll
    for (unsigned int i = 0; i < kWeightLoads; i++) {
      next_weights[i] = ok ? kernel[weight_at[i] + at] : 0.0f;
    }
  };
  const auto store = [&](unsigned int stage) {
#pragma unroll
    for (unsigned int i = 0; i < kLoads; i++) {
      pixels[stage][term_row + i][thread % kPixels] = next_pixels[i];
    }
#pragma unroll
    for (unsigned int i = 0; i < kWeightLoads; i++) {
      weights[stage][weight_term][weight_row + i * (kConvThreads / kTerms)] = next_weights[i];
    }
  };

  const Lane lane = Lane::of(thread);
  const unsigned int row = kept(thread / 32 / kWarpsAcross * 32 + lane.row);
  const unsigned int column = kept(thread / 32 % kWarpsAcross * (8 * kColumns) + lane.column);
  float sums[8][kColumns];
  clear(sums);

  // While a tile is multiplied the next is loaded, and the one after it described.
  describe(0, 0);
  __syncthreads();
  load(0, 0);
  describe(kTerms, 1);
  store(0);
  __syncthreads();
  unsigned int stage = 0;
  for (unsigned int term = kTerms;; term += kTerms) {
    const bool more = term < c.terms;
    if (more) {
      load(term, stage ^ 1);
      describe(term + kTerms, stage);
    }
#pragma unroll
    for (unsigned int k = 0; k < kTerms; k++) {
      float a[8], b[kColumns];
#pragma unroll
      for (unsigned int i = 0; i < 8; i += 4) read_row(a + i, &weights[stage][k][row + 4 * i]);
#pragma unroll
      for (unsigned int j = 0; j < kColumns; j += 4) {
        read_row(b + j, &pixels[stage][k][column + 8 * j]);
      }
      multiply(sums, a, b);
    }
    if (!more) break;
    stage ^= 1;
    store(stage);
    __syncthreads();
  }

  // Four channels x four neighbouring pixels, which lie in one image if a plane is a multiple of four.
  const bool by_four = c.out_plane.divisor % 4 == 0;
#pragma unroll
  for (unsigned int i = 0; i < 8; i += 4) {
    unsigned int channels[4], exist = 0;
#pragma unroll
    for (unsigned int k = 0; k < 4; k++) {
      const unsigned int m = first_channel + row + 4 * i + k;
      channels[k] = group * c.m + m;
      exist |= (m < c.m ? 1u : 0u) << k;
    }
#pragma unroll
    for (unsigned int j = 0; j < kColumns; j++) {
      const unsigned int to = blockIdx.x * kPixels + column + j / 4 * 32 + j % 4;
      if (to >= c.pixels || (by_four && j % 4 != 0)) continue;
      const unsigned int image = c.out_plane.quotient(to);
      const unsigned int at_plane = to - image * c.out_plane.divisor;
      unsigned long long at[4];
#pragma unroll
      for (unsigned int k = 0; k < 4; k++) {
        const unsigned long long plane = (unsigned long long)image * c.groups * c.m + channels[k];
        at[k] = plane * c.out_plane.divisor + at_plane;
      }
      if (j % 4 == 0 && by_four) {
        float some[4][4];
#pragma unroll
        for (unsigned int k = 0; k < 16; k++) some[k / 4][k % 4] = sums[i + k / 4][j + k % 4];
        epilogue.apply<false>(some, at, channels, exist);
        continue;
      }
      float ones[4][1];
#pragma unroll
      for (unsigned int k = 0; k < 4; k++) ones[k][0] = sums[i + k][j];
      epilogue.apply<false>(ones, at, channels, exist);
    }
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
#if TARN_CHANNELS > 1
extern "C" __global__ void __launch_bounds__(256, 2)
    conv2d(const float *from, const float *w, TARN_EPILOGUE_PARAMETERS, TARN_CONV2D_PARAMETERS) {
  tarn::conv2d_tile<TARN_ADJOINT, TARN_CHANNELS, TARN_PIXELS, TARN_TAPS>(from, w, TARN_EPILOGUE,
                                                                         TARN_CONV2D);
}
#else
extern "C" __global__ void __launch_bounds__(256)
    conv2d(const float *from, const float *w, TARN_EPILOGUE_PARAMETERS, TARN_CONV2D_PARAMETERS) {
  tarn::conv2d_direct<TARN_ADJOINT>(from, w, TARN_EPILOGUE, TARN_CONV2D);
}
#endif
