// Division by a number that is known when the kernel is launched.
#pragma once

namespace tarn {

// Of n < 2^31: multiplier = ceil(2^shift / divisor), shift = 31 + ceil(log2(divisor)).
struct Divider {
  unsigned int divisor, multiplier, shift;

  __device__ __forceinline__ unsigned int quotient(unsigned int n) const {
    return (unsigned int)((unsigned long long)n * multiplier >> shift);
  }
};

}  // namespace tarn

// A Divider as parameters of a kernel, and made of them.
#define TARN_DIVIDER(name) unsigned int name, unsigned int name##_multiplier, unsigned int name##_shift
#define TARN_DIVIDER_VALUE(name) \
  tarn::Divider { name, name##_multiplier, name##_shift }
