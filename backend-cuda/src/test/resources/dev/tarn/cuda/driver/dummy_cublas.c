/* A cuBLAS that can say its version, which is compiled in. */
int cublasCreate_v2(void **handle) {
  *handle = (void *)0x1234;
  return 0;
}
int cublasDestroy_v2(void *handle) { return 0; }
int cublasGetVersion_v2(void *handle, int *version) {
  *version = MAJOR * 10000 + 1;
  return 0;
}
