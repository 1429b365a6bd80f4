/* An NVRTC that can say its version, which is compiled in. */
int nvrtcVersion(int *major, int *minor) {
  *major = MAJOR;
  *minor = 7;
  return 0;
}
