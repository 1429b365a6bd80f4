#!/bin/sh
# Checks Tarn on this machine's NVIDIA GPU: environment, the tests of the CUDA backend, a training.
#
#   ./check.sh [FOLDER]     writes environment.txt, result.json and result.md to FOLDER (default: results)
#
# Runs from an unpacked bundle (bundle.sh) and needs only an NVIDIA driver and CUDA's cuBLAS and NVRTC: no Java,
# no network. Exit code 0 if everything passed, 1 if not. TARN_CUDA_LIBRARIES names a folder to load CUDA from.
set -u
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-results}
mkdir -p "$out" || exit 1

probe() {
  echo "\$ $*"
  "$@" 2>&1 || echo "(exit code $?)"
  echo
}
{
  probe uname -a
  probe nvidia-smi
  probe nvidia-smi --query-gpu=name,driver_version,memory.total,compute_cap,clocks.max.sm --format=csv
  probe sh -c 'ldconfig -p | grep -E "libcuda\.so|libcublas|libnvrtc"'
  probe sh -c 'ls -d /usr/local/cuda*'
  probe sh -c 'env | grep -E "^(CUDA|LD_LIBRARY|TARN)"'
  probe "$here/runtime/bin/java" -version
} > "$out/environment.txt"

# The conformance suite holds many small tensors; the heap is far larger than it needs.
exec "$here/runtime/bin/java" -Xmx4g -XX:+UseSerialGC --enable-native-access=ALL-UNNAMED \
  -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -Dtarn.cuda=real -cp "$here/lib/*" dev.tarn.cuda.GpuCheck "$out"
