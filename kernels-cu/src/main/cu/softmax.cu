// Softmax of rows and its logarithm, and the gradients.
//
//   softmax            y[n,c] = exp(x[n,c] - m) / s     with the row's largest element m
//   log_softmax        y[n,c] = x[n,c] - m - log(s)     and s = sum_c exp(x[n,c] - m)
//   softmax_grad       dx[n,c] = y[n,c] (dy[n,c] - sum_k dy[n,k] y[n,k])
//   log_softmax_grad   dx[n,c] = dy[n,c] - exp(y[n,c]) sum_k dy[n,k]
//
// x, y, dy, dx: f32 (N, C)
//
// TARN_LANES threads a row (softmax_rows.cuh), grid (ceil(N TARN_LANES / block)), block 256, or
// TARN_LANES if that is more. Forward moves 8 N C bytes, the gradients 12 N C. With -DTARN_HELD=0 what is
// read, 4 N C and 8 N C bytes, is read twice, the second time from the L2 cache as far as that holds the rows
// at work.
//
// Seen with nvcc 13.0 for sm_75, sm_80 and sm_90a: at most 64 registers where 16 elements of a row are held, 84 where 32 are,
// and no spills.
//
// nvcc-check: -DTARN_SINGLE=1 -DTARN_LANES=4 -DTARN_HELD=4
// nvcc-check: -DTARN_SINGLE=0 -DTARN_LANES=32 -DTARN_HELD=8
// nvcc-check: -DTARN_SINGLE=1 -DTARN_LANES=1024 -DTARN_HELD=16
// nvcc-check: -DTARN_SINGLE=0 -DTARN_LANES=1024 -DTARN_HELD=0
// nvcc-check: -DTARN_SINGLE=1 -DTARN_LANES=1024 -DTARN_HELD=0
#include "softmax_rows.cuh"

namespace tarn {

template <bool kLog>
__device__ __forceinline__ void softmax(const float *x, float *y, unsigned int rows,
                                        unsigned int columns) {
  const Row row(rows, columns);
#if TARN_HELD > 0
  Held held;
  row.load(x, 0, Max::identity(), held);
  if (kLog) {
    Held exponentials = held;
    const Exponentials e = Exponentials::of_held(exponentials);
    const float log = logf(e.sum);
    held.each([&](float &v) { v = v - e.largest - log; });
  } else {
    const float scale = 1.0f / Exponentials::of_held(held).sum;
    held.each([&](float &v) { v *= scale; });
  }
  row.store(y, 0, held);
#else
  const Exponentials e = Exponentials::of_long(row, x);
  const float scale = kLog ? logf(e.sum) : 1.0f / e.sum;
  for (unsigned int first = 0; first < columns; first += kSpan) {
    Held some;
    row.load(x, first, 0.0f, some);
    some.each([&](float &v) {
      v = kLog ? v - e.largest - scale : expf(v - e.largest) * scale;
    });
    row.store(y, first, some);
  }
#endif
}

template <bool kLog>
__device__ __forceinline__ float product(float y, float dy) {
  return kLog ? dy : dy * y;
}

// dy becomes dx.
template <bool kLog>
__device__ __forceinline__ void gradient(const Held &y, Held &dy, float sum) {
#pragma unroll
  for (unsigned int k = 0; k < kAccesses; k++) {
#pragma unroll
    for (unsigned int j = 0; j < kWidth; j++) {
      const float a = y.v[k][j], b = dy.v[k][j];
      dy.v[k][j] = kLog ? b - expf(a) * sum : a * (b - sum);
    }
  }
}

template <bool kLog>
__device__ __forceinline__ void softmax_grad(const float *y, const float *dy, float *dx,
                                             unsigned int rows, unsigned int columns) {
  const Row row(rows, columns);
  Held a, b;
  float s = 0.0f;
  for (unsigned int first = 0; first < columns; first += kSpan) {
    row.load(y, first, 0.0f, a);
    row.load(dy, first, 0.0f, b);
#pragma unroll
    for (unsigned int k = 0; k < kAccesses; k++) {
#pragma unroll
      for (unsigned int j = 0; j < kWidth; j++) s += product<kLog>(a.v[k][j], b.v[k][j]);
    }
    if (kHolds) break;
  }
  s = row_reduce<Sum>(s);
  for (unsigned int first = 0; first < columns; first += kSpan) {
    if (!kHolds) {
      row.load(y, first, 0.0f, a);
      row.load(dy, first, 0.0f, b);
    }
    gradient<kLog>(a, b, s);
    row.store(dx, first, b);
    if (kHolds) break;
  }
}

}  // namespace tarn

extern "C" __global__ void __launch_bounds__(tarn::kRowThreads)
    softmax(const float *x, float *y, unsigned int rows, unsigned int columns) {
  tarn::softmax<false>(x, y, rows, columns);
}

extern "C" __global__ void __launch_bounds__(tarn::kRowThreads)
    log_softmax(const float *x, float *y, unsigned int rows, unsigned int columns) {
  tarn::softmax<true>(x, y, rows, columns);
}

extern "C" __global__ void __launch_bounds__(tarn::kRowThreads)
    softmax_grad(const float *y, const float *dy, float *dx, unsigned int rows,
                 unsigned int columns) {
  tarn::softmax_grad<false>(y, dy, dx, rows, columns);
}

extern "C" __global__ void __launch_bounds__(tarn::kRowThreads)
    log_softmax_grad(const float *y, const float *dy, float *dx, unsigned int rows,
                     unsigned int columns) {
  tarn::softmax_grad<true>(y, dy, dx, rows, columns);
}
