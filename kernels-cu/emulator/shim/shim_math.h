// Math functions of CUDA C++ on top of the C library, declared by hand: <cmath> alone would cost more
// compile time than a kernel file.
#pragma once

extern "C" {
#define TARN_MATH1(name) double name(double) noexcept; float name##f(float) noexcept;
#define TARN_MATH2(name) double name(double, double) noexcept; float name##f(float, float) noexcept;
TARN_MATH1(exp) TARN_MATH1(exp2) TARN_MATH1(exp10) TARN_MATH1(expm1)
TARN_MATH1(log) TARN_MATH1(log2) TARN_MATH1(log10) TARN_MATH1(log1p)
TARN_MATH1(sqrt) TARN_MATH1(cbrt)
TARN_MATH1(sin) TARN_MATH1(cos) TARN_MATH1(tan) TARN_MATH1(asin) TARN_MATH1(acos) TARN_MATH1(atan)
TARN_MATH1(sinh) TARN_MATH1(cosh) TARN_MATH1(tanh)
TARN_MATH1(asinh) TARN_MATH1(acosh) TARN_MATH1(atanh)
TARN_MATH1(erf) TARN_MATH1(erfc) TARN_MATH1(lgamma) TARN_MATH1(tgamma)
TARN_MATH1(floor) TARN_MATH1(ceil) TARN_MATH1(round) TARN_MATH1(rint) TARN_MATH1(nearbyint)
TARN_MATH1(trunc) TARN_MATH1(fabs)
TARN_MATH2(pow) TARN_MATH2(atan2) TARN_MATH2(fmod) TARN_MATH2(remainder) TARN_MATH2(fmin)
TARN_MATH2(fmax) TARN_MATH2(copysign) TARN_MATH2(fdim) TARN_MATH2(hypot) TARN_MATH2(nextafter)
double fma(double, double, double) noexcept;
float fmaf(float, float, float) noexcept;
double ldexp(double, int) noexcept;
float ldexpf(float, int) noexcept;
double frexp(double, int *) noexcept;
float frexpf(float, int *) noexcept;
double modf(double, double *) noexcept;
float modff(float, float *) noexcept;
int abs(int) noexcept;
long labs(long) noexcept;
long long llabs(long long) noexcept;
long lrintf(float) noexcept;
long lroundf(float) noexcept;
#undef TARN_MATH1
#undef TARN_MATH2
}

// The float overloads that CUDA adds to the double functions.
#define TARN_OVERLOAD1(name) static inline float name(float x) { return name##f(x); }
#define TARN_OVERLOAD2(name) static inline float name(float x, float y) { return name##f(x, y); }
TARN_OVERLOAD1(exp) TARN_OVERLOAD1(exp2) TARN_OVERLOAD1(exp10) TARN_OVERLOAD1(expm1)
TARN_OVERLOAD1(log) TARN_OVERLOAD1(log2) TARN_OVERLOAD1(log10) TARN_OVERLOAD1(log1p)
TARN_OVERLOAD1(sqrt) TARN_OVERLOAD1(cbrt)
TARN_OVERLOAD1(sin) TARN_OVERLOAD1(cos) TARN_OVERLOAD1(tan)
TARN_OVERLOAD1(sinh) TARN_OVERLOAD1(cosh) TARN_OVERLOAD1(tanh)
TARN_OVERLOAD1(erf) TARN_OVERLOAD1(erfc)
TARN_OVERLOAD1(floor) TARN_OVERLOAD1(ceil) TARN_OVERLOAD1(round) TARN_OVERLOAD1(rint)
TARN_OVERLOAD1(trunc) TARN_OVERLOAD1(fabs)
TARN_OVERLOAD2(pow) TARN_OVERLOAD2(atan2) TARN_OVERLOAD2(fmod) TARN_OVERLOAD2(fmin)
TARN_OVERLOAD2(fmax) TARN_OVERLOAD2(copysign)
#undef TARN_OVERLOAD1
#undef TARN_OVERLOAD2
static inline float fma(float a, float b, float c) { return fmaf(a, b, c); }
static inline float abs(float x) { return fabsf(x); }
static inline double abs(double x) { return fabs(x); }
static inline long long abs(long long x) { return llabs(x); }

