// What a kernel does with its results: here it stores them, as f32, or with -DTARN_OUT_BF16=1 as bf16.
// Where a tape of elementwise functions follows, the text that dev.tarn.cuda.EpilogueCompiler writes takes
// this file's place: apply computes the tape on the results and stores the tape's. It loads the operands of
// some rows before it stores any of them, because the compiler may not move a load before a store.
#pragma once
#include "neighbours.cuh"

namespace tarn {

#if defined(TARN_OUT_BF16) && TARN_OUT_BF16
using Result = Bf16;
#else
using Result = float;
#endif

struct Epilogue {
  Result *out;

  // Takes rows of results that lie side by side. Row i begins at element at[i], if bit i of exist is set;
  // its results are of channel channels[i], or with kAcross of one channel each from that on. Calls
  // seen(i, what was stored).
  template <bool kAcross, unsigned int kRows, unsigned int kCount, class Index, class Seen = Unseen>
  __device__ __forceinline__ void apply(const float (&sums)[kRows][kCount], const Index (&at)[kRows],
                                        const unsigned int (&)[kRows], unsigned int exist,
                                        const Seen &seen = Seen{}) const {
#pragma unroll
    for (unsigned int i = 0; i < kRows; i++) {
      if (!(exist >> i & 1)) continue;
      store_neighbours(out + at[i], sums[i]);
      float y[kCount];
#pragma unroll
      for (unsigned int j = 0; j < kCount; j++) y[j] = to_float(from_float<Result>(sums[i][j]));
      seen(i, y);
    }
  }
};

}  // namespace tarn

#define TARN_EPILOGUE_PARAMETERS tarn::Result *out
#define TARN_EPILOGUE \
  tarn::Epilogue { out }
