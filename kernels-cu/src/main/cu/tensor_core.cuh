// What a warp does with tensor cores, and copies to shared memory that do not pass through registers:
// the only inline PTX of the convolutions. Compute capability 8.0 and newer.
//
// A product of tiles is C (16 x 8, f32) += A (16 x 32 bytes of k) B (32 bytes of k x 8): k is 16 for
// bf16 (mma.m16n8k16), 8 for tf32 (mma.m16n8k8). Of lane = 4 g + t, g < 8, t < 4, the registers hold
// (PTX ISA, "Matrix Fragments for mma.m16n8k16" and "... m16n8k8"):
//   a[0], a[1]  rows g and g + 8, 4 bytes from byte 4 t of k      a[2], a[3]  the same, 16 bytes on
//   b[0], b[1]  column g, 4 bytes from byte 4 t of k, and 16 bytes on
//   c[0], c[1]  row g, columns 2 t and 2 t + 1                    c[2], c[3]  row g + 8
// A register of bf16 holds two neighbours of k, the first in its lower half. Bytes are distributed alike
// in both types, so that load_matrices serves both.
//
// The emulator has twins: they exchange addresses of fragments and of rows by the warp's collectives,
// and let a copy arrive only when it was waited for, so that a missing wait reads poison.
#pragma once
#include "bfloat16.cuh"
#include "collectives.cuh"

namespace tarn {

// Bits of a float rounded to the 10 bits of mantissa of tf32, ties away from zero.
__device__ __forceinline__ unsigned int to_tf32(unsigned int bits) {
#if !defined(__TARN_EMULATOR__) && __CUDA_ARCH__ >= 800
  unsigned int result;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(result) : "f"(__uint_as_float(bits)));
  return result;
#else
  return (bits >> 23 & 0xff) == 0xff ? bits : (bits + 0x1000u) & ~0x1fffu;
#endif
}

#ifdef __TARN_EMULATOR__

struct Fragments {
  unsigned int a[4], b[2];
};

// Elements of the operands that the lanes hold: A(row, k) and B(k, column).
template <class T>
struct Warp {
  const Fragments *lanes[32];

  static __device__ float value(unsigned int word, unsigned int k);
  static constexpr unsigned int kPerWord = 4 / sizeof(T);

  __device__ float a(unsigned int row, unsigned int k) const {
    const unsigned int word = k / kPerWord;
    const unsigned int lane = row % 8 * 4 + word % 4;
    return value(lanes[lane]->a[row / 8 + word / 4 * 2], k);
  }
  __device__ float b(unsigned int k, unsigned int column) const {
    const unsigned int word = k / kPerWord;
    return value(lanes[column * 4 + word % 4]->b[word / 4], k);
  }
};

template <>
inline float Warp<Bf16>::value(unsigned int word, unsigned int k) {
  return to_float(Bf16{(unsigned short)(word >> k % 2 * 16)});
}

template <>
inline float Warp<float>::value(unsigned int word, unsigned int) {
  return __uint_as_float(word & ~0x1fffu);  // the unit does not see the lower bits
}

template <class T>
inline void multiply_tiles(float (&c)[4], const unsigned int (&a)[4], const unsigned int (&b)[2]) {
  const Fragments mine{{a[0], a[1], a[2], a[3]}, {b[0], b[1]}};
  const Fragments *address = &mine;
  Warp<T> warp;
  memcpy(warp.lanes, tarn_warp_gather(kAllLanes, &address, sizeof address, __LINE__)->lane,
         sizeof warp.lanes);
  const unsigned int g = threadIdx.x % 32 / 4, t = threadIdx.x % 4;
  for (unsigned int i = 0; i < 4; i++) {
    for (unsigned int k = 0; k < 32 / sizeof(T); k++) {
      c[i] = fmaf(warp.a(g + i / 2 * 8, k), warp.b(k, 2 * t + i % 2), c[i]);
    }
  }
  __syncwarp();  // the fragments lie on the lanes' stacks
}

inline void load_matrices(unsigned int (&r)[4], const void *row) {
  const void *rows[32];
  memcpy(rows, tarn_warp_gather(kAllLanes, &row, sizeof row, __LINE__)->lane, sizeof rows);
  const unsigned int lane = threadIdx.x % 32;
  for (unsigned int i = 0; i < 4; i++) {
    r[i] = static_cast<const unsigned int *>(rows[i * 8 + lane / 4])[lane % 4];
  }
}

inline void load_matrices_transposed(unsigned int (&r)[4], const void *row) {
  const void *rows[32];
  memcpy(rows, tarn_warp_gather(kAllLanes, &row, sizeof row, __LINE__)->lane, sizeof rows);
  const unsigned int lane = threadIdx.x % 32;
  for (unsigned int i = 0; i < 4; i++) {
    const unsigned int first = i * 8 + lane % 4 * 2;
    r[i] = static_cast<const unsigned short *>(rows[first])[lane / 4] |
           (unsigned int)static_cast<const unsigned short *>(rows[first + 1])[lane / 4] << 16;
  }
}

