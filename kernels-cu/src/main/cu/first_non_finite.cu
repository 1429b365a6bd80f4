// Raises a sticky flag at the first step that has a NaN or an infinity.
//
//   flag = flag != 0 ? flag : (any element of the ranges is not finite ? step : 0)
//
// ranges: a table of f32 ranges in device memory, in which a block finds the 4096 elements that are
// its own; flag, step: i32[]. The flag is read and written in place.
//
//   first_non_finite  grid (sum over ranges of ceil(length / 4096))  block 256
//
// Every block that finds something writes the same number, so the order of blocks does not matter.
// Moves 4 bytes per element; nothing once the flag is raised.

struct Range {
  const float *elements;  // 16-byte aligned
  unsigned int length;
  unsigned int first_block;  // the number of blocks of the ranges before
};

namespace tarn {

constexpr unsigned int kThreads = 256, kAccesses = 4;
constexpr unsigned int kElementsPerBlock = 4 * kAccesses * kThreads;

__device__ __forceinline__ bool not_finite(float v) {
  return (__float_as_uint(v) & 0x7f800000u) == 0x7f800000u;
}

__device__ __forceinline__ bool not_finite(const float4 &v) {
  return not_finite(v.x) | not_finite(v.y) | not_finite(v.z) | not_finite(v.w);
}

}  // namespace tarn

extern "C" __global__ void __launch_bounds__(tarn::kThreads)
    first_non_finite(int *flag, const int *step, const Range *ranges, unsigned int count) {
  // Another block may have raised the flag: then there is nothing left to find.
  if (__syncthreads_or(*static_cast<volatile int *>(flag) != 0)) return;
  unsigned int r = 0;
  while (r + 1 < count && ranges[r + 1].first_block <= blockIdx.x) r++;
  const Range range = ranges[r];
  const unsigned int begin = (blockIdx.x - range.first_block) * tarn::kElementsPerBlock;
  const unsigned int end = min(begin + tarn::kElementsPerBlock, range.length);
  bool found = false;
  if (end - begin == tarn::kElementsPerBlock) {
    const float4 *from = reinterpret_cast<const float4 *>(range.elements + begin) + threadIdx.x;
    float4 v[tarn::kAccesses];
#pragma unroll
    for (unsigned int k = 0; k < tarn::kAccesses; k++) v[k] = from[k * tarn::kThreads];
#pragma unroll
    for (unsigned int k = 0; k < tarn::kAccesses; k++) found |= tarn::not_finite(v[k]);
  } else {
    for (unsigned int i = begin + threadIdx.x; i < end; i += tarn::kThreads) {
      found |= tarn::not_finite(range.elements[i]);
    }
  }
  if (__syncthreads_or(found) && threadIdx.x == 0) atomicCAS(flag, 0, *step);
}
