#include "gemm.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "cublas_bridge.h"

namespace tarn {
namespace {

// A tile of C held in registers: MR rows, one vector, by NR columns.
typedef float Vector __attribute__((vector_size(64)));
constexpr int64_t MR = 16;
#ifdef __AVX512F__
constexpr int64_t NR = 12;
#else
constexpr int64_t NR = 6;
#endif
constexpr int64_t TILES_PER_TASK = 8;

float bf16_to_float(uint16_t bits) {
  uint32_t u = uint32_t(bits) << 16;
  float f;
  memcpy(&f, &u, 4);
  return f;
}

uint16_t float_to_bf16(float x) {
  uint32_t u;
  memcpy(&u, &x, 4);
  if (x != x) return 0x7fff;
  return uint16_t((u + 0x7fff + (u >> 16 & 1)) >> 16);
}

float half_to_float(uint16_t bits) {
  _Float16 h;
  memcpy(&h, &bits, 2);
  return float(h);
}

uint16_t float_to_half(float x) {
  _Float16 h = _Float16(x);
  uint16_t bits;
  memcpy(&bits, &h, 2);
  return bits;
}

// Ten bits of mantissa, ties away from zero as cvt.rna.tf32 rounds; infinities and NaN pass.
float to_tf32(float x) {
  uint32_t u;
  memcpy(&u, &x, 4);
  if ((u >> 23 & 0xff) == 0xff) return x;
  u = (u + 0x1000) & ~0x1fffu;
  memcpy(&x, &u, 4);
  return x;
}

struct Plain {
  static float load(const void *p, int64_t i) { return static_cast<const float *>(p)[i]; }
};
struct Tf32 {
  static float load(const void *p, int64_t i) { return to_tf32(Plain::load(p, i)); }
};
struct ThroughBf16 {
  static float load(const void *p, int64_t i) {
    return bf16_to_float(float_to_bf16(Plain::load(p, i)));
  }
};
struct ThroughHalf {
  static float load(const void *p, int64_t i) {
    return half_to_float(float_to_half(Plain::load(p, i)));
  }
};
struct Bf16 {
  static float load(const void *p, int64_t i) {
    return bf16_to_float(static_cast<const uint16_t *>(p)[i]);
  }
};
struct Half {
  static float load(const void *p, int64_t i) {
    return half_to_float(static_cast<const uint16_t *>(p)[i]);
  }
};

// packed[p * width + r] = element (first + r, p), zero past the last row. `along` says that rows are
// neighbours in memory.
template <class T>
void pack_panel(const void *data, int64_t ld, bool along, int64_t first, int64_t rows, int64_t k,
                int64_t width, float *packed) {
  int64_t valid = std::min(width, rows - first);
  if (along) {
    for (int64_t p = 0; p < k; p++) {
      for (int64_t r = 0; r < valid; r++) packed[p * width + r] = T::load(data, p * ld + first + r);
      for (int64_t r = valid; r < width; r++) packed[p * width + r] = 0;
    }
    return;
  }
  for (int64_t r = 0; r < width; r++) {
    for (int64_t p = 0; p < k; p++) {
      packed[p * width + r] = r < valid ? T::load(data, (first + r) * ld + p) : 0;
    }
  }
}

using PackPanel = void (*)(const void *, int64_t, bool, int64_t, int64_t, int64_t, int64_t,
                           float *);

PackPanel packer(DataType type, Rounding rounding) {
  if (type == R_16BF) return pack_panel<Bf16>;
  if (type == R_16F) return pack_panel<Half>;
  switch (rounding) {
    case Rounding::TF32:
      return pack_panel<Tf32>;
    case Rounding::BF16:
      return pack_panel<ThroughBf16>;
    case Rounding::FP16:
      return pack_panel<ThroughHalf>;
    default:
      return pack_panel<Plain>;
  }
}

// columns[j] = the tile's column j of op(A) op(B).
void multiply_tile(const float *a, const float *b, int64_t k, Vector *columns) {
  Vector sum[NR] = {};
  for (int64_t p = 0; p < k; p++) {
    Vector va;
    memcpy(&va, a + p * MR, sizeof va);
    for (int64_t j = 0; j < NR; j++) sum[j] += va * b[p * NR + j];
  }
  memcpy(columns, sum, sizeof sum);
}

void store(const Matrix &c, int64_t index, float alpha_sum, float beta) {
  void *data = const_cast<void *>(c.data);
  switch (c.type) {
    case R_32F: {
      float *p = static_cast<float *>(data) + index;
      *p = beta == 0 ? alpha_sum : alpha_sum + beta * *p;
      break;
    }
    case R_16BF: {
      auto *p = static_cast<uint16_t *>(data) + index;
      *p = float_to_bf16(beta == 0 ? alpha_sum : alpha_sum + beta * bf16_to_float(*p));
      break;
    }
    case R_16F: {
      auto *p = static_cast<uint16_t *>(data) + index;
      *p = float_to_half(beta == 0 ? alpha_sum : alpha_sum + beta * half_to_float(*p));
      break;
    }
  }
}

// One matrix product: its operands packed into panels, then tile after tile.
class Product {
 public:
  Product(const Gemm &g, int64_t index) : g_(g), offset_(g.c.stride * index) {
    a_ = element(g.a, index);
    b_ = element(g.b, index);
    row_panels_ = (g.m + MR - 1) / MR;
    column_panels_ = (g.n + NR - 1) / NR;
    row_groups_ = (row_panels_ + TILES_PER_TASK - 1) / TILES_PER_TASK;
    // Reused: most products are small and come by the thousand.
    static thread_local std::vector<float> a_buffer, b_buffer;
    a_buffer.resize(size_t(row_panels_ * MR * g.k + 1));
    b_buffer.resize(size_t(column_panels_ * NR * g.k + 1));
    packed_a_ = a_buffer.data();
    packed_b_ = b_buffer.data();
  }

