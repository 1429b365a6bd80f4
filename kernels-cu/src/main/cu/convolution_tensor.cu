// 2-D convolution and its adjoint by the input, on tensor cores: tf32 or bf16 factors, f32 sums.
//
//   forward  y[n,o,p,q]  = sum_{r,s,c} w[o,r,s,c] x[n, p*SH - PT + r*DH, q*SW - PL + s*DW, c]
//   adjoint  dx[n,c,h,w] = sum_{r,s,o} w[c,r,s,o] dy[n, (h + PT - r*DH) / SH, ..., o] where whole
//
// Both are products out (pixels, m) = in (pixels, taps k) w (m, taps k)^T whose left factor is never
// stored: in is x or dy, out is y or dx, k and m their channels in a group.
//
//   in:  (N, H, W, G, K) channels last, K = k rounded up to 16 bytes, zeros past k
//   w:   (G, m, R, S, K) likewise, rounded to tf32 where factors are; convolution_pack.cu makes both
//   results: element (n, pixel, channel) at n * to_image + pixel * to_pixel + channel * to_channel, so
//        planes and channels last alike
//
// A block makes 128 pixels x TARN_CHANNELS (32, 64, 128) channels, a warp TARN_WARP_PIXELS x
// TARN_WARP_CHANNELS of them (32 or 64 each). Tiles of 64 bytes of taps k are copied ahead by cp.async, 16
// bytes a copy, into 3 or 4 stages of shared memory (at most 48 KiB); what lies outside the image is filled
// with zeros. Rows of 64 bytes are stored with their 16-byte parts permuted, so that ldmatrix meets each
// bank once. grid (phases * ceil(pixels / 128) * ceil(m / TARN_CHANNELS), G), neighbours sharing pixels: the
// adjoint has a phase for each of the SH SW kinds of pixels that meet the same taps, and multiplies no
// others, forward has one. The order of sums depends on shapes only, not on tiles.
//
// FLOPs: 2 pixels m k R S, those of y for the adjoint as well. Bytes: in, w and out once each as
// far as caches hold what windows share. Window and types are definitions, extents are arguments: layers share a compiled kernel.
//
// Where results lie with channels last and groups are a multiple of 8 of them, -DTARN_EIGHTS=1, lanes exchange
// sums so that each has 8 neighbours of a pixel, which leave in accesses of 16 bytes; else each has
// single results. They go through epilogue.cuh.
//
// With -DTARN_WGMMA=1, for sm_90a alone, a block is one warpgroup, a warp of which has 2 x 16 pixels and all channels:
// wgmma.cuh reads the same stages by descriptors, and addresses of copies are computed while it multiplies.
//
// With -DTARN_EIGHTS=1 and one phase sums of what is stored may be computed too, for each channel: forward with
// -DTARN_STATISTICS=1, as adjoint with -DTARN_GRADIENT_SUMS=1, see convolution_sums.cuh. A block leaves those of
// its tile, and the last block of a tile of channels combines them, see last_block.cuh; chunks are tiles of pixels.
//
// Seen with nvcc 13.0 for sm_90a and a window of 3 x 3, no spills anywhere: 99 to 106 registers where a warp has
// 32 x 32, 124 to 128 where it has 64 x 32 (up to 175 in blocks of 64 threads, and as adjoint with a stride of 2),
// 203 to 242 where it has 64 x 64. Two steps of a warp, bf16 and forward with 64 channels, are by NVRTC 12.5 for
// sm_90: 32 mma.m16n8k16, 12 ldmatrix.x4 and 135 other instructions (115 with 128 channels) for 64 x 32; 64, 16 and
// 179 (139) for 64 x 64; with tf32 65 more, which round pixels. Shared memory is read and written for 288 cycles
// while a multiprocessor of an H100 multiplies tiles of 64 x 32 for about 206; of 64 x 64, for 224.
//
// By wgmma, NVRTC 12.5 for sm_90a: 84 to 102 registers with 32 channels, 122 to 128 with 64, 184 to 205 with 128 (255
// with sums of gradients, where up to 4 are spilled past the loop). Two steps of a warp are 4 HGMMA in a row, 6 to 8
// copies and with 64 or 128 channels 129 or 134 other instructions, 182 or 188 with tf32. If units read each factor
// once, shared memory is busy for 224 cycles with 64 channels (multiplying takes 128), for 320 with 128 (256), where
// mma.sync needs 288 and 384: at most 1.3 times as fast. Not yet measured.
//
// nvcc-check: -DTARN_BF16=1 -DTARN_OUT_BF16=1 -DTARN_CHANNELS=128 -DTARN_WARP_PIXELS=64 -DTARN_WARP_CHANNELS=64 -DTARN_EIGHTS=1 -DTARN_ADJOINT=0 -DTARN_R=3 -DTARN_S=3 -DTARN_STRIDE_H=1 -DTARN_STRIDE_W=1 -DTARN_DILATION_H=1 -DTARN_DILATION_W=1
// nvcc-check: -DTARN_STATISTICS=1 -DTARN_BF16=1 -DTARN_OUT_BF16=1 -DTARN_CHANNELS=64 -DTARN_WARP_PIXELS=64 -DTARN_WARP_CHANNELS=32 -DTARN_EIGHTS=1 -DTARN_ADJOINT=0 -DTARN_R=3 -DTARN_S=3 -DTARN_STRIDE_H=1 -DTARN_STRIDE_W=1 -DTARN_DILATION_H=1 -DTARN_DILATION_W=1
// nvcc-check: -DTARN_GRADIENT_SUMS=1 -DTARN_BF16=1 -DTARN_OUT_BF16=1 -DTARN_CHANNELS=64 -DTARN_WARP_PIXELS=64 -DTARN_WARP_CHANNELS=32 -DTARN_EIGHTS=1 -DTARN_ADJOINT=1 -DTARN_R=3 -DTARN_S=3 -DTARN_STRIDE_H=1 -DTARN_STRIDE_W=1 -DTARN_DILATION_H=1 -DTARN_DILATION_W=1
// nvcc-check: -DTARN_GRADIENT_SUMS=1 -DTARN_BF16=0 -DTARN_OUT_BF16=0 -DTARN_CHANNELS=128 -DTARN_WARP_PIXELS=64 -DTARN_WARP_CHANNELS=64 -DTARN_EIGHTS=1 -DTARN_ADJOINT=1 -DTARN_R=3 -DTARN_S=3 -DTARN_STRIDE_H=1 -DTARN_STRIDE_W=1 -DTARN_DILATION_H=1 -DTARN_DILATION_W=1
// nvcc-check: -DTARN_STATISTICS=1 -DTARN_BF16=0 -DTARN_OUT_BF16=0 -DTARN_CHANNELS=32 -DTARN_WARP_PIXELS=32 -DTARN_WARP_CHANNELS=32 -DTARN_EIGHTS=1 -DTARN_ADJOINT=0 -DTARN_R=3 -DTARN_S=3 -DTARN_STRIDE_H=1 -DTARN_STRIDE_W=1 -DTARN_DILATION_H=1 -DTARN_DILATION_W=1
// nvcc-check: -DTARN_BF16=1 -DTARN_OUT_BF16=1 -DTARN_CHANNELS=64 -DTARN_WARP_PIXELS=64 -DTARN_WARP_CHANNELS=32 -DTARN_EIGHTS=1 -DTARN_ADJOINT=1 -DTARN_R=3 -DTARN_S=3 -DTARN_STRIDE_H=2 -DTARN_STRIDE_W=2 -DTARN_DILATION_H=1 -DTARN_DILATION_W=1
// nvcc-check: -DTARN_BF16=0 -DTARN_OUT_BF16=0 -DTARN_CHANNELS=64 -DTARN_WARP_PIXELS=64 -DTARN_WARP_CHANNELS=32 -DTARN_EIGHTS=1 -DTARN_ADJOINT=0 -DTARN_R=3 -DTARN_S=3 -DTARN_STRIDE_H=2 -DTARN_STRIDE_W=2 -DTARN_DILATION_H=1 -DTARN_DILATION_W=1
// nvcc-check: -DTARN_BF16=0 -DTARN_OUT_BF16=0 -DTARN_CHANNELS=32 -DTARN_WARP_PIXELS=32 -DTARN_WARP_CHANNELS=32 -DTARN_EIGHTS=0 -DTARN_ADJOINT=1 -DTARN_R=3 -DTARN_S=3 -DTARN_STRIDE_H=1 -DTARN_STRIDE_W=1 -DTARN_DILATION_H=1 -DTARN_DILATION_W=1
// nvcc-check: -DTARN_WGMMA=1 -DTARN_STATISTICS=1 -DTARN_BF16=1 -DTARN_OUT_BF16=1 -DTARN_CHANNELS=128 -DTARN_WARP_PIXELS=32 -DTARN_WARP_CHANNELS=128 -DTARN_EIGHTS=1 -DTARN_ADJOINT=0 -DTARN_R=3 -DTARN_S=3 -DTARN_STRIDE_H=1 -DTARN_STRIDE_W=1 -DTARN_DILATION_H=1 -DTARN_DILATION_W=1
// nvcc-check: -DTARN_WGMMA=1 -DTARN_GRADIENT_SUMS=1 -DTARN_BF16=0 -DTARN_OUT_BF16=0 -DTARN_CHANNELS=128 -DTARN_WARP_PIXELS=32 -DTARN_WARP_CHANNELS=128 -DTARN_EIGHTS=1 -DTARN_ADJOINT=1 -DTARN_R=3 -DTARN_S=3 -DTARN_STRIDE_H=1 -DTARN_STRIDE_W=1 -DTARN_DILATION_H=1 -DTARN_DILATION_W=1
// nvcc-check: -DTARN_WGMMA=1 -DTARN_BF16=1 -DTARN_OUT_BF16=1 -DTARN_CHANNELS=64 -DTARN_WARP_PIXELS=32 -DTARN_WARP_CHANNELS=64 -DTARN_EIGHTS=1 -DTARN_ADJOINT=1 -DTARN_R=3 -DTARN_S=3 -DTARN_STRIDE_H=2 -DTARN_STRIDE_W=2 -DTARN_DILATION_H=1 -DTARN_DILATION_W=1
// nvcc-check: -DTARN_WGMMA=1 -DTARN_BF16=0 -DTARN_OUT_BF16=0 -DTARN_CHANNELS=64 -DTARN_WARP_PIXELS=32 -DTARN_WARP_CHANNELS=64 -DTARN_EIGHTS=0 -DTARN_ADJOINT=0 -DTARN_R=3 -DTARN_S=3 -DTARN_STRIDE_H=1 -DTARN_STRIDE_W=1 -DTARN_DILATION_H=1 -DTARN_DILATION_W=1
// nvcc-check: -DTARN_WGMMA=1 -DTARN_GRADIENT_SUMS=1 -DTARN_BF16=1 -DTARN_OUT_BF16=1 -DTARN_CHANNELS=32 -DTARN_WARP_PIXELS=32 -DTARN_WARP_CHANNELS=32 -DTARN_EIGHTS=1 -DTARN_ADJOINT=1 -DTARN_R=3 -DTARN_S=3 -DTARN_STRIDE_H=1 -DTARN_STRIDE_W=1 -DTARN_DILATION_H=1 -DTARN_DILATION_W=1
#ifndef TARN_WGMMA
#define TARN_WGMMA 0
#endif
#include "convolution_sums.cuh"
#include "convolution_window.cuh"
#include "element.cuh"
#include "epilogue.cuh"
#include "tensor_core.cuh"
#if TARN_WGMMA
#include "wgmma.cuh"
#endif

