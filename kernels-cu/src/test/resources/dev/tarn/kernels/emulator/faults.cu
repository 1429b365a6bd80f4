// Kernels with mistakes, each of which the emulator must find.

extern "C" __global__ void divergent(float *p) {
  if (threadIdx.x < 40) __syncthreads();
  float v = p[0];
  if (threadIdx.x >= 40) v += __shfl_down_sync(0xffffffffu, v, 1);
  p[threadIdx.x] = v;
}

extern "C" __global__ void two_barriers(float *p) {
  if (threadIdx.x < 32) {
    __syncthreads();
  } else {
    __syncthreads();
  }
}

extern "C" __global__ void store(float *p, int index) {
  p[index] = 1.0f;
}

extern "C" __global__ void misaligned(float *p) {
  float4 *q = (float4 *)(p + 1);
  q->x = 2.0f;
}

extern "C" __global__ void trap_on(int *p, int n) {
  if (n == 7) __trap();
}

extern "C" __global__ void assert_on(int *p, int n) {
  assert(n != 7);
}

extern "C" __global__ void endless(volatile int *p) {
  while (*p == *p) {
  }
}

extern "C" __global__ void past_shared(float *p, int n) {
  extern __shared__ float s[];
  s[n] = 1.0f;
  p[0] = s[0];
}