  long packs() const { return long(row_panels_ + column_panels_); }
  long tasks() const { return long(row_groups_ * column_panels_); }

  void pack(long i) const {
    if (i < row_panels_) {
      packer(g_.a.type, g_.rounding)(a_, g_.a.ld, !g_.a.transposed, i * MR, g_.m, g_.k, MR,
                                     packed_a_ + i * MR * g_.k);
    } else {
      i -= row_panels_;
      packer(g_.b.type, g_.rounding)(b_, g_.b.ld, g_.b.transposed, i * NR, g_.n, g_.k, NR,
                                     packed_b_ + i * NR * g_.k);
    }
  }

  void multiply(long task) const {
    int64_t column_panel = task / row_groups_;
    int64_t first = task % row_groups_ * TILES_PER_TASK;
    int64_t last = std::min(first + TILES_PER_TASK, row_panels_);
    for (int64_t row_panel = first; row_panel < last; row_panel++) {
      Vector sums[NR];
      multiply_tile(packed_a_ + row_panel * MR * g_.k, packed_b_ + column_panel * NR * g_.k, g_.k,
                    sums);
      int64_t rows = std::min(MR, g_.m - row_panel * MR);
      int64_t columns = std::min(NR, g_.n - column_panel * NR);
      for (int64_t j = 0; j < columns; j++) {
        int64_t start = offset_ + (column_panel * NR + j) * g_.c.ld + row_panel * MR;
        for (int64_t i = 0; i < rows; i++) store(g_.c, start + i, g_.alpha * sums[j][i], g_.beta);
      }
    }
  }

 private:
  static const void *element(const Matrix &m, int64_t index) {
    return static_cast<const char *>(m.data) + m.stride * index * element_size(m.type);
  }

  const Gemm &g_;
  int64_t offset_;
  const void *a_, *b_;
  int64_t row_panels_, column_panels_, row_groups_;
  float *packed_a_, *packed_b_;
};

}  // namespace

int element_size(DataType type) { return type == R_32F ? 4 : 2; }

void run_gemm(const Gemm &gemm) {
  if (gemm.batch > 1) {
    auto one = [](void *g, long i) {
      Product product(*static_cast<const Gemm *>(g), i);
      for (long p = 0; p < product.packs(); p++) product.pack(p);
      for (long t = 0; t < product.tasks(); t++) product.multiply(t);
    };
    tarn_emulator_parallel_for(long(gemm.batch), one, const_cast<Gemm *>(&gemm));
    return;
  }
  Product product(gemm, 0);
  auto pack = [](void *p, long i) { static_cast<Product *>(p)->pack(i); };
  auto multiply = [](void *p, long i) { static_cast<Product *>(p)->multiply(i); };
  tarn_emulator_parallel_for(product.packs(), pack, &product);
  tarn_emulator_parallel_for(product.tasks(), multiply, &product);
}

}  // namespace tarn