class AsyncCopies {
  static constexpr unsigned int kMost = 64;
  struct Copy {
    void *to;
    const void *from;
    bool exists;
    unsigned int group;
  } waiting_[kMost];
  unsigned int count_ = 0, group_ = 0;

 public:
  void copy(void *to, const void *from, bool exists) {
    if (count_ == kMost || (unsigned long long)to % 16 || (unsigned long long)from % 16) __trap();
    tarn_note_write(to, 16);  // which may happen at any time from now on
    waiting_[count_++] = Copy{to, from, exists, group_};
  }
  void commit() { group_++; }
  template <unsigned int kGroups>
  void wait() {
    unsigned int kept = 0;
    for (unsigned int i = 0; i < count_; i++) {
      const Copy c = waiting_[i];
      if (c.group + kGroups >= group_) {
        waiting_[kept++] = c;
      } else {
        *static_cast<uint4 *>(c.to) = c.exists ? *static_cast<const uint4 *>(c.from) : uint4{};
      }
    }
    count_ = kept;
  }
};

#else

// c += a b
template <class T>
__device__ __forceinline__ void multiply_tiles(float (&c)[4], const unsigned int (&a)[4],
                                               const unsigned int (&b)[2]);

#if __CUDA_ARCH__ >= 800
#define TARN_MULTIPLY_TILES(T, shape)                                                              \
  template <>                                                                                      \
  __device__ __forceinline__ void multiply_tiles<T>(float (&c)[4], const unsigned int (&a)[4],     \
                                                    const unsigned int (&b)[2]) {                  \
    asm("mma.sync.aligned." shape " {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};" \
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])                                           \
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));                       \
  }
TARN_MULTIPLY_TILES(Bf16, "m16n8k16.row.col.f32.bf16.bf16.f32")
TARN_MULTIPLY_TILES(float, "m16n8k8.row.col.f32.tf32.tf32.f32")
#undef TARN_MULTIPLY_TILES
#else
template <class T>
__device__ __forceinline__ void multiply_tiles(float (&)[4], const unsigned int (&)[4],
                                               const unsigned int (&)[2]) {
  __trap();
}
#endif

// Not by PTX: the compiler knows that the pointer came from shared memory, and computes with 32 bits.
__device__ __forceinline__ unsigned int shared_address(const void *p) {
  return (unsigned int)__cvta_generic_to_shared(p);
}

// Four matrices of 8 rows x 16 bytes: lane 8 i + j gives the address of row j of matrix i, lane
// 4 g + t gets in r[i] the bytes 4 t .. 4 t + 3 of row g.
__device__ __forceinline__ void load_matrices(unsigned int (&r)[4], const void *row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(shared_address(row))
               : "memory");
}

// The same of 2-byte elements, transposed: lane 4 g + t gets element g of rows 2 t and 2 t + 1.
__device__ __forceinline__ void load_matrices_transposed(unsigned int (&r)[4], const void *row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(shared_address(row))
               : "memory");
}

// Copies of 16 bytes from global to shared memory, both aligned, in groups that commit() ends.
struct AsyncCopies {
  // Without exists, zeros are written and nothing is read, wherever from points.
  __device__ __forceinline__ void copy(void *to, const void *from, bool exists) {
#if __CUDA_ARCH__ >= 800
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;"
                 :
                 : "r"(shared_address(to)), "l"(from), "r"(exists ? 16 : 0)
                 : "memory");
#endif
  }
  __device__ __forceinline__ void commit() {
#if __CUDA_ARCH__ >= 800
    asm volatile("cp.async.commit_group;" : : : "memory");
#endif
  }
  // Until at most kGroups of this thread's last groups are still under way.
  template <unsigned int kGroups>
  __device__ __forceinline__ void wait() {
#if __CUDA_ARCH__ >= 800
    asm volatile("cp.async.wait_group %0;" : : "n"(kGroups) : "memory");
#endif
  }
};

#endif

// Pairs j of lanes 4 g + t are exchanged so that lane 4 g + t has pair t of lanes 4 g, 4 g + 1 and so on,
// in order. Of what multiply_tiles gives for four tiles side by side these are 8 neighbours in a row.
__device__ __forceinline__ void transpose_pairs(float (&v)[8]) {
#pragma unroll
  for (unsigned int mask = 1; mask <= 2; mask *= 2) {
    const bool upper = threadIdx.x & mask;
#pragma unroll
    for (unsigned int j = 0; j < 8; j++) {
      if (j / 2 & mask) continue;
      const float got = shuffle_xor(upper ? v[j] : v[j + 2 * mask], mask);
      if (upper) {
        v[j] = got;
      } else {
        v[j + 2 * mask] = got;
      }
    }
  }
}

// The registers of an operand as the units want them: tf32 is rounded, bf16 is what it is.
template <class T, unsigned int kCount>
__device__ __forceinline__ void round_operand(unsigned int (&r)[kCount]) {
  if (sizeof(T) == 4) {
#pragma unroll
    for (unsigned int i = 0; i < kCount; i++) r[i] = to_tf32(r[i]);
  }
}

}  // namespace tarn
