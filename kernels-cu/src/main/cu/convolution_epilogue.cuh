// What a convolution does with its results: here it stores them, as f32, or with -DTARN_OUT_BF16=1 as
// bf16. Where a tape of elementwise functions follows, the text that dev.tarn.cuda.EpilogueCompiler writes
// takes this file's place: apply computes the tape on the results and stores the tape's.
#pragma once
#include "epilogue.cuh"

namespace tarn {

#if defined(TARN_OUT_BF16) && TARN_OUT_BF16
using Result = Bf16;
#else
using Result = float;
#endif

struct Epilogue {
  Result *out;

  // Takes results that lie side by side from element at on, all of one channel, or with kAcross of one
  // channel each from channel on.
  template <bool kAcross, unsigned int kCount>
  __device__ __forceinline__ void apply(const float (&sums)[kCount], unsigned long long at,
                                        unsigned int) const {
    store_neighbours(out + at, sums);
  }
};

}  // namespace tarn

#define TARN_EPILOGUE_PARAMETERS tarn::Result *out
#define TARN_EPILOGUE \
  tarn::Epilogue { out }