namespace tarn {

// Tiles of a block and of a warp.
constexpr unsigned int kPixels = 128, kChannels = TARN_CHANNELS;
constexpr unsigned int kWarpPixels = TARN_WARP_PIXELS, kWarpChannels = TARN_WARP_CHANNELS;
constexpr unsigned int kChunks = 4;  // of 16 bytes, in a row of a stage
constexpr unsigned int kRowBytes = kChunks * 16;
constexpr unsigned int kStages = kChannels == 128 ? 3 : 4;
constexpr unsigned int kWarpsDown = kPixels / kWarpPixels, kWarpsAcross = kChannels / kWarpChannels;
constexpr unsigned int kTensorThreads = 32 * kWarpsDown * kWarpsAcross;
constexpr unsigned int kRows = kWarpPixels / 16;  // tiles of 16 pixels of a warp
// How many of them lie side by side. A product of a warpgroup is 64 pixels, 16 of each warp.
constexpr unsigned int kRun = TARN_WGMMA ? 1 : kRows, kRuns = kRows / kRun;
constexpr unsigned int kRowsApart = kTensorThreads / kChunks;
constexpr unsigned int kPixelLoads = kPixels / kRowsApart;
constexpr unsigned int kWeightLoads = kChannels / kRowsApart;
constexpr bool kAdjoint = TARN_ADJOINT;
constexpr bool kEights = TARN_EIGHTS;
using Parts = Phases<kAdjoint>;
// Blocks of a multiprocessor that registers must leave room for: with 128 of them, 512 threads have it.
constexpr bool kOnePhase = !kAdjoint || TARN_STRIDE_H * TARN_STRIDE_W == 1;
constexpr bool kSmall = kWarpChannels == 32 && kTensorThreads >= 128 && kOnePhase;
constexpr unsigned int kBlocks = ((TARN_WGMMA ? kChannels < 128 : kSmall) ? 512 : 256) / kTensorThreads;

// Where chunk of a row lies in a stage, in bytes. Eight rows on it lies kRowBytes * 8 on, and chunk ^ 2
// lies at place ^ 32: with the places that a thread needs first it computes no others.
__device__ __forceinline__ unsigned int place(unsigned int row, unsigned int chunk) {
  return (row * kChunks + (chunk ^ (row >> 1 & 3))) * 16;
}

}  // namespace tarn

