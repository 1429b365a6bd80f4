// Barriers, fences, and the warp collectives, all built on tarn_warp_gather.
#pragma once

static inline void __syncthreads(int line = __builtin_LINE()) { tarn_barrier(TARN_SYNC, 0, line); }
static inline int __syncthreads_count(int p, int line = __builtin_LINE()) {
  return tarn_barrier(TARN_COUNT, p, line);
}
static inline int __syncthreads_and(int p, int line = __builtin_LINE()) {
  return tarn_barrier(TARN_AND, p, line);
}
static inline int __syncthreads_or(int p, int line = __builtin_LINE()) {
  return tarn_barrier(TARN_OR, p, line);
}
TARN_UNWATCHED static inline void __threadfence() {
#ifdef __TARN_RACES__
  tarn_note_fence();
#endif
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
}
TARN_UNWATCHED static inline void __threadfence_block() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
static inline void __threadfence_system() { __threadfence(); }

static inline void __syncwarp(unsigned int mask = 0xffffffffu) {
  unsigned char none = 0;
  tarn_warp_gather(mask, &none, 1, TARN_SYNCWARP);
}

// A source lane that did not take part leaves the result undefined: all bits set (NaN) shows that.
template <class T>
static inline T tarn_shuffle(unsigned int mask, T value, int source, int line) {
  static_assert(sizeof(T) == 4 || sizeof(T) == 8, "shuffles move 32-bit and 64-bit values");
  const TarnWarpValues *all = tarn_warp_gather(mask, &value, sizeof(T), line);
  T result;
  if (all->arrived >> source & 1) {
    memcpy(&result, all->lane[source], sizeof(T));
  } else {
    memset(&result, 0xff, sizeof(T));
  }
  return result;
}

template <class T>
static inline T __shfl_sync(unsigned int mask, T v, int source, int width = 32,
                            int line = __builtin_LINE()) {
  int lane = (int)tarn_thread->lane;
  return tarn_shuffle(mask, v, (lane & ~(width - 1)) | (source & (width - 1)), line);
}
template <class T>
static inline T __shfl_down_sync(unsigned int mask, T v, unsigned int delta, int width = 32,
                                 int line = __builtin_LINE()) {
  int lane = (int)tarn_thread->lane, offset = lane & (width - 1);
  return tarn_shuffle(mask, v, offset + (int)delta >= width ? lane : lane + (int)delta, line);
}
template <class T>
static inline T __shfl_up_sync(unsigned int mask, T v, unsigned int delta, int width = 32,
                               int line = __builtin_LINE()) {
  int lane = (int)tarn_thread->lane, offset = lane & (width - 1);
  return tarn_shuffle(mask, v, offset < (int)delta ? lane : lane - (int)delta, line);
}
// A lane may read from earlier groups of width lanes, but not from later ones.
template <class T>
static inline T __shfl_xor_sync(unsigned int mask, T v, int lane_mask, int width = 32,
                                int line = __builtin_LINE()) {
  int lane = (int)tarn_thread->lane, source = lane ^ lane_mask;
  return tarn_shuffle(mask, v, source > (lane | (width - 1)) ? lane : source, line);
}

static inline unsigned int __ballot_sync(unsigned int mask, int predicate,
                                         int line = __builtin_LINE()) {
  unsigned char vote = predicate != 0;
  const TarnWarpValues *all = tarn_warp_gather(mask, &vote, 1, line);
  unsigned int result = 0;
  for (int i = 0; i < 32; i++) {
    if ((all->arrived >> i & 1) && all->lane[i][0]) result |= 1u << i;
  }
  return result;
}
static inline int __any_sync(unsigned int mask, int predicate, int line = __builtin_LINE()) {
  return __ballot_sync(mask, predicate, line) != 0;
}
static inline int __all_sync(unsigned int mask, int predicate, int line = __builtin_LINE()) {
  return __ballot_sync(mask, !predicate, line) == 0;
}
static inline unsigned int __activemask() { return 1u << tarn_thread->lane; }

template <class T>
static inline unsigned int __match_any_sync(unsigned int mask, T v, int line = __builtin_LINE()) {
  const TarnWarpValues *all = tarn_warp_gather(mask, &v, sizeof(T), line);
  unsigned int result = 0;
  for (int i = 0; i < 32; i++) {
    if ((all->arrived >> i & 1) && __builtin_memcmp(all->lane[i], &v, sizeof(T)) == 0) {
      result |= 1u << i;
    }
  }
  return result;
}

#if __CUDA_ARCH__ >= 800
template <class T, class F>
static inline T tarn_reduce(unsigned int mask, T v, F combine, int line) {
  const TarnWarpValues *all = tarn_warp_gather(mask, &v, sizeof(T), line);
  bool first = true;
  T result = v;
  for (int i = 0; i < 32; i++) {
    if (!(all->arrived >> i & 1)) continue;
    T other;
    memcpy(&other, all->lane[i], sizeof(T));
    result = first ? other : combine(result, other);
    first = false;
  }
  return result;
}
#define TARN_REDUCE(name, T, expression)                                                   \
  static inline T name(unsigned int mask, T v, int line = __builtin_LINE()) {              \
    return tarn_reduce(mask, v, [](T a, T b) -> T { return expression; }, line);           \
  }
TARN_REDUCE(__reduce_add_sync, unsigned int, a + b)
TARN_REDUCE(__reduce_add_sync, int, (int)((unsigned int)a + (unsigned int)b))
TARN_REDUCE(__reduce_min_sync, unsigned int, a < b ? a : b)
TARN_REDUCE(__reduce_min_sync, int, a < b ? a : b)
TARN_REDUCE(__reduce_max_sync, unsigned int, a > b ? a : b)
TARN_REDUCE(__reduce_max_sync, int, a > b ? a : b)
TARN_REDUCE(__reduce_and_sync, unsigned int, a & b)
TARN_REDUCE(__reduce_or_sync, unsigned int, a | b)
TARN_REDUCE(__reduce_xor_sync, unsigned int, a ^ b)
#undef TARN_REDUCE
#endif
