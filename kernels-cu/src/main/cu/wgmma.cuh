// What a warpgroup, four warps, does with the tensor cores of compute capability 9.0, compiled for sm_90a: a product
// C (64 x N, f32) += A (64 x 32 bytes of k) B (32 bytes of k x N) that goes on beside other work until it is waited for.
//
// A warp has 16 rows of C, and of A where that comes from registers, in fragments as those of tensor_core.cuh side by
// side (PTX ISA, "Register Fragments and Shared Memory Matrix Layouts" of wgmma.mma_async). bf16 factors come from
// shared memory, tf32 ones of A from registers, where they are rounded.
//
// In shared memory a factor has rows of 64 bytes whose 16-byte parts lie at part ^ (row >> 1 & 3), eight rows on
// boundaries of 512 bytes: "K-major, 64-byte swizzle". The unit permutes by bits of the address, so 32 bytes of k on
// are 32 bytes on.
//
// The emulator's twin reads by the descriptors' fields; sums are NaN until they are waited for, and what is multiplied
// must not change before. Not yet run on hardware.
#pragma once
#include "tensor_core.cuh"

#if defined(__CUDA_ARCH__) && !defined(__CUDA_ARCH_FEAT_SM90_ALL)
#error "wgmma needs sm_90a"
#endif

namespace tarn {

// Rows in shared memory as a matrix descriptor: address, bytes between eight rows, 64-byte swizzle.
__device__ __forceinline__ unsigned long long rows_descriptor(unsigned int address) {
  return 2ull << 62 | 512ull >> 4 << 32 | (address & 0x3ffffu) >> 4;
}

// The same rows so many bytes of k on.
__device__ __forceinline__ unsigned long long further(unsigned long long rows, unsigned int bytes) {
  return rows + (bytes >> 4);
}

#ifdef __TARN_EMULATOR__

class GroupProducts {
  static constexpr unsigned int kWords = 8;  // of 32 bytes
  struct Product {
    bool from_registers;
    unsigned long long rows_a, rows_b;
    unsigned int a[2][kWords];
    unsigned int read;
    float (*c)[4];
    bool first;  // of those with the same c
    float before[16][4];
  } waiting_[4];
  unsigned int count_ = 0;
  bool open_ = false;
  const unsigned char *shared_ = nullptr;

  // Words of k of a row; addresses have 18 bits, those next to shared_.
  void load(unsigned int (&to)[kWords], unsigned long long rows, unsigned int row) const {
    // No base offset: eight rows begin on a boundary of 512 bytes, k within their 64.
    if (rows >> 62 != 2 || (rows >> 49 & 7) != 0 || (rows & 0x1c) != 0) __trap();
    const unsigned long long base = (unsigned long long)shared_;
    const unsigned int on = (unsigned int)((rows & 0x3fff) * 16 - base) & 0x3ffffu;
    const unsigned long long first = base + on - (on >= 0x20000u ? 0x40000u : 0u);
    const unsigned long long from = first + row / 8 * ((rows >> 32 & 0x3fff) * 16) + row % 8 * 64;
    for (unsigned int i = 0; i < kWords; i++) {
      const unsigned long long at = from + 4 * i;
      to[i] = *reinterpret_cast<const unsigned int *>(at ^ (at >> 3 & 0x30));
    }
  }
  // Multiplies what this thread has sums of, or finds out what that would read.
  template <class T, unsigned int kTiles>
  unsigned int run(Product &p, bool multiply) {
    const unsigned int g = threadIdx.x % 32 / 4, t = threadIdx.x % 4;
    unsigned int read = 1, b[kWords];
    for (unsigned int i = 0; i < 2 && !p.from_registers; i++) {
      load(p.a[i], p.rows_a, threadIdx.x % 128 / 32 * 16 + g + i * 8);
      for (unsigned int k = 0; k < kWords; k++) read = read * 31 + p.a[i][k];
    }
    for (unsigned int j = 0; j < kTiles * 2; j++) {
      load(b, p.rows_b, j / 2 * 8 + 2 * t + j % 2);
      for (unsigned int k = 0; k < kWords; k++) read = read * 31 + b[k];
      for (unsigned int i = 0; i < 2 && multiply; i++) {
        float &c = p.c[j / 2][i * 2 + j % 2];
        for (unsigned int k = 0; k < 32 / sizeof(T); k++) {
          const unsigned int word = k / Warp<T>::kPerWord;
          c = fmaf(Warp<T>::value(p.a[i][word], k), Warp<T>::value(b[word], k), c);
        }
      }
    }
    return read;
  }
  template <unsigned int kTiles>
  unsigned int run(Product &p, bool multiply) {
    return p.from_registers ? run<float, kTiles>(p, multiply) : run<Bf16, kTiles>(p, multiply);
  }
  template <unsigned int kTiles>
  void add(Product p, float (&c)[kTiles][4]) {
    if (!open_ || count_ == 4) __trap();
    p.c = c;
    p.first = true;
    for (unsigned int i = 0; i < count_; i++) p.first = p.first && waiting_[i].c != c;
    memcpy(p.before, c, sizeof c);
    memset(c, 0xff, sizeof c);
    p.read = run<kTiles>(p, false);
    waiting_[count_++] = p;
  }

