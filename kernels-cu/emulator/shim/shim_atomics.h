// Atomic functions. Relaxed, as on the device; blocks on different workers really do race.
#pragma once

#ifdef __TARN_RACES__
#define TARN_NOTE_ATOMIC(p) tarn_note_atomic(p, sizeof *(p))
#else
#define TARN_NOTE_ATOMIC(p)
#endif

template <class T, class F>
TARN_UNWATCHED static inline T tarn_atomic_update(T *p, F f) {
  T old;
  __atomic_load(p, &old, __ATOMIC_RELAXED);
  T desired;
  do {
    desired = f(old);
  } while (!__atomic_compare_exchange(p, &old, &desired, false, __ATOMIC_RELAXED,
                                      __ATOMIC_RELAXED));
  return old;
}

#define TARN_ATOMIC(name, T, expression)                                                   \
  static inline T name(T *p, T v) {                                                        \
    TARN_NOTE_ATOMIC(p);                                                                   \
    return tarn_atomic_update(p, [=](T old) -> T { return expression; });                  \
  }
#define TARN_ATOMIC_INTEGER(T)                    \
  TARN_ATOMIC(atomicAdd, T, old + v)              \
  TARN_ATOMIC(atomicMin, T, old < v ? old : v)    \
  TARN_ATOMIC(atomicMax, T, old > v ? old : v)    \
  TARN_ATOMIC(atomicAnd, T, old & v)              \
  TARN_ATOMIC(atomicOr, T, old | v)               \
  TARN_ATOMIC(atomicXor, T, old ^ v)              \
  TARN_ATOMIC(atomicExch, T, ((void)old, v))
TARN_ATOMIC_INTEGER(int)
TARN_ATOMIC_INTEGER(unsigned int)
TARN_ATOMIC_INTEGER(unsigned long long)
TARN_ATOMIC(atomicSub, int, old - v)
TARN_ATOMIC(atomicSub, unsigned int, old - v)
TARN_ATOMIC(atomicAdd, float, old + v)
TARN_ATOMIC(atomicAdd, double, old + v)
TARN_ATOMIC(atomicExch, float, ((void)old, v))
TARN_ATOMIC(atomicInc, unsigned int, old >= v ? 0u : old + 1)
TARN_ATOMIC(atomicDec, unsigned int, old == 0 || old > v ? v : old - 1)
#undef TARN_ATOMIC
#undef TARN_ATOMIC_INTEGER

#define TARN_ATOMIC_CAS(T)                                                                 \
  static inline T atomicCAS(T *p, T expected, T desired) {                                 \
    TARN_NOTE_ATOMIC(p);                                                                   \
    return tarn_atomic_update(p, [=](T old) { return old == expected ? desired : old; });  \
  }
TARN_ATOMIC_CAS(int)
TARN_ATOMIC_CAS(unsigned int)
TARN_ATOMIC_CAS(unsigned short)
TARN_ATOMIC_CAS(unsigned long long)
#undef TARN_ATOMIC_CAS
#undef TARN_NOTE_ATOMIC
