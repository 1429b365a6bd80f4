// 16-bit floating point: storage types and the conversions, rounding to nearest even.
#pragma once

struct __align__(2) __half { unsigned short bits; };
struct __align__(2) __nv_bfloat16 { unsigned short bits; };
struct __align__(4) __half2 { __half x, y; };
struct __align__(4) __nv_bfloat162 { __nv_bfloat16 x, y; };

static inline float __half2float(__half h) {
  _Float16 f;
  memcpy(&f, &h.bits, 2);
  return (float)f;
}
static inline __half __float2half_rn(float x) {
  _Float16 f = (_Float16)x;
  __half h;
  memcpy(&h.bits, &f, 2);
  return h;
}
static inline __half __float2half(float x) { return __float2half_rn(x); }
static inline float __bfloat162float(__nv_bfloat16 b) {
  return __uint_as_float((unsigned int)b.bits << 16);
}
static inline __nv_bfloat16 __float2bfloat16_rn(float x) {
  unsigned int u = __float_as_uint(x);
  if (x != x) return __nv_bfloat16{0x7fff};
  return __nv_bfloat16{(unsigned short)((u + 0x7fff + (u >> 16 & 1)) >> 16)};
}
static inline __nv_bfloat16 __float2bfloat16(float x) { return __float2bfloat16_rn(x); }
static inline unsigned short __half_as_ushort(__half h) { return h.bits; }
static inline __half __ushort_as_half(unsigned short u) { return __half{u}; }
static inline unsigned short __bfloat16_as_ushort(__nv_bfloat16 h) { return h.bits; }
static inline __nv_bfloat16 __ushort_as_bfloat16(unsigned short u) { return __nv_bfloat16{u}; }
