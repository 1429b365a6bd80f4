// Elements in another type, one for one; those between f32 and bf16 are otherwise part of tapes.
//
//   cast_f32_bf16  to the nearest, ties to even      cast_bf16_f32  exact
//   cast_i32_f32   to the nearest, ties to even      cast_f32_i32   towards zero, saturating, NaN to 0
//
// grid (ceil(elements / 256)), block 256. Each element is read and written once.
#include "bfloat16.cuh"

namespace tarn {

__device__ __forceinline__ int to_int(float x) {
  if (!(x > -2147483904.0f)) return x != x ? 0 : (int)0x80000000;
  return x >= 2147483648.0f ? 0x7fffffff : (int)x;
}

}  // namespace tarn

#define TARN_CAST(name, From, To, expression)                                    \
  extern "C" __global__ void __launch_bounds__(256)                              \
      name(const From *from, To *to, unsigned int elements) {                    \
    const unsigned int i = blockIdx.x * blockDim.x + threadIdx.x;                \
    if (i >= elements) return;                                                   \
    const From x = from[i];                                                      \
    to[i] = expression;                                                          \
  }

TARN_CAST(cast_f32_bf16, float, tarn::Bf16, tarn::to_bf16(x))
TARN_CAST(cast_bf16_f32, tarn::Bf16, float, tarn::to_float(x))
TARN_CAST(cast_i32_f32, int, float, (float)x)
TARN_CAST(cast_f32_i32, float, int, tarn::to_int(x))
