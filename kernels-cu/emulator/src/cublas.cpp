// libcublas.so.12: handles and the matrix products.
#include <algorithm>
#include <cstring>
#include <memory>

#include "cublas_bridge.h"
#include "gemm.h"

#define CUBLAS_API extern "C" __attribute__((visibility("default")))

using namespace tarn;

namespace {

enum Status {
  SUCCESS = 0,
  NOT_INITIALIZED = 1,
  ALLOC_FAILED = 3,
  INVALID_VALUE = 7,
  EXECUTION_FAILED = 13,
  NOT_SUPPORTED = 15,
};

enum ComputeType {
  COMPUTE_32F = 68,
  COMPUTE_32F_PEDANTIC = 69,
  COMPUTE_32F_FAST_16F = 74,
  COMPUTE_32F_FAST_16BF = 75,
  COMPUTE_32F_FAST_TF32 = 77,
};

constexpr int POINTER_MODE_DEVICE = 1;
constexpr int MATH_TF32 = 3;
constexpr int VERSION = 120603;

struct Handle {
  void *stream = nullptr;
  int math_mode = 0;
  int pointer_mode = 0;
  int atomics_mode = 0;
};

bool known_type(int type) { return type == R_32F || type == R_16F || type == R_16BF; }

// cuBLAS documentation, cublasGemmEx, table of compute and data types.
bool supported(int compute, int a, int b, int c) {
  if (!known_type(a) || a != b || !known_type(c)) return false;
  if (c != a && c != R_32F) return false;
  switch (compute) {
    case COMPUTE_32F:
    case COMPUTE_32F_PEDANTIC:
      return true;
    case COMPUTE_32F_FAST_16F:
    case COMPUTE_32F_FAST_16BF:
    case COMPUTE_32F_FAST_TF32:
      return a == R_32F && c == R_32F;
    default:
      return false;
  }
}

Rounding rounding(const Handle &handle, int compute) {
  switch (compute) {
    case COMPUTE_32F_FAST_16F:
      return Rounding::FP16;
    case COMPUTE_32F_FAST_16BF:
      return Rounding::BF16;
    case COMPUTE_32F_FAST_TF32:
      return Rounding::TF32;
    default:
      return compute == COMPUTE_32F && handle.math_mode == MATH_TF32 ? Rounding::TF32
                                                                     : Rounding::NONE;
  }
}

int check(const char *what, const Matrix &matrix, int64_t rows, int64_t columns, int64_t batch) {
  if (rows == 0 || columns == 0) return 0;
  int64_t elements = matrix.stride * (batch - 1) + (columns - 1) * matrix.ld + rows;
  return tarn_emulator_check_range(what, matrix.data,
                                   size_t(elements) * size_t(element_size(matrix.type)));
}

int run_checked(const Gemm &g) {
  const Matrix &a = g.a, &b = g.b;
  int error = check("cuBLAS gemm, matrix A", a, a.transposed ? g.k : g.m,
                    a.transposed ? g.m : g.k, g.batch);
  if (!error) {
    error = check("cuBLAS gemm, matrix B", b, b.transposed ? g.n : g.k, b.transposed ? g.k : g.n,
                  g.batch);
  }
  if (!error) error = check("cuBLAS gemm, matrix C", g.c, g.m, g.n, g.batch);
  if (!error) run_gemm(g);
  return error;
}

struct Arguments {
  int transa, transb;
  int64_t m, n, k;
  const float *alpha;
  const void *a;
  int a_type;
  int64_t lda, stride_a;
  const void *b;
  int b_type;
  int64_t ldb, stride_b;
  const float *beta;
  void *c;
  int c_type;
  int64_t ldc, stride_c;
  int64_t batch;
  int compute;
};

int submit(void *opaque, const Arguments &x) {
  if (!opaque) return NOT_INITIALIZED;
  const Handle &handle = *static_cast<Handle *>(opaque);
  if (x.m < 0 || x.n < 0 || x.k < 0 || x.batch < 0 || x.transa < 0 || x.transa > 2 ||
      x.transb < 0 || x.transb > 2 || !x.alpha || !x.beta) {
    return INVALID_VALUE;
  }
  bool ta = x.transa != 0, tb = x.transb != 0;
  if (x.lda < std::max<int64_t>(1, ta ? x.k : x.m) ||
      x.ldb < std::max<int64_t>(1, tb ? x.n : x.k) || x.ldc < std::max<int64_t>(1, x.m)) {
    return INVALID_VALUE;
  }
  if (!supported(x.compute, x.a_type, x.b_type, x.c_type)) return NOT_SUPPORTED;
  if (x.m == 0 || x.n == 0 || x.batch == 0) return SUCCESS;

  Gemm g{x.m, x.n, x.k, x.batch, 0, 0,
         {x.a, DataType(x.a_type), x.lda, x.stride_a, ta},
         {x.b, DataType(x.b_type), x.ldb, x.stride_b, tb},
         {x.c, DataType(x.c_type), x.ldc, x.stride_c, false},
         rounding(handle, x.compute)};
  std::function<int()> operation;
  if (handle.pointer_mode == POINTER_MODE_DEVICE) {
    const float *alpha = x.alpha, *beta = x.beta;
    operation = [g, alpha, beta]() mutable {
      if (int error = tarn_emulator_check_range("cuBLAS gemm, alpha", alpha, 4)) return error;
      if (int error = tarn_emulator_check_range("cuBLAS gemm, beta", beta, 4)) return error;
      g.alpha = *alpha;
      g.beta = *beta;
      return run_checked(g);
    };
  } else {
    g.alpha = *x.alpha;
    g.beta = *x.beta;
    operation = [g] { return run_checked(g); };
  }
  return tarn_emulator_submit_gemm(handle.stream, &operation) ? EXECUTION_FAILED : SUCCESS;
}

}  // namespace

