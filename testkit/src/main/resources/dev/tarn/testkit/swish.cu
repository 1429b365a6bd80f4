// y = x sigmoid(beta x). x, y: (n). Grid: ceil(n / 256) blocks of 256.
extern "C" __global__ void swish(const float *x, float *y, unsigned int n, float beta) {
  const unsigned int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] = x[i] / (1.0f + expf(-beta * x[i]));
}