 public:
  template <unsigned int kGroups>
  void wait_for(AsyncCopies &copies) {
    copies.template wait<kGroups>();
  }
  unsigned long long rows(const void *p) {
    shared_ = static_cast<const unsigned char *>(p);
    return rows_descriptor((unsigned int)(unsigned long long)p);
  }
  void begin() { open_ = true; }
  template <unsigned int kTiles>
  void multiply(float (&c)[kTiles][4], unsigned long long a, unsigned long long b) {
    add(Product{false, a, b}, c);
  }
  template <unsigned int kTiles>
  void multiply(float (&c)[kTiles][4], const unsigned int (&a)[4], unsigned long long b) {
    Product p{true, 0, b};
    const unsigned int *mine = a, *lanes[32];
    memcpy(lanes, tarn_warp_gather(kAllLanes, &mine, sizeof mine, __LINE__)->lane, sizeof lanes);
    for (unsigned int i = 0; i < 2 * kWords; i++) {
      p.a[i / kWords][i % kWords] = lanes[threadIdx.x % 32 / 4 * 4 + i % 4][i / kWords + i % kWords / 4 * 2];
    }
    __syncwarp();  // the fragments lie on the lanes' stacks
    add(p, c);
  }
  void end() { open_ = false; }
  template <unsigned int kRows, unsigned int kTiles>
  void wait(float (&)[kRows][kTiles][4]) {
    if (open_) __trap();
    for (unsigned int i = 0; i < count_; i++) {
      Product &p = waiting_[i];
      if (p.first) memcpy(p.c, p.before, kTiles * sizeof *p.c);
      if (run<kTiles>(p, true) != p.read) __trap();
    }
    count_ = 0;
  }
};

#else

// Products of a warpgroup, all of whose threads call each function; from begin() to wait() they touch neither sums nor
// factors.
struct GroupProducts {
  // Until copies have arrived, for the units too, which read shared memory past the threads ("async proxy").
  template <unsigned int kGroups>
  __device__ __forceinline__ void wait_for(AsyncCopies &copies) {
    copies.template wait<kGroups>();
    asm volatile("fence.proxy.async.shared::cta;" : : : "memory");
  }
  __device__ __forceinline__ unsigned long long rows(const void *p) {
    return rows_descriptor(shared_address(p));
  }
  // Registers are as they were left.
  __device__ __forceinline__ void begin() { asm volatile("wgmma.fence.sync.aligned;" : : : "memory"); }

// c += a b, bf16 and tf32.
#define TARN_SUMS_OF(i) "+f"(c[i][0]), "+f"(c[i][1]), "+f"(c[i][2]), "+f"(c[i][3])
#define TARN_SUMS_4(i) TARN_SUMS_OF(i), TARN_SUMS_OF(i + 1), TARN_SUMS_OF(i + 2), TARN_SUMS_OF(i + 3)
#define TARN_NAMES_4 "%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,%14,%15"
#define TARN_NAMES_8 TARN_NAMES_4 ",%16,%17,%18,%19,%20,%21,%22,%23,%24,%25,%26,%27,%28,%29,%30,%31"
#define TARN_NAMES_16                                                                              \
  TARN_NAMES_8 ",%32,%33,%34,%35,%36,%37,%38,%39,%40,%41,%42,%43,%44,%45,%46,%47"                  \
               ",%48,%49,%50,%51,%52,%53,%54,%55,%56,%57,%58,%59,%60,%61,%62,%63"
#define TARN_WGMMA_ASM(shape, names) \
  "{.reg .pred p; setp.eq.u32 p, 0, 0; wgmma.mma_async.sync.aligned." shape " {" names "}, "
#define TARN_MULTIPLY(tiles, n, names, sums, in0, in1, in2, in3, in4)                                       \
  __device__ __forceinline__ void multiply(float (&c)[tiles][4], unsigned long long a, unsigned long long b) { \
    asm volatile(TARN_WGMMA_ASM("m64n" n "k16.f32.bf16.bf16", names) in0 ", " in1 ", p, 1, 1, 0, 0;}"       \
                 : sums                                                                                     \
                 : "l"(a), "l"(b));                                                                         \
  }                                                                                                         \
  __device__ __forceinline__ void multiply(float (&c)[tiles][4], const unsigned int (&a)[4],                \
                                           unsigned long long b) {                                          \
    asm volatile(TARN_WGMMA_ASM("m64n" n "k8.f32.tf32.tf32", names) "{" in0 ", " in1 ", " in2 ", " in3      \
                 "}, " in4 ", p, 1, 1;}"                                                                    \
                 : sums                                                                                     \
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b));                                     \
  }
#define TARN_SUMS_8 TARN_SUMS_4(0), TARN_SUMS_4(4)
#define TARN_SUMS_16 TARN_SUMS_8, TARN_SUMS_4(8), TARN_SUMS_4(12)
  TARN_MULTIPLY(4, "32", TARN_NAMES_4, TARN_SUMS_4(0), "%16", "%17", "%18", "%19", "%20")
  TARN_MULTIPLY(8, "64", TARN_NAMES_8, TARN_SUMS_8, "%32", "%33", "%34", "%35", "%36")
  TARN_MULTIPLY(16, "128", TARN_NAMES_16, TARN_SUMS_16, "%64", "%65", "%66", "%67", "%68")
#undef TARN_MULTIPLY

  __device__ __forceinline__ void end() { asm volatile("wgmma.commit_group.sync.aligned;" : : : "memory"); }

  // Until all products are in c.
  template <unsigned int kRows, unsigned int kTiles>
  __device__ __forceinline__ void wait(float (&c)[kRows][kTiles][4]) {
    asm volatile("wgmma.wait_group.sync.aligned 0;" : : : "memory");
#pragma unroll
    for (unsigned int i = 0; i < kRows; i++) {
#pragma unroll
      for (unsigned int j = 0; j < kTiles * 4; j++) asm volatile("" : "+f"(c[i][j / 4][j % 4]) : : "memory");
    }
  }
};

#endif

}  // namespace tarn
