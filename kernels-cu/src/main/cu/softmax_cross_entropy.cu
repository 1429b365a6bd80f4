// Cross-entropy of the softmax of each row with its label, and its gradient.
//
//   lse[n] = log(sum_c exp(x[n,c])), computed as m + log(sum_c exp(x[n,c] - m)) with the row's
//            largest element m
//   loss[n] = lse[n] - x[n, label[n]]; NaN for a label outside [0, C)
//   dx[n,c] = (exp(x[n,c] - lse[n]) - [c == label[n]]) * grad[n]; a row of NaN for such a label
//
// x, dx: f32 (N, C); labels: i32 (N); loss, lse: f32 (N); grad: f32 (N), read at n grad_step, or with
// grad_step 0 one number for all rows
//
// TARN_LANES threads a row (softmax_rows.cuh), grid (ceil(N TARN_LANES / block)), block 256, or
// TARN_LANES if that is more. Forward moves 4 N C bytes, the gradient 8 N C, each element once whatever
// the row's length; each evaluates N C exponentials.
//
// Seen with nvcc 13.0 for sm_75, sm_80 and sm_90a: at most 56 registers where 16 elements of a row are held, 112 where 32
// are, and no spills.
//
// nvcc-check: -DTARN_SINGLE=1 -DTARN_LANES=4 -DTARN_HELD=4
// nvcc-check: -DTARN_SINGLE=0 -DTARN_LANES=32 -DTARN_HELD=8
// nvcc-check: -DTARN_SINGLE=1 -DTARN_LANES=1024 -DTARN_HELD=16
// nvcc-check: -DTARN_SINGLE=0 -DTARN_LANES=1024 -DTARN_HELD=0
// nvcc-check: -DTARN_SINGLE=1 -DTARN_LANES=1024 -DTARN_HELD=0
#include "softmax_rows.cuh"

namespace tarn {

__device__ __forceinline__ float nan() { return __int_as_float(0x7fffffff); }

}  // namespace tarn

extern "C" __global__ void __launch_bounds__(tarn::kRowThreads)
    softmax_cross_entropy(const float *x, const int *labels, float *loss, float *lse,
                          unsigned int rows, unsigned int columns) {
  using namespace tarn;
  const Row row(rows, columns);
#if TARN_HELD > 0
  Held held;
  row.load(x, 0, Max::identity(), held);
  const Exponentials e = Exponentials::of_held(held);
#else
  const Exponentials e = Exponentials::of_long(row, x);
#endif
  if (row.lane != 0 || !row.exists) return;
  const float value = e.largest + logf(e.sum);
  const unsigned int label = (unsigned int)labels[row.number];
  lse[row.number] = value;
  loss[row.number] = label < columns ? value - x[row.begin() + label] : nan();
}

extern "C" __global__ void __launch_bounds__(tarn::kRowThreads)
    softmax_cross_entropy_grad(const float *x, const int *labels, const float *lse,
                               const float *grad, float *dx, unsigned int rows,
                               unsigned int columns, unsigned int grad_step) {
  using namespace tarn;
  const Row row(rows, columns);
  if (!row.exists) return;
  const float shift = lse[row.number], g = grad[row.number * grad_step];
  const unsigned int label = (unsigned int)labels[row.number];
  for (unsigned int first = 0; first < columns; first += kSpan) {
    Held held;
    row.load(x, first, 0.0f, held);
#pragma unroll
    for (unsigned int k = 0; k < kAccesses; k++) {
#pragma unroll
      for (unsigned int j = 0; j < kWidth; j++) {
        const float one = row.column(first, k) + j == label ? 1.0f : 0.0f;
        held.v[k][j] = label < columns ? (expf(held.v[k][j] - shift) - one) * g : nan();
      }
    }
    row.store(dx, first, held);
    if (kHolds) break;
  }
}