#define ENTER()                                                                    \
  if (int fault = tarn_emulator_injected_fault(__func__)) return fault
#define ENTER_HANDLE(handle)                                                       \
  ENTER();                                                                         \
  if (!(handle)) return NOT_INITIALIZED

CUBLAS_API int cublasCreate_v2(void **handle) {
  ENTER();
  if (!handle) return INVALID_VALUE;
  // The real one allocates device memory here.
  if (tarn_emulator_check_allocation()) return NOT_INITIALIZED;
  *handle = new Handle;
  return SUCCESS;
}

CUBLAS_API int cublasDestroy_v2(void *handle) {
  ENTER_HANDLE(handle);
  delete static_cast<Handle *>(handle);
  return SUCCESS;
}

CUBLAS_API int cublasGetVersion_v2(void *, int *version) {
  ENTER();
  *version = VERSION;
  return SUCCESS;
}

CUBLAS_API size_t cublasGetCudartVersion() { return 12060; }

CUBLAS_API int cublasSetStream_v2(void *handle, void *stream) {
  ENTER_HANDLE(handle);
  static_cast<Handle *>(handle)->stream = stream;
  return SUCCESS;
}

CUBLAS_API int cublasGetStream_v2(void *handle, void **stream) {
  ENTER_HANDLE(handle);
  *stream = static_cast<Handle *>(handle)->stream;
  return SUCCESS;
}

CUBLAS_API int cublasSetWorkspace_v2(void *handle, void *workspace, size_t bytes) {
  ENTER_HANDLE(handle);
  if (!workspace || bytes == 0) return SUCCESS;
  if (reinterpret_cast<uintptr_t>(workspace) % 256) return INVALID_VALUE;
  return tarn_emulator_check_range("cublasSetWorkspace", workspace, bytes) ? INVALID_VALUE
                                                                           : SUCCESS;
}

CUBLAS_API int cublasSetMathMode(void *handle, int mode) {
  ENTER_HANDLE(handle);
  static_cast<Handle *>(handle)->math_mode = mode;
  return SUCCESS;
}

CUBLAS_API int cublasGetMathMode(void *handle, int *mode) {
  ENTER_HANDLE(handle);
  *mode = static_cast<Handle *>(handle)->math_mode;
  return SUCCESS;
}

CUBLAS_API int cublasSetPointerMode_v2(void *handle, int mode) {
  ENTER_HANDLE(handle);
  if (mode < 0 || mode > POINTER_MODE_DEVICE) return INVALID_VALUE;
  static_cast<Handle *>(handle)->pointer_mode = mode;
  return SUCCESS;
}

CUBLAS_API int cublasGetPointerMode_v2(void *handle, int *mode) {
  ENTER_HANDLE(handle);
  *mode = static_cast<Handle *>(handle)->pointer_mode;
  return SUCCESS;
}

