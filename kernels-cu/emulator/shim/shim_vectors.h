// CUDA's built-in vector types and their make_* functions.
#pragma once

#define TARN_VECTOR_TYPES(T, N, A1, A2, A4)                                            \
  struct __align__(A1) N##1 { T x; };                                                  \
  struct __align__(A2) N##2 { T x, y; };                                               \
  struct N##4;                                                                         \
  static inline N##1 make_##N##1(T x) { return N##1{x}; }                              \
  static inline N##2 make_##N##2(T x, T y) { return N##2{x, y}; }                      \
  struct __align__(A4) N##4 { T x, y, z, w; };                                         \
  static inline N##4 make_##N##4(T x, T y, T z, T w) { return N##4{x, y, z, w}; }
// uint3 is defined in kernel_abi.h, so the three-element types are listed apart.
#define TARN_VECTOR_TYPE3(T, N)                                                        \
  struct N##3 { T x, y, z; };                                                          \
  static inline N##3 make_##N##3(T x, T y, T z) { return N##3{x, y, z}; }

TARN_VECTOR_TYPES(signed char, char, 1, 2, 4)
TARN_VECTOR_TYPES(unsigned char, uchar, 1, 2, 4)
TARN_VECTOR_TYPES(short, short, 2, 4, 8)
TARN_VECTOR_TYPES(unsigned short, ushort, 2, 4, 8)
TARN_VECTOR_TYPES(int, int, 4, 8, 16)
TARN_VECTOR_TYPES(unsigned int, uint, 4, 8, 16)
TARN_VECTOR_TYPES(float, float, 4, 8, 16)
TARN_VECTOR_TYPES(long long, longlong, 8, 16, 16)
TARN_VECTOR_TYPES(unsigned long long, ulonglong, 8, 16, 16)
TARN_VECTOR_TYPES(double, double, 8, 16, 16)

TARN_VECTOR_TYPE3(signed char, char)
TARN_VECTOR_TYPE3(unsigned char, uchar)
TARN_VECTOR_TYPE3(short, short)
TARN_VECTOR_TYPE3(unsigned short, ushort)
TARN_VECTOR_TYPE3(int, int)
TARN_VECTOR_TYPE3(float, float)
TARN_VECTOR_TYPE3(double, double)
static inline uint3 make_uint3(unsigned int x, unsigned int y, unsigned int z) {
  return uint3{x, y, z};
}

#undef TARN_VECTOR_TYPES
#undef TARN_VECTOR_TYPE3