static inline bool isnan(float x) { return __builtin_isnan(x); }
static inline bool isnan(double x) { return __builtin_isnan(x); }
static inline bool isinf(float x) { return __builtin_isinf(x); }
static inline bool isinf(double x) { return __builtin_isinf(x); }
static inline bool isfinite(float x) { return __builtin_isfinite(x); }
static inline bool isfinite(double x) { return __builtin_isfinite(x); }
static inline bool signbit(float x) { return __builtin_signbit(x); }
static inline bool signbit(double x) { return __builtin_signbit(x); }

#define TARN_MIN_MAX(T)                                      \
  static inline T min(T a, T b) { return a < b ? a : b; }    \
  static inline T max(T a, T b) { return a > b ? a : b; }
TARN_MIN_MAX(int)
TARN_MIN_MAX(unsigned int)
TARN_MIN_MAX(long)
TARN_MIN_MAX(unsigned long)
TARN_MIN_MAX(long long)
TARN_MIN_MAX(unsigned long long)
#undef TARN_MIN_MAX
// Floating minimum and maximum ignore a NaN operand, as the hardware does.
static inline float min(float a, float b) { return fminf(a, b); }
static inline float max(float a, float b) { return fmaxf(a, b); }
static inline double min(double a, double b) { return fmin(a, b); }
static inline double max(double a, double b) { return fmax(a, b); }
static inline unsigned int min(int a, unsigned int b) { return min((unsigned int)a, b); }
static inline unsigned int min(unsigned int a, int b) { return min(a, (unsigned int)b); }
static inline unsigned int max(int a, unsigned int b) { return max((unsigned int)a, b); }
static inline unsigned int max(unsigned int a, int b) { return max(a, (unsigned int)b); }

static inline float rsqrtf(float x) { return 1.0f / sqrtf(x); }
static inline double rsqrt(double x) { return 1.0 / sqrt(x); }
static inline float rsqrt(float x) { return rsqrtf(x); }
static inline float normcdff(float x) { return 0.5f * erfcf(-x * 0.70710678118654752440f); }
static inline void sincosf(float x, float *s, float *c) { *s = sinf(x); *c = cosf(x); }

// Intrinsics. The fast ones are the accurate functions here: only a GPU shows their real rounding.
static inline float __expf(float x) { return expf(x); }
static inline float __exp10f(float x) { return exp10f(x); }
static inline float __logf(float x) { return logf(x); }
static inline float __log2f(float x) { return log2f(x); }
static inline float __log10f(float x) { return log10f(x); }
static inline float __powf(float x, float y) { return powf(x, y); }
static inline float __sinf(float x) { return sinf(x); }
static inline float __cosf(float x) { return cosf(x); }
static inline float __tanf(float x) { return tanf(x); }
static inline void __sincosf(float x, float *s, float *c) { sincosf(x, s, c); }
static inline float __fdividef(float a, float b) { return a / b; }
static inline float __saturatef(float x) { return fminf(fmaxf(x, 0.0f), 1.0f); }
static inline float __frcp_rn(float x) { return 1.0f / x; }
static inline float __frsqrt_rn(float x) { return (float)(1.0 / sqrt((double)x)); }
static inline float __fsqrt_rn(float x) { return sqrtf(x); }
static inline float __fdiv_rn(float a, float b) { return a / b; }
static inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
static inline double __fma_rn(double a, double b, double c) { return fma(a, b, c); }
// Never contracted into an fma, which is what these are called for.
__attribute__((noinline)) static float __fadd_rn(float a, float b) { return a + b; }
__attribute__((noinline)) static float __fsub_rn(float a, float b) { return a - b; }
__attribute__((noinline)) static float __fmul_rn(float a, float b) { return a * b; }

