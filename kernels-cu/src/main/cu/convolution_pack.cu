// What the convolutions on tensor cores read, made of the plain layouts.
//
//   kernel            from                            to                     grid
//   pack_pixels_*     x (N, G, c, plane)              (N, plane, G, C)       ceil(plane / 32) ceil(C / W) N G
//   pack_kernels_*    w(group, row, k, tap) at        (G, m, taps, C)        sum of ceil(elements / 256)
//                     group * w_group + row * w_row + k * w_k + tap
//
// pack_kernels_* packs the kernels of several layers: block i works for table[owners[i]], whose first block
// is first_block; see dev.tarn.cuda.BatchStep.
//
// Kernels in f32 are rounded to tf32, once instead of by each block that multiplies them.
//
// C >= c: channels of a group rounded up to 16 bytes; past c are zeros. W: channels of a tile, 128 bytes.
// *: from which type to which. block 256, pack_pixels 32 x 8, through shared memory, so that reads and
// writes are both coalesced. Bytes: from and to once each.
#include "bfloat16.cuh"
#include "tensor_core.cuh"

namespace tarn {

template <class T, class S>
__device__ __forceinline__ T convert(S x) {
  return from_float<T>(to_float(x));
}

// A factor of a kernel: f32 is rounded to tf32.
template <class T>
__device__ __forceinline__ T factor(T x) {
  return x;
}
__device__ __forceinline__ float factor(float x) {
  return __uint_as_float(to_tf32(__float_as_uint(x)));
}

// Neighbours that one 4-byte access moves.
template <class T>
struct __align__(4) Together {
  T v[4 / sizeof(T)];
};

template <class S, class T>
__device__ __forceinline__ void pack_pixels(const S *x, T *y, unsigned int groups, unsigned int c,
                                            unsigned int channels, unsigned int plane) {
  constexpr unsigned int kPairs = 4 / sizeof(T);  // elements of a 4-byte store
  constexpr unsigned int kTile = 32 * kPairs;
  __shared__ T tile[kTile][33];
  const unsigned int across = (plane + 31) / 32, down = (channels + kTile - 1) / kTile;
  const unsigned int first_pixel = blockIdx.x % across * 32;
  const unsigned int first_channel = blockIdx.x / across % down * kTile;
  const unsigned int image = blockIdx.x / across / down;  // and group
  for (unsigned int i = threadIdx.y; i < kTile; i += blockDim.y) {
    const unsigned int channel = first_channel + i, pixel = first_pixel + threadIdx.x;
    const bool inside = channel < c && pixel < plane;
    tile[i][threadIdx.x] =
        inside ? convert<T>(x[((unsigned long long)image * c + channel) * plane + pixel]) : T();
  }
  __syncthreads();
  const unsigned int n = image / groups, group = image - n * groups;
  for (unsigned int i = threadIdx.y; i < 32; i += blockDim.y) {
    const unsigned int in_tile = threadIdx.x * kPairs;
    const unsigned int channel = first_channel + in_tile, pixel = first_pixel + i;
    if (channel < channels && pixel < plane) {
      T *to = y + (((unsigned long long)n * plane + pixel) * groups + group) * channels + channel;
      Together<T> together;
#pragma unroll
      for (unsigned int k = 0; k < kPairs; k++) together.v[k] = tile[in_tile + k][i];
      *reinterpret_cast<Together<T> *>(to) = together;
    }
  }
}

// Each field takes 8 bytes.
template <class S, class T>
struct PackedKernel {
  unsigned long long first_block;
  alignas(8) const S *w;
  alignas(8) T *y;
  alignas(8) unsigned int elements;
  alignas(8) unsigned int m;
  alignas(8) unsigned int k;
  alignas(8) unsigned int channels;
  alignas(8) unsigned int taps;
  alignas(8) unsigned int w_group;
  alignas(8) unsigned int w_row;
  alignas(8) unsigned int w_k;
};

template <class S, class T>
__device__ __forceinline__ void pack_kernel(const PackedKernel<S, T> &p) {
  const unsigned int at = (blockIdx.x - (unsigned int)p.first_block) * blockDim.x + threadIdx.x;
  if (at >= p.elements) return;
  const unsigned int rest = at / p.channels, channel = at - rest * p.channels;
  const unsigned int row = rest / p.taps, tap = rest - row * p.taps, group = row / p.m;
  const unsigned int from =
      group * p.w_group + (row - group * p.m) * p.w_row + channel * p.w_k + tap;
  p.y[at] = channel < p.k ? factor(convert<T>(p.w[from])) : T();
}

}  // namespace tarn

#define TARN_PACK(S, T, suffix)                                                                       \
  extern "C" __global__ void __launch_bounds__(256)                                                 \
      pack_pixels_##suffix(const S *x, T *y, unsigned int groups, unsigned int c,                   \
                           unsigned int channels, unsigned int plane) {                             \
    tarn::pack_pixels(x, y, groups, c, channels, plane);                                            \
  }                                                                                                 \
  extern "C" __global__ void __launch_bounds__(256)                                                 \
      pack_kernels_##suffix(const unsigned int *owners, const tarn::PackedKernel<S, T> *table) {     \
    tarn::pack_kernel(table[owners[blockIdx.x]]);                                                   \
  }

TARN_PACK(float, float, f32_to_f32)
TARN_PACK(float, tarn::Bf16, f32_to_bf16)
TARN_PACK(tarn::Bf16, tarn::Bf16, bf16_to_bf16)