CUBLAS_API int cublasSetAtomicsMode(void *handle, int mode) {
  ENTER_HANDLE(handle);
  static_cast<Handle *>(handle)->atomics_mode = mode;
  return SUCCESS;
}

CUBLAS_API int cublasGetAtomicsMode(void *handle, int *mode) {
  ENTER_HANDLE(handle);
  *mode = static_cast<Handle *>(handle)->atomics_mode;
  return SUCCESS;
}

CUBLAS_API const char *cublasGetStatusName(int status) {
  switch (status) {
    case SUCCESS: return "CUBLAS_STATUS_SUCCESS";
    case NOT_INITIALIZED: return "CUBLAS_STATUS_NOT_INITIALIZED";
    case ALLOC_FAILED: return "CUBLAS_STATUS_ALLOC_FAILED";
    case INVALID_VALUE: return "CUBLAS_STATUS_INVALID_VALUE";
    case EXECUTION_FAILED: return "CUBLAS_STATUS_EXECUTION_FAILED";
    case NOT_SUPPORTED: return "CUBLAS_STATUS_NOT_SUPPORTED";
    default: return "unknown CUBLAS status";
  }
}

CUBLAS_API const char *cublasGetStatusString(int status) { return cublasGetStatusName(status); }

// Each product exists with 32-bit and with 64-bit sizes.
#define GEMM_FORMS(INT, SGEMM, SGEMM_BATCHED, GEMM_EX, GEMM_BATCHED_EX)                            \
  CUBLAS_API int SGEMM(void *handle, int transa, int transb, INT m, INT n, INT k,                  \
                       const float *alpha, const float *a, INT lda, const float *b, INT ldb,       \
                       const float *beta, float *c, INT ldc) {                                     \
    ENTER();                                                                                       \
    return submit(handle, {transa, transb, m, n, k, alpha, a, R_32F, lda, 0, b, R_32F, ldb, 0,     \
                           beta, c, R_32F, ldc, 0, 1, COMPUTE_32F});                               \
  }                                                                                                \
  CUBLAS_API int SGEMM_BATCHED(void *handle, int transa, int transb, INT m, INT n, INT k,          \
                               const float *alpha, const float *a, INT lda, long long stride_a,    \
                               const float *b, INT ldb, long long stride_b, const float *beta,     \
                               float *c, INT ldc, long long stride_c, INT batch) {                 \
    ENTER();                                                                                       \
    return submit(handle, {transa, transb, m, n, k, alpha, a, R_32F, lda, stride_a, b, R_32F,      \
                           ldb, stride_b, beta, c, R_32F, ldc, stride_c, batch, COMPUTE_32F});     \
  }                                                                                                \
  CUBLAS_API int GEMM_EX(void *handle, int transa, int transb, INT m, INT n, INT k,                \
                         const void *alpha, const void *a, int a_type, INT lda, const void *b,     \
                         int b_type, INT ldb, const void *beta, void *c, int c_type, INT ldc,      \
                         int compute, int) {                                                       \
    ENTER();                                                                                       \
    return submit(handle, {transa, transb, m, n, k, static_cast<const float *>(alpha), a, a_type,  \
                           lda, 0, b, b_type, ldb, 0, static_cast<const float *>(beta), c,         \
                           c_type, ldc, 0, 1, compute});                                           \
  }                                                                                                \
  CUBLAS_API int GEMM_BATCHED_EX(                                                                  \
      void *handle, int transa, int transb, INT m, INT n, INT k, const void *alpha, const void *a, \
      int a_type, INT lda, long long stride_a, const void *b, int b_type, INT ldb,                 \
      long long stride_b, const void *beta, void *c, int c_type, INT ldc, long long stride_c,      \
      INT batch, int compute, int) {                                                               \
    ENTER();                                                                                       \
    return submit(handle, {transa, transb, m, n, k, static_cast<const float *>(alpha), a, a_type,  \
                           lda, stride_a, b, b_type, ldb, stride_b,                                \
                           static_cast<const float *>(beta), c, c_type, ldc, stride_c, batch,      \
                           compute});                                                              \
  }

GEMM_FORMS(int, cublasSgemm_v2, cublasSgemmStridedBatched, cublasGemmEx,
           cublasGemmStridedBatchedEx)
GEMM_FORMS(int64_t, cublasSgemm_v2_64, cublasSgemmStridedBatched_64, cublasGemmEx_64,
           cublasGemmStridedBatchedEx_64)
