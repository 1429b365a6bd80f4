// The functions of dev.tarn.ir.Elementwise.Kind on one element, named after the kinds in lower case.
//
// Accurate library functions only: results must not depend on fast-math flags. NaN rules are those
// of the Javadoc: relu, maximum and minimum keep NaN; select takes no influence from the other side.
#pragma once

namespace tarn {

__device__ __forceinline__ float neg(float x) { return -x; }
__device__ __forceinline__ float abs(float x) { return fabsf(x); }
__device__ __forceinline__ float exp(float x) { return expf(x); }
__device__ __forceinline__ float log(float x) { return logf(x); }
__device__ __forceinline__ float sqrt(float x) { return sqrtf(x); }
__device__ __forceinline__ float tanh(float x) { return tanhf(x); }
__device__ __forceinline__ float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }

// Written with "not below or equal" so that NaN, for which every comparison is false, comes through.
__device__ __forceinline__ float relu(float x) { return !(x <= 0.0f) ? x : 0.0f; }

__device__ __forceinline__ float add(float a, float b) { return a + b; }
__device__ __forceinline__ float sub(float a, float b) { return a - b; }
__device__ __forceinline__ float mul(float a, float b) { return a * b; }
__device__ __forceinline__ float div(float a, float b) { return a / b; }

// fmaxf and fminf drop a NaN operand; the sum of the operands brings it back.
__device__ __forceinline__ float maximum(float a, float b) {
  return a != a || b != b ? a + b : fmaxf(a, b);
}
__device__ __forceinline__ float minimum(float a, float b) {
  return a != a || b != b ? a + b : fminf(a, b);
}

__device__ __forceinline__ float greater(float a, float b) { return a > b ? 1.0f : 0.0f; }
__device__ __forceinline__ float equal(float a, float b) { return a == b ? 1.0f : 0.0f; }
__device__ __forceinline__ float equal(int a, int b) { return a == b ? 1.0f : 0.0f; }
__device__ __forceinline__ float select(float a, float b, float c) { return a != 0.0f ? b : c; }

__device__ __forceinline__ float sign(float x) { return x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : x; }
__device__ __forceinline__ float erf(float x) { return erff(x); }
__device__ __forceinline__ float expm1(float x) { return expm1f(x); }
__device__ __forceinline__ float log1p(float x) { return log1pf(x); }
__device__ __forceinline__ float pow(float a, float b) { return powf(a, b); }
__device__ __forceinline__ float floor(float x) { return floorf(x); }
__device__ __forceinline__ float ceil(float x) { return ceilf(x); }
__device__ __forceinline__ float round(float x) { return rintf(x); }  // halves to even

// Not rsqrtf, whose last bits differ: this is what the reference computes, but for the rounding.
__device__ __forceinline__ float rsqrt(float x) { return 1.0f / sqrtf(x); }

}  // namespace tarn