static inline int __float2int_rn(float x) { return (int)rintf(x); }
static inline int __float2int_rz(float x) { return (int)x; }
static inline int __float2int_rd(float x) { return (int)floorf(x); }
static inline int __float2int_ru(float x) { return (int)ceilf(x); }
static inline unsigned int __float2uint_rn(float x) { return (unsigned int)rintf(x); }
static inline unsigned int __float2uint_rz(float x) { return (unsigned int)x; }
static inline float __int2float_rn(int x) { return (float)x; }
static inline float __uint2float_rn(unsigned int x) { return (float)x; }
static inline float __double2float_rn(double x) { return (float)x; }

static inline int __float_as_int(float f) { int i; memcpy(&i, &f, 4); return i; }
static inline float __int_as_float(int i) { float f; memcpy(&f, &i, 4); return f; }
static inline unsigned int __float_as_uint(float f) { unsigned int i; memcpy(&i, &f, 4); return i; }
static inline float __uint_as_float(unsigned int i) { float f; memcpy(&f, &i, 4); return f; }
static inline long long __double_as_longlong(double d) { long long i; memcpy(&i, &d, 8); return i; }
static inline double __longlong_as_double(long long i) { double d; memcpy(&d, &i, 8); return d; }

static inline int __mulhi(int a, int b) { return (int)(((long long)a * b) >> 32); }
static inline unsigned int __umulhi(unsigned int a, unsigned int b) {
  return (unsigned int)(((unsigned long long)a * b) >> 32);
}
static inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
  return (unsigned long long)(((unsigned __int128)a * b) >> 64);
}
static inline int __mul24(int a, int b) { return ((a << 8) >> 8) * ((b << 8) >> 8); }
static inline int __popc(unsigned int x) { return __builtin_popcount(x); }
static inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
static inline int __clz(int x) { return x ? __builtin_clz((unsigned int)x) : 32; }
static inline int __clzll(long long x) { return x ? __builtin_clzll((unsigned long long)x) : 64; }
static inline int __ffs(int x) { return __builtin_ffs(x); }
static inline int __ffsll(long long x) { return __builtin_ffsll(x); }
static inline unsigned int __brev(unsigned int x) {
  x = (x >> 16) | (x << 16);
  x = ((x & 0xff00ff00u) >> 8) | ((x & 0x00ff00ffu) << 8);
  x = ((x & 0xf0f0f0f0u) >> 4) | ((x & 0x0f0f0f0fu) << 4);
  x = ((x & 0xccccccccu) >> 2) | ((x & 0x33333333u) << 2);
  return ((x & 0xaaaaaaaau) >> 1) | ((x & 0x55555555u) << 1);
}
static inline unsigned int __funnelshift_l(unsigned int lo, unsigned int hi, unsigned int s) {
  s &= 31;
  return s ? (hi << s) | (lo >> (32 - s)) : hi;
}
static inline unsigned int __funnelshift_r(unsigned int lo, unsigned int hi, unsigned int s) {
  s &= 31;
  return s ? (lo >> s) | (hi << (32 - s)) : lo;
}

// Cache hints have no meaning here.
template <class T> static inline T __ldg(const T *p) { return *p; }
template <class T> static inline T __ldcg(const T *p) { return *p; }
template <class T> static inline T __ldca(const T *p) { return *p; }
template <class T> static inline T __ldcs(const T *p) { return *p; }
template <class T> static inline T __ldcv(const T *p) { return *(const volatile T *)p; }
template <class T> static inline void __stcg(T *p, T v) { *p = v; }
template <class T> static inline void __stcs(T *p, T v) { *p = v; }
template <class T> static inline void __stwb(T *p, T v) { *p = v; }
template <class T> static inline void __stwt(T *p, T v) { *p = v; }
