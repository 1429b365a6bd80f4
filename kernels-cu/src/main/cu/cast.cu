// Casts: x [n] -> y [n], element by element. Those between f32 and bf16 are otherwise part of tapes.
//
// i32_to_f32   to the nearest float, of two the even one
// f32_to_i32   without the fraction; too large or small becomes the largest or smallest integer,
//              NaN becomes 0
// f32_to_bf16  to the nearest bf16, of two the even one
// bf16_to_f32  exact
// A thread an element, blocks along x. Each element is read and written once.
#include "bfloat16.cuh"

extern "C" __global__ void i32_to_f32(const int *x, float *y, int n) {
  const unsigned int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] = static_cast<float>(x[i]);
}

extern "C" __global__ void f32_to_i32(const float *x, int *y, int n) {
  const unsigned int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  const float v = x[i];
  // What C++ leaves undefined: outside of [-2^31, 2^31), and NaN.
  y[i] = v >= 2147483648.0f    ? 2147483647
         : v >= -2147483648.0f ? static_cast<int>(v)
         : v < 0.0f            ? -2147483647 - 1
                               : 0;
}

extern "C" __global__ void f32_to_bf16(const float *x, tarn::Bf16 *y, int n) {
  const unsigned int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] = tarn::to_bf16(x[i]);
}

extern "C" __global__ void bf16_to_f32(const tarn::Bf16 *x, float *y, int n) {
  const unsigned int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] = tarn::to_float(x[i]);
}
