// Kernels with data races, and the same without; p has an element for each thread of the grid and one more.

#define OWN p[1 + blockIdx.x * 64 + threadIdx.x]

extern "C" __global__ void neighbour_too_early(float *p) {
  __shared__ float s[64];
  s[threadIdx.x] = OWN;
  OWN = s[threadIdx.x ^ 1];
}

extern "C" __global__ void neighbour(float *p) {
  __shared__ float s[64];
  s[threadIdx.x] = OWN;
  __syncthreads();
  OWN = s[threadIdx.x ^ 33];
}

extern "C" __global__ void overwritten_too_early(float *p) {
  extern __shared__ float s[];
  s[threadIdx.x] = 1.0f;
  __syncthreads();
  OWN = s[63 - threadIdx.x];
  s[threadIdx.x] = 2.0f;
}

// Both warps read, and a lane of the second writes after its own warp has met.
extern "C" __global__ void another_warp_reads(float *p) {
  __shared__ float s;
  if (threadIdx.x == 0) s = 1.0f;
  __syncthreads();
  OWN = s;
  __syncwarp();
  if (threadIdx.x == 63) s = 2.0f;
}

extern "C" __global__ void warp_without_barrier(float *p) {
  __shared__ float s[64];
  s[threadIdx.x] = OWN;
  __shfl_sync(0xffffffffu, 0, 0);
  OWN = s[threadIdx.x ^ 1];
}

extern "C" __global__ void warp_barrier(float *p) {
  __shared__ float s[64];
  s[threadIdx.x] = OWN;
  __syncwarp();
  OWN = s[threadIdx.x ^ 1];
}

extern "C" __global__ void bytes_apart(unsigned char *p) {
  __shared__ unsigned char s[64];
  s[threadIdx.x] = 1;
  OWN = s[threadIdx.x];
}

extern "C" __global__ void blocks_collide(float *p) {
  if (threadIdx.x == 5) p[7] = 1.0f;
}

// All blocks read what the last block writes, its own threads before a barrier.
extern "C" __global__ void another_block_reads(float *p) {
  const float first = p[0];
  __syncthreads();
  if (threadIdx.x == 0 && blockIdx.x == gridDim.x - 1) p[0] = first + 1.0f;
}

extern "C" __global__ void counted(unsigned int *p) {
  atomicAdd(p, 1u);
}

extern "C" __global__ void read_while_counted(unsigned int *p) {
  atomicAdd(p, 1u);
  OWN = *p;
}

// Each block leaves a number; the last one adds them.
template <bool kGather, bool kRelease, bool kAcquire>
__device__ void last_adds(float *p) {
  unsigned int *counter = (unsigned int *)p;
  float *numbers = p + 1;
  __shared__ bool last;
  if (threadIdx.x == 40) numbers[blockIdx.x] = 1.0f;
  if (kGather) __syncthreads();
  if (threadIdx.x == 0) {
    if (kRelease) __threadfence();
    last = atomicInc(counter, gridDim.x - 1) == gridDim.x - 1;
    if (kAcquire) __threadfence();
  }
  __syncthreads();
  if (last && threadIdx.x < gridDim.x) numbers[threadIdx.x] += 1.0f;
}
extern "C" __global__ void last_block(float *p) {
  last_adds<true, true, true>(p);
}
extern "C" __global__ void last_block_not_released(float *p) {
  last_adds<true, false, true>(p);
}
extern "C" __global__ void last_block_not_acquired(float *p) {
  last_adds<true, true, false>(p);
}
extern "C" __global__ void last_block_not_gathered(float *p) {
  last_adds<false, true, true>(p);
}

// The last block reads what all counted, each block's first thread before the others have.
extern "C" __global__ void last_block_counts_too_early(unsigned int *p) {
  unsigned int *counter = p, *count = p + 1;
  __shared__ bool last;
  atomicAdd(count, 1u);
  if (threadIdx.x == 0) {
    __threadfence();
    last = atomicInc(counter, gridDim.x - 1) == gridDim.x - 1;
    __threadfence();
  }
  __syncthreads();
  if (last && threadIdx.x == 0) p[2] = *count;
}
