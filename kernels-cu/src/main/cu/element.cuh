// Element, the type of activations and their gradients: f32, or with -DTARN_BF16=1 bf16. Arithmetic is
// f32 either way.
#pragma once
#include "bfloat16.cuh"

namespace tarn {

#if defined(TARN_BF16) && TARN_BF16
using Element = Bf16;
#else
using Element = float;
#endif

__device__ __forceinline__ Element element(float x) { return from_float<Element>(x); }

}  // namespace tarn
