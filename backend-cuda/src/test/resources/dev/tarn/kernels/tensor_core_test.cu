// One product of tiles by a warp, C (16, 8) = A (16, k) B (k, 8), with its factors brought to registers in
// three ways; a, b, c: f32, row-major. grid 1, block 32.
#include "tensor_core.cuh"

namespace tarn {

template <class T>
struct Tiles {
  static constexpr unsigned int kDepth = 32 / sizeof(T);
  T a[16][kDepth];
  T b[8][kDepth];                  // transposed
  __align__(16) T a_deep[kDepth][24];  // transposed, rows of 16 and padding

  __device__ void fill(const float *from_a, const float *from_b) {
    for (unsigned int i = threadIdx.x; i < 16 * kDepth; i += 32) {
      const T value = from_float<T>(from_a[i]);
      a[i / kDepth][i % kDepth] = value;
      a_deep[i % kDepth][i / kDepth] = value;
    }
    for (unsigned int i = threadIdx.x; i < 8 * kDepth; i += 32) {
      b[i % 8][i / 8] = from_float<T>(from_b[i]);
    }
    __syncwarp();
  }
};

__device__ unsigned int word(const void *row, unsigned int index) {
  return static_cast<const unsigned int *>(row)[index];
}

template <class T>
__device__ void store(float *to, const unsigned int (&a)[4], const unsigned int (&b)[2]) {
  const unsigned int g = threadIdx.x / 4, t = threadIdx.x % 4;
  float c[4] = {0.0f, 0.0f, 0.0f, 0.0f};
  multiply_tiles<T>(c, a, b);
  to[g * 8 + 2 * t] = c[0];
  to[g * 8 + 2 * t + 1] = c[1];
  to[(g + 8) * 8 + 2 * t] = c[2];
  to[(g + 8) * 8 + 2 * t + 1] = c[3];
}

// c: (3, 16, 8): by words as the header says they lie, by load_matrices, by load_matrices_transposed
template <class T>
__device__ void products(const float *from_a, const float *from_b, float *c) {
  __shared__ __align__(16) Tiles<T> tiles;
  tiles.fill(from_a, from_b);
  const unsigned int lane = threadIdx.x, g = lane / 4, t = lane % 4;
  unsigned int a[4] = {word(tiles.a[g], t), word(tiles.a[g + 8], t), word(tiles.a[g], t + 4),
                       word(tiles.a[g + 8], t + 4)};
  unsigned int b[2] = {word(tiles.b[g], t), word(tiles.b[g], t + 4)};
  round_operand<T>(a);
  round_operand<T>(b);
  store<T>(c, a, b);

  constexpr unsigned int kInChunk = 16 / sizeof(T);
  unsigned int both[4];
  load_matrices(a, &tiles.a[lane % 16][lane / 16 * kInChunk]);
  load_matrices(both, &tiles.b[lane % 8][lane / 8 % 2 * kInChunk]);
  round_operand<T>(a);
  round_operand<T>(both);
  b[0] = both[0];
  b[1] = both[1];
  store<T>(c + 128, a, b);
  if (sizeof(T) == 2) {
    load_matrices_transposed(a, &tiles.a_deep[lane / 16 * 8 + lane % 8][lane / 8 % 2 * 8]);
  }
  store<T>(c + 256, a, b);
}

}  // namespace tarn

extern "C" __global__ void products_bf16(const float *a, const float *b, float *c) {
  tarn::products<tarn::Bf16>(a, b, c);
}

extern "C" __global__ void products_tf32(const float *a, const float *b, float *c) {
  tarn::products<float>(a, b, c);
}

// y (3, 128): what of x was copied before each of two groups was waited for, and zeros for no source
extern "C" __global__ void copies(const float *x, float *y) {
  __shared__ __align__(16) float first[128], second[128], third[128];
  tarn::AsyncCopies copies;
  copies.copy(first + 4 * threadIdx.x, x + 4 * threadIdx.x, true);
  copies.commit();
  copies.copy(second + 4 * threadIdx.x, x + 4 * threadIdx.x, true);
  copies.copy(third + 4 * threadIdx.x, x, false);
  copies.commit();
  copies.wait<1>();
  __syncthreads();
  for (unsigned int i = threadIdx.x; i < 128; i += 32) y[i] = first[127 - i];
  copies.wait<0>();
  __syncthreads();
  for (unsigned int i = threadIdx.x; i < 128; i += 32) {
    y[128 + i] = second[127 - i];
    y[256 + i] = third[127 - i];
  }
}

// y (2, n): x rounded to bf16, and to tf32; block 32
extern "C" __global__ void roundings(const float *x, float *y, unsigned int n) {
  for (unsigned int i = threadIdx.x; i < n; i += 32) {
    y[i] = tarn::to_float(tarn::to_bf16(x[i]));
    y[n + i] = __uint_as_float(tarn::to_tf32(__float_as_uint(x[i])));
  }
}
