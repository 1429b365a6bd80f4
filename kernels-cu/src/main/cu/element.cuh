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

// Neighbours that one access moves.
template <unsigned int kCount>
struct __align__(kCount * sizeof(Element)) Neighbours {
  Element v[kCount];
};

// As many as one access of 16 bytes moves.
constexpr unsigned int kTogether = 16 / sizeof(Element);
using Elements = Neighbours<kTogether>;

// The elements of an access in kernels whose rows may not be a multiple of 16 bytes: with
// -DTARN_SINGLE=1 they are not.
#if defined(TARN_SINGLE) && TARN_SINGLE
constexpr unsigned int kWidth = 1;
#else
constexpr unsigned int kWidth = kTogether;
#endif
using Some = Neighbours<kWidth>;

}  // namespace tarn
