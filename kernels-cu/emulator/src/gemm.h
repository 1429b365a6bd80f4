// C = alpha op(A) op(B) + beta C, column-major, accumulated in float.
#pragma once

#include <cstdint>

namespace tarn {

// cudaDataType
enum DataType { R_32F = 0, R_16F = 2, R_16BF = 14 };

// What happens to float inputs before they are multiplied.
enum class Rounding { NONE, TF32, BF16, FP16 };

struct Matrix {
  const void *data;
  DataType type;
  int64_t ld;      // elements from one column to the next
  int64_t stride;  // elements from one matrix of a batch to the next
  bool transposed = false;
};

struct Gemm {
  int64_t m, n, k, batch;
  float alpha, beta;
  Matrix a, b, c;
  Rounding rounding;
};

int element_size(DataType type);

// Every element of C sums its k products in order, one fused multiply-add each, so the result does
// not depend on the number of threads.
void run_gemm(const Gemm &gemm);

}  // namespace tarn