// k_chunks: 16-byte chunks of the K channels of a group; in_pixel: bytes of a pixel of in
extern "C" __global__ void __launch_bounds__(tarn::kTensorThreads, tarn::kBlocks)
    conv2d_tensor(const unsigned char *in, const unsigned char *w, TARN_EPILOGUE_PARAMETERS, unsigned int m,
                  unsigned int k_chunks, unsigned int in_pixel, TARN_PIXELS_PARAMETERS,
                  unsigned int to_h, unsigned int to_w, unsigned int to_image,
                  unsigned int to_pixel, unsigned int to_channel TARN_SUMS_PARAMETERS) {
  using namespace tarn;
  __shared__ __align__(512) unsigned char pixels_of[kStages][kPixels * kRowBytes];
  __shared__ __align__(512) unsigned char weights_of[kStages][kChannels * kRowBytes];

  const Pixels c = TARN_PIXELS;
  const unsigned int thread = threadIdx.x, lane = thread % 32, warp = thread / 32;
  const unsigned int across = (m + kChannels - 1) / kChannels;
  const unsigned int phase_blocks = (c.pixels + kPixels - 1) / kPixels * across;
  const unsigned int phase = Parts::kDown * Parts::kAcross == 1 ? 0 : blockIdx.x / phase_blocks;
  const unsigned int block = blockIdx.x - phase * phase_blocks;
  const unsigned int phase_row = phase / Parts::kAcross, phase_column = phase % Parts::kAcross;
  const unsigned int first_pixel = block / across * kPixels;
  const unsigned int first_channel = block % across * kChannels;
  const unsigned int group = blockIdx.y;

  // What this thread copies: one chunk of each tile's rows, the same in all.
  const unsigned int chunk = thread % kChunks, row = thread / kChunks, to = place(row, chunk);
  Window<kAdjoint> windows[kPixelLoads];
  const unsigned char *sources[kPixelLoads];
#pragma unroll
  for (unsigned int i = 0; i < kPixelLoads; i++) {
    const unsigned int pixel = first_pixel + row + i * kRowsApart;
    windows[i] = Window<kAdjoint>::of(c, pixel, phase_row, phase_column);
    sources[i] = in + (unsigned long long)windows[i].image * c.in_h * c.in_w * in_pixel +
                 group * k_chunks * 16;
  }
  Tap<kAdjoint> tap = Tap<kAdjoint>::first(c, phase_row, phase_column);
  const unsigned int terms = tap.count() * k_chunks, w_row = TARN_R * TARN_S * k_chunks * 16;
  const unsigned char *kernel = w + (unsigned long long)(group * m + first_channel + row) * w_row;
  unsigned int term = chunk;  // counts chunks of (r, s, k)
  unsigned int k = chunk;
  while (k >= k_chunks) {
    k -= k_chunks;
    tap.next();
  }

  AsyncCopies copies;
  const auto load = [&](unsigned int stage) {
    const bool exists = term < terms;
#pragma unroll
    for (unsigned int i = 0; i < kPixelLoads; i++) {
      unsigned int at;
      const bool ok = windows[i].find(c, tap, at) && exists;
      const unsigned char *from = sources[i] + (unsigned long long)at * in_pixel + k * 16;
      copies.copy(pixels_of[stage] + to + i * kRowsApart * kRowBytes, from, ok);
    }
#pragma unroll
    for (unsigned int i = 0; i < kWeightLoads; i++) {
      const bool ok = first_channel + row + i * kRowsApart < m && exists;
      const unsigned char *from = kernel + (unsigned long long)i * kRowsApart * w_row +
                                  (unsigned long long)(tap.index() * k_chunks + k) * 16;
      copies.copy(weights_of[stage] + to + i * kRowsApart * kRowBytes, from, ok);
    }
    term += kChunks;
    k += kChunks;
    while (k >= k_chunks) {
      k -= k_chunks;
      tap.next();
    }
  };

  float sums[kRows][kWarpChannels / 8][4];
#pragma unroll
  for (unsigned int i = 0; i < kRows; i++) {
#pragma unroll
    for (unsigned int j = 0; j < kWarpChannels / 2; j++) sums[i][j / 4][j % 4] = 0.0f;
  }
  const unsigned int warp_pixel = warp % kWarpsDown * kRun * 16;
  const unsigned int warp_channel = warp / kWarpsDown * kWarpChannels;
  const unsigned int a_at = place(warp_pixel + lane % 16, lane / 16);
  const unsigned int b_at = place(warp_channel + lane / 16 * 8 + lane % 8, lane / 8 % 2);

#if TARN_WGMMA
  GroupProducts products;
#endif
  const unsigned int tiles = (terms + kChunks - 1) / kChunks;
#pragma unroll
  for (unsigned int i = 0; i < kStages - 1; i++) {
    if (i < tiles) load(i);
    copies.commit();
  }
  unsigned int stage = 0, ahead = kStages - 1;
  for (unsigned int tile = 0; tile < tiles; tile++) {
    const auto load_ahead = [&] {
      if (tile + kStages - 1 < tiles) load(ahead);
      copies.commit();
    };
#if TARN_WGMMA
    products.wait_for<kStages - 2>(copies);
    __syncthreads();
    unsigned int fragments[2][kRows][4];
#pragma unroll
    for (unsigned int i = 0; i < 2 * kRows && sizeof(Element) == 4; i++) {
      load_matrices(fragments[i / kRows][i % kRows],
                    pixels_of[stage] + (a_at ^ i / kRows * 32) + i % kRows * 64 * kRowBytes);
      round_operand<Element>(fragments[i / kRows][i % kRows]);
    }
    const unsigned long long b = products.rows(weights_of[stage]);
    products.begin();
#pragma unroll
    for (unsigned int step = 0; step < 2; step++) {
#pragma unroll
      for (unsigned int i = 0; i < kRows; i++) {
        if (sizeof(Element) == 4) {
          products.multiply(sums[i], fragments[step][i], further(b, step * 32));
        } else {
          const unsigned long long a = products.rows(pixels_of[stage] + i * 64 * kRowBytes);
          products.multiply(sums[i], further(a, step * 32), further(b, step * 32));
        }
      }
    }
    products.end();
    load_ahead();
    products.wait(sums);  // before the stage is written over
#else
    copies.wait<kStages - 2>();
    __syncthreads();
    load_ahead();
#pragma unroll
    for (unsigned int step = 0; step < 2; step++) {
      unsigned int a[kRows][4], b[kWarpChannels / 16][4];
#pragma unroll
      for (unsigned int i = 0; i < kRows; i++) {
        load_matrices(a[i], pixels_of[stage] + (a_at ^ step * 32) + i * 16 * kRowBytes);
        round_operand<Element>(a[i]);
      }
#pragma unroll
      for (unsigned int j = 0; j < kWarpChannels / 16; j++) {
        load_matrices(b[j], weights_of[stage] + (b_at ^ step * 32) + j * 16 * kRowBytes);
      }
#pragma unroll
      for (unsigned int i = 0; i < kRows; i++) {
#pragma unroll
        for (unsigned int j = 0; j < kWarpChannels / 8; j++) {
          const unsigned int pair[2] = {b[j / 2][j % 2 * 2], b[j / 2][j % 2 * 2 + 1]};
          multiply_tiles<Element>(sums[i][j], a[i], pair);
        }
      }
    }
#endif
    stage = stage + 1 == kStages ? 0 : stage + 1;
    ahead = ahead + 1 == kStages ? 0 : ahead + 1;
  }

  const Epilogue epilogue = TARN_EPILOGUE;
#ifdef TARN_SUMS
  __syncthreads();  // stages are read no more
  TARN_SUMS *shared = reinterpret_cast<TARN_SUMS *>(pixels_of);
  const unsigned int all_channels = gridDim.y * m;
  const ChannelSums sums_of = TARN_CHANNEL_SUMS;
#endif
#pragma unroll
  for (unsigned int part = 0; part < kWarpChannels / 32 * kRuns; part++) {
    const unsigned int half = part / kRuns, run = part % kRuns;
    const unsigned int first_of_run = first_pixel + warp_pixel + run * 64;
    const unsigned int in_tile = warp_channel + half * 32 + lane % 4 * (kEights ? 8 : 2);
    const unsigned int channel = group * m + first_channel + in_tile;
    const unsigned int left = m > first_channel + in_tile ? m - first_channel - in_tile : 0;
    float stored[2 * kRun][8] = {};  // for sums of them
#pragma unroll
    for (unsigned int tile = 0; tile < kRun; tile++) {
      float results[2][8];
      unsigned int at[2], channels[2], exist = 0;
#pragma unroll
      for (unsigned int i = 0; i < 2; i++) {
#pragma unroll
        for (unsigned int j = 0; j < 8; j++) {
          results[i][j] = sums[run * kRun + tile][half * 4 + j / 2][i * 2 + j % 2];
        }
        if (kEights) transpose_pairs(results[i]);
        const unsigned int pixel = first_of_run + tile * 16 + i * 8 + lane / 4;
        const unsigned int image = c.out_plane.quotient(pixel);
        unsigned int in_image = pixel - image * c.out_plane.divisor;
        bool exists = pixel < c.pixels;
        if (Parts::kDown * Parts::kAcross > 1) {
          const unsigned int down = c.out_w.quotient(in_image);
          const unsigned int h = down * Parts::kDown + phase_row;
          const unsigned int w = (in_image - down * c.out_w.divisor) * Parts::kAcross + phase_column;
          exists = exists && h < to_h && w < to_w;
          in_image = h * to_w + w;
        }
        at[i] = image * to_image + in_image * to_pixel + channel * to_channel;
        channels[i] = channel;
        exist |= (exists ? 1u : 0u) << i;
      }
      if (kEights) {
        epilogue.apply<true>(results, at, channels, left > 0 ? exist : 0,
                             [&](unsigned int i, const float (&y)[8]) {
#pragma unroll
                               for (unsigned int j = 0; j < 8; j++) stored[2 * tile + i][j] = y[j];
                             });
      } else {
#pragma unroll
        for (unsigned int i = 0; i < 2; i++) {
          float ones[8][1];
          unsigned int at_one[8], channel_of[8], exists = 0;
#pragma unroll
          for (unsigned int j = 0; j < 8; j++) {
            const unsigned int on = j / 2 * 8 + j % 2;
            ones[j][0] = results[i][j];
            at_one[j] = at[i] + on * to_channel;
            channel_of[j] = channel + on;
            exists |= (on < left ? exist >> i & 1 : 0u) << j;
          }
          epilogue.apply<true>(ones, at_one, channel_of, exists);
        }
      }
    }
#ifdef TARN_SUMS
    const unsigned int pixels = left > 0 && c.pixels > first_of_run ? c.pixels - first_of_run : 0;
    sums_of.of_warp(stored, first_of_run, min(pixels, kRun * 16), channel, all_channels,
                    shared + (run * kWarpsDown + warp % kWarpsDown) * kChannels + in_tile);
#endif
  }
#ifdef TARN_SUMS
  TARN_SUMS v = merge_rows(shared, kRuns * kWarpsDown, kChannels);
  const unsigned int first = group * m + first_channel, end = group * m + min(m, first_channel + kChannels);
  const LastBlock<TARN_SUMS> all{partial, counters, all_channels, chunks, part};
  if (all.combine(v, group * across + block % across, block / across, first, end,
                  kChannels == 32 ? width_of(end - first) : kChannels, shared)) {
    sums_of.finish(v, coefficients, all_channels, first, end, (float)c.pixels);
  }
#endif
}
