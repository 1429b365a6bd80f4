// Rows of a table by their numbers, and the gradient by the table.
//
//   gather       y[n,d] = table[indices[n],d]; a row of NaN for an index outside [0, rows)
//                grid (ceil(N D / 256))  block 256; moves 8 N D bytes
//   gather_grad  y[v,d] = sum of dy[n,d] over the n with indices[n] == v, in the order of n
//                grid (ceil(rows / own), ceil(D / block))  block 32 to 256; moves 4 (rows + 3 N) D
//                bytes at most, and every block reads the N indices
//
// table, y of the gradient: f32 (rows, D); indices: i32 (N); y, dy: f32 (N, D)
//
// A block of gather_grad owns some rows of the table, a thread of it some columns: no two threads
// write to one element, so there are no atomics and the order of each sum is fixed.

extern "C" __global__ void __launch_bounds__(256)
    gather(const float *table, const int *indices, float *y, unsigned int elements,
           unsigned int rows, unsigned int width) {
  const unsigned int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= elements) return;
  const unsigned int n = i / width, row = (unsigned int)indices[n];
  y[i] = row < rows ? table[(unsigned long long)row * width + (i - n * width)]
                    : __int_as_float(0x7fffffff);
}

extern "C" __global__ void __launch_bounds__(256)
    gather_grad(const int *indices, const float *dy, float *y, unsigned int count,
                unsigned int rows, unsigned int width, unsigned int own) {
  __shared__ unsigned int numbers[256];
  const unsigned int first = blockIdx.x * own, mine = min(own, rows - first);
  const unsigned int d = blockIdx.y * blockDim.x + threadIdx.x;
  float *out = y + (unsigned long long)first * width + d;
  if (d < width) {
    for (unsigned int r = 0; r < mine; r++) out[(unsigned long long)r * width] = 0.0f;
  }
  for (unsigned int begin = 0; begin < count; begin += blockDim.x) {
    const unsigned int length = min(blockDim.x, count - begin);
    __syncthreads();
    if (threadIdx.x < length) numbers[threadIdx.x] = (unsigned int)indices[begin + threadIdx.x];
    __syncthreads();
    for (unsigned int k = 0; k < length; k++) {
      const unsigned int r = numbers[k] - first;  // wraps for smaller numbers
      if (r < mine && d < width) {
        out[(unsigned long long)r * width] += dy[(unsigned long long)(begin + k) * width + d];
      }
    }
  }
}
