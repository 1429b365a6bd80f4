// Elements moved to other places; they are 4 bytes each, or with -DTARN_BF16=1 two, whatever they
// mean.
//
//   kernel           does                                          grid                       block
//   transpose_tiles  (batch, R, C) -> (batch, C, R)                (batch ceil(R/32) ceil(C/32))  32 x 8
//   strided_copy     y[i] = x[offset + sum_a c_a(i) stride_a]      (ceil(elements / 256))     256
//   pad              y[i] = x inside a box of y, bits outside      (ceil(elements / 256))     256
//   copy_rows        rows of x to rows of y that are farther apart (ceil(elements / 256))     256
//
// c_a(i) are the coordinates of element i in the shape of y, row-major. Each element is read and
// written once. transpose_tiles goes through shared memory, so that reads and writes are both coalesced; the others
// have the output's or the input's order in the threads.
//
// nvcc-check: -DTARN_BF16=0
// nvcc-check: -DTARN_BF16=1

#if defined(TARN_BF16) && TARN_BF16
typedef unsigned short Bits;
#else
typedef unsigned int Bits;
#endif

// x: (batch, rows, columns), y: (batch, columns, rows)
extern "C" __global__ void __launch_bounds__(256)
    transpose_tiles(const Bits *x, Bits *y, unsigned int rows,
                    unsigned int columns) {
  __shared__ Bits tile[32][33];  // 33: a column touches every bank once
  const unsigned int across = (columns + 31) / 32, down = (rows + 31) / 32;
  const unsigned int column = blockIdx.x % across * 32, row = blockIdx.x / across % down * 32;
  const unsigned long long begin =
      (unsigned long long)(blockIdx.x / across / down) * rows * columns;
  for (unsigned int i = threadIdx.y; i < 32; i += blockDim.y) {
    const unsigned int r = row + i, c = column + threadIdx.x;
    if (r < rows && c < columns) {
      tile[i][threadIdx.x] = x[begin + (unsigned long long)r * columns + c];
    }
  }
  __syncthreads();
  for (unsigned int i = threadIdx.y; i < 32; i += blockDim.y) {
    const unsigned int c = column + i, r = row + threadIdx.x;
    if (r < rows && c < columns) {
      y[begin + (unsigned long long)c * rows + r] = tile[threadIdx.x][i];
    }
  }
}

// axes: (2, rank): extents of y, strides of x
extern "C" __global__ void __launch_bounds__(256)
    strided_copy(const Bits *x, Bits *y, const unsigned int *axes,
                 unsigned int elements, unsigned int rank, unsigned int offset) {
  const unsigned int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= elements) return;
  unsigned int rest = i, from = offset;
  for (unsigned int a = rank; a-- > 0;) {
    const unsigned int next = rest / axes[a];
    from += (rest - next * axes[a]) * axes[rank + a];
    rest = next;
  }
  y[i] = x[from];
}

// axes: (3, rank): extents of y, where x begins in it, extents of x
extern "C" __global__ void __launch_bounds__(256)
    pad(const Bits *x, Bits *y, const unsigned int *axes, unsigned int elements,
        unsigned int rank, unsigned int bits) {
  const unsigned int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= elements) return;
  unsigned int rest = i, from = 0, stride = 1;
  bool inside = true;
  for (unsigned int a = rank; a-- > 0;) {
    const unsigned int next = rest / axes[a];
    const unsigned int coordinate = rest - next * axes[a] - axes[rank + a];  // wraps before x
    inside = inside && coordinate < axes[2 * rank + a];
    from += coordinate * stride;
    stride *= axes[2 * rank + a];
    rest = next;
  }
  y[i] = inside ? x[from] : (Bits)bits;
}

// x: (elements / inner, inner), y: rows of pitch elements, of which x fills inner from first
extern "C" __global__ void __launch_bounds__(256)
    copy_rows(const Bits *x, Bits *y, unsigned int elements, unsigned int inner,
              unsigned int pitch, unsigned int first) {
  const unsigned int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= elements) return;
  const unsigned int row = i / inner;
  y[(unsigned long long)row * pitch + first + (i - row * inner)] = x[i];
}
