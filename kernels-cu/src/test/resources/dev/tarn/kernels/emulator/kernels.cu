// Kernels that exercise what the emulator promises. Real CUDA C++: nvcc compiles this file too.
#define FULL 0xffffffffu
#define NEGATIVE_INFINITY __int_as_float(0xff800000)

__device__ __forceinline__ float warp_sum(float v) {
  for (int offset = 16; offset > 0; offset >>= 1) v += __shfl_down_sync(FULL, v, offset);
  return v;
}

__device__ __forceinline__ float warp_max(float v) {
  for (int offset = 16; offset > 0; offset >>= 1) {
    v = fmaxf(v, __shfl_xor_sync(FULL, v, offset));
  }
  return v;
}

// The sum over the block, in thread 0.
__device__ float block_sum(float v) {
  __shared__ float part[32];
  int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
  v = warp_sum(v);
  __syncthreads();
  if (lane == 0) part[warp] = v;
  __syncthreads();
  v = threadIdx.x < (blockDim.x + 31) / 32 ? part[lane] : 0.0f;
  return warp == 0 ? warp_sum(v) : v;
}

extern "C" __global__ void axpy(const float *__restrict__ x, float *__restrict__ y, float a, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] = a * x[i] + y[i];
}

// partial[b] = sum of block b's elements.
extern "C" __global__ void __launch_bounds__(256)
    reduce_sum(const float *__restrict__ x, float *__restrict__ partial, int n) {
  float sum = 0.0f;
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) {
    sum += x[i];
  }
  sum = block_sum(sum);
  if (threadIdx.x == 0) partial[blockIdx.x] = sum;
}

// A block a row, the row held in dynamic shared memory.
extern "C" __global__ void softmax_rows(const float *x, float *y, int columns) {
  extern __shared__ __align__(16) float row[];
  __shared__ float part[32];
  __shared__ float row_max, row_scale;
  const float *in = x + (size_t)blockIdx.x * columns;
  float *out = y + (size_t)blockIdx.x * columns;
  float m = NEGATIVE_INFINITY;
  for (int i = threadIdx.x; i < columns; i += blockDim.x) {
    row[i] = in[i];
    m = fmaxf(m, row[i]);
  }
  m = warp_max(m);
  if ((threadIdx.x & 31) == 0) part[threadIdx.x >> 5] = m;
  __syncthreads();
  if (threadIdx.x < 32) {
    m = warp_max(threadIdx.x < blockDim.x / 32 ? part[threadIdx.x] : NEGATIVE_INFINITY);
    if (threadIdx.x == 0) row_max = m;
  }
  __syncthreads();
  float sum = 0.0f;
  for (int i = threadIdx.x; i < columns; i += blockDim.x) {
    row[i] = __expf(row[i] - row_max);
    sum += row[i];
  }
  sum = block_sum(sum);
  if (threadIdx.x == 0) row_scale = 1.0f / sum;
  __syncthreads();
  for (int i = threadIdx.x; i < columns; i += blockDim.x) out[i] = row[i] * row_scale;
}

// One warp; out[k * 32 + lane] is the result of collective k.
extern "C" __global__ void collectives(int *out) {
  int lane = threadIdx.x;
  out[0 * 32 + lane] = __shfl_sync(FULL, lane, 5);
  out[1 * 32 + lane] = __shfl_up_sync(FULL, lane, 3);
  out[2 * 32 + lane] = __shfl_down_sync(FULL, lane, 3, 8);
  out[3 * 32 + lane] = __shfl_xor_sync(FULL, lane, 6);
  out[4 * 32 + lane] = (int)__ballot_sync(FULL, lane % 3 == 0);
  out[5 * 32 + lane] = __any_sync(FULL, lane == 31) + 2 * __all_sync(FULL, lane < 32);
#if __CUDA_ARCH__ >= 800
  out[6 * 32 + lane] = __reduce_add_sync(FULL, lane);
  // The halves of the warp go different ways, each with its own mask.
  if (lane < 16) {
    out[7 * 32 + lane] = __reduce_max_sync(0x0000ffffu, lane);
  } else {
    out[7 * 32 + lane] = __reduce_min_sync(0xffff0000u, lane);
  }
#endif
  out[8 * 32 + lane] = __syncthreads_count(lane < 10);
}

template <int ACTIVATION, class T>
__global__ void activate(const T *x, T *y, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  T v = x[i];
  y[i] = ACTIVATION == 0 ? (v > T(0) ? v : T(0)) : T(tanhf(float(v)));
}

extern "C" __global__ void scale4(float4 *p, float a, int n4) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n4) return;
  float4 v = p[i];
  p[i] = make_float4(v.x * a, v.y * a, v.z * a, v.w * a);
}

extern "C" __global__ void count_atomically(int *counter, float *sum, unsigned *ticket) {
  atomicAdd(counter, 1);
  atomicAdd(sum, 1.0f);
  atomicMax(counter + 1, (int)(blockIdx.x * blockDim.x + threadIdx.x));
  // The last block is the one that draws the last ticket, each after all its threads have counted.
  __shared__ bool last;
  __syncthreads();
  if (threadIdx.x == 0) {
    __threadfence();
    last = atomicInc(ticket, gridDim.x - 1) == gridDim.x - 1;
    __threadfence();
  }
  __syncthreads();
  if (last && threadIdx.x == 0) counter[2] = counter[0];
}

__constant__ float table[4];
extern "C" __global__ void from_table(float *y) { y[threadIdx.x] = table[threadIdx.x]; }

// Reads shared memory that nothing wrote.
extern "C" __global__ void unwritten(float *y) {
  extern __shared__ float dynamic[];
  __shared__ float fixed[32];
  if (y[2] == 1.0f) fixed[threadIdx.x] = dynamic[threadIdx.x] = 0.0f;
  if (threadIdx.x == 0) {
    y[0] = fixed[0];
    y[1] = dynamic[0];
  }
}

// a * a - b, where the fused form keeps the bits that rounding a * a would lose.
extern "C" __global__ void fused(float *y, float a, float b) { y[0] = a * a - b; }

extern "C" __global__ void block_positions(int *out) {
  int block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
  int thread = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
  out[block * blockDim.x * blockDim.y * blockDim.z + thread] =
      (int)(blockIdx.x + 10 * blockIdx.y + 100 * blockIdx.z + 1000 * threadIdx.x +
            10000 * threadIdx.y + 100000 * threadIdx.z);
}
