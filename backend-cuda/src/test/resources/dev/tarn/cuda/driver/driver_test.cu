// Kernels of the driver layer's tests. SCALE and the header are given at compile time.
#include "twice.cuh"

// y[i] = a * x[i] + y[i], one thread an element.
extern "C" __global__ void axpy(const float* x, float* y, float a, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] = a * x[i] + y[i];
}

// out[i] = offset + SCALE * 2 * i, offset a 64-bit integer.
extern "C" __global__ void ramp(long long* out, long long offset, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] = offset + SCALE * twice(i);
}

// Reverses n floats within one block, through dynamic shared memory of 4 n bytes.
extern "C" __global__ void reverse(float* data, int n) {
  extern __shared__ float row[];
  for (int i = threadIdx.x; i < n; i += blockDim.x) row[i] = data[i];
  __syncthreads();
  for (int i = threadIdx.x; i < n; i += blockDim.x) data[i] = row[n - 1 - i];
}

// Writes the linear index of each thread's block, for grids of three dimensions.
extern "C" __global__ void blocks(int* out) {
  int block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
  int thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
  out[block * blockDim.x * blockDim.y * blockDim.z + thread] = block;
}
