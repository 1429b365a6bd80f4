// Used by the entry points that compile.cpp appends to a kernel file: the bridge from cuLaunchKernel's array of parameter addresses to a typed kernel call.
#pragma once

template <unsigned int...> struct TarnIndices {};

template <class... A, unsigned int... I>
static inline void tarn_call(void (*kernel)(A...), void **parameters, TarnIndices<I...>) {
  kernel(*(A *)parameters[I]...);
}

template <class... A>
struct TarnSizes {
  // One element more than needed: a kernel may have no parameters.
  static constexpr unsigned int count = sizeof...(A);
  static constexpr unsigned int value[sizeof...(A) + 1] = {sizeof(A)..., 0};
};
template <class... A> constexpr unsigned int TarnSizes<A...>::value[];

template <class... A>
static inline TarnKernel tarn_describe(void (*)(A...), void (*entry)(void **), unsigned int bound) {
  return TarnKernel{entry, bound, TarnSizes<A...>::count, TarnSizes<A...>::value};
}
template <class... A>
static inline void tarn_dispatch(void (*kernel)(A...), void **parameters) {
  tarn_call(kernel, parameters, TarnIndices<__integer_pack((unsigned int)sizeof...(A))...>());
}
