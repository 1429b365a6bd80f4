#!/bin/sh
# Checks and measures Tarn on this machine's NVIDIA GPU.
#
#   ./check.sh [FOLDER [PART...]]     writes result.json and result.md to FOLDER (default: results)
#
# Parts, all of them by default and in this order:
#   environment   driver, GPUs, libraries, into environment.txt
#   tests         all tests of the CUDA backend
#   trainings     a network learns the digits in each precision
#   parity        gradients of whole steps beside the reference's
#   steps         steps of training, in each precision
#   pytorch       the same steps in PyTorch, where it is installed
#   bandwidth     kernels that move memory, beside a copy
#   convolutions  convolutions beside cuBLAS
#   profile       the kernels of each step
#   forecast      the memory that was forecast and that was taken
#   flatness      memory over 20,000 steps
#   memcheck, racecheck, initcheck   tests under compute-sanitizer, where it is installed
#
# Results of earlier calls stay in FOLDER, so parts may run in several calls. A part that fails, or takes longer
# than its time, does not stop the others. Exit code 0 if everything in FOLDER passed, 1 if not.
#
# Runs from an unpacked bundle (bundle.sh) and needs only an NVIDIA driver and CUDA's cuBLAS and NVRTC.
#   TARN_CUDA_LIBRARIES      a folder to load CUDA from
#   TARN_CHECK_SECONDS       the time of each part in place of its own
#   TARN_CHECK_SANITIZED     a regular expression: which test classes run under compute-sanitizer
#   TARN_CHECK_SANITIZER     the command of compute-sanitizer
#   TARN_CHECK_PYTHON        the Python that has PyTorch (default: python3)
#   TARN_CHECK_TINY=1        everything small, for the emulator
set -u
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "${1:-results}/parts" "${1:-results}/run/target" || exit 1
out=$(cd "${1:-results}" && pwd)
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- environment tests trainings parity steps pytorch bandwidth convolutions profile forecast flatness \
  memcheck racecheck initcheck
parts=$out/parts
tiny=false
[ "${TARN_CHECK_TINY:-}" = 1 ] && tiny=true
# What covers every kernel is enough under the sanitizer, which slows everything down many times.
sanitized=${TARN_CHECK_SANITIZED:-'.*(ChannelSums|Conformance|Convolution|Epilogues|Normalization|SoftmaxRows|TapeBatches|TapeSums|TensorCore|Tiles|Wgmma)Tests'}
sanitizer=${TARN_CHECK_SANITIZER:-$(command -v compute-sanitizer || ls /usr/local/cuda*/bin/compute-sanitizer 2> /dev/null | tail -n 1)}
python=${TARN_CHECK_PYTHON:-python3}

probe() {
  (IFS=' ' && echo "\$ $*")
  "$@" 2>&1 || echo "(exit code $?)"
  echo
}

environment() {
  probe uname -a
  probe nvidia-smi
  probe nvidia-smi --query-gpu=name,driver_version,memory.total,compute_cap,clocks.max.sm --format=csv
  probe sh -c 'ldconfig -p | grep -E "libcuda\.so|libcublas|libnvrtc"'
  probe sh -c 'ls -d /usr/local/cuda*'
  probe sh -c 'env | grep -E "^(CUDA|LD_LIBRARY|TARN)"'
  probe "$here/runtime/bin/java" -version
}

# table NAME TITLE PASSED NOTE: a part that has only something to say.
table() {
  note=$(printf '%s' "$4" | tr '\n\t' '  ' | sed 's/\\/\\\\/g; s/"/\\"/g')
  printf '{"title": "%s", "passed": %s, "rows": [], "notes": ["%s"]}\n' "$2" "$3" "$note" > "$parts/$1.json"
}

# bounded NAME SECONDS COMMAND...: runs a part; one that leaves no result is a failure with the end of what it said.
bounded() {
  name=$1
  seconds=${TARN_CHECK_SECONDS:-$2}
  shift 2
  rm -f "$parts/$name.json"
  echo "== $name"
  begin=$(date +%s)
  (cd "$out/run" && timeout -k 10 "$seconds" "$@") > "$parts/$name.log" 2>&1
  code=$?
  echo "exit code $code after $(($(date +%s) - begin)) s" | tee -a "$parts/$name.log"
  if [ ! -s "$parts/$name.json" ]; then
    why="exit code $code"
    [ $code = 124 ] || [ $code = 137 ] && why="not done after $seconds s"
    table "$name" "$name" false "FAILED: $why: $(tail -n 3 "$parts/$name.log" | head -c 600)"
  fi
}

# check PART SECONDS [JAVA OPTION...]
check() {
  part=$1
  limit=$2
  shift 2
  bounded "$part" "$limit" "$here/runtime/bin/java" "$@" $common dev.tarn.cuda.GpuCheck "$parts" "$part"
}

sanitize() {
  if [ -z "$sanitizer" ]; then
    table "$1" "compute-sanitizer, $1" true "skipped: compute-sanitizer is not installed"
    return
  fi
  # A value in memory of its own shows the sanitizer where a kernel strays. Exit code 99 is the sanitizer's finding.
  bounded "$1" 580 "$sanitizer" --tool "$1" --target-processes application-only --error-exitcode 99 --print-limit 20 \
    "$here/runtime/bin/java" -Xmx4g -Dtarn.cuda.separate=true -Dtarn.tune=0 $common \
    dev.tarn.cuda.GpuCheck "$parts" tests "$1" "Tests under compute-sanitizer, $1" "$sanitized"
  if grep -q '^exit code 99 ' "$parts/$1.log"; then
    table "$1" "Tests under compute-sanitizer, $1" false \
      "FAILED: $(grep -E '=========' "$parts/$1.log" | head -n 12 | head -c 1500)"
  fi
}

# The class path has no blanks but perhaps in the folder's name: options are split at line ends alone.
newline='
'
common="-XX:+UseSerialGC
-Dorg.slf4j.simpleLogger.defaultLogLevel=warn
-Dtarn.cuda=real
-Dtarn.check.tiny=$tiny
-cp
$here/lib/*"
# Newer Java warns about native libraries unless they are allowed; older Java knows the option too from 17 on.
common="--enable-native-access=ALL-UNNAMED
$common"
IFS=$newline
set -f

for wanted in "$@"; do
  case $wanted in
    environment) environment > "$out/environment.txt" ;;
    tests)
      # The tests try kernels that give the same bits one by one; finding the fastest would take longer than they do.
      bounded tests 580 "$here/runtime/bin/java" -Xmx4g -Dtarn.tune=0 $common dev.tarn.cuda.GpuCheck "$parts" tests tests \
        "Tests of the CUDA backend" '.*Tests'
      ;;
    trainings) check trainings 180 -Xmx4g ;;
    parity) check parity 400 -Xmx4g ;;
    steps) check steps 300 -Xmx8g ;;
    pytorch)
      if "$python" -c 'import torch, sys; sys.exit(0 if torch.cuda.is_available() else 1)' 2> /dev/null; then
        bounded pytorch 500 "$python" "$here/torch_steps.py" "$parts/pytorch.json"
      elif [ $tiny = true ] && "$python" -c 'import torch' 2> /dev/null; then
        bounded pytorch 500 "$python" "$here/torch_steps.py" "$parts/pytorch.json" --tiny
      else
        table pytorch "Steps of PyTorch" true "skipped: $python has no PyTorch that finds a GPU"
      fi
      ;;
    bandwidth) check bandwidth 240 -Xmx8g ;;
    convolutions) check convolutions 300 -Xmx8g ;;
    profile) check profile 400 -Xmx4g ;;
    forecast) check forecast 300 -Xmx8g ;;
    flatness) check flatness 200 -Xms256m -Xmx256m -XX:+AlwaysPreTouch ;;
    memcheck | racecheck | initcheck) sanitize "$wanted" ;;
    *)
      echo "check.sh: there is no part '$wanted'; the parts are at the beginning of this file" >&2
      exit 2
      ;;
  esac
done
exec "$here/runtime/bin/java" $common dev.tarn.cuda.GpuCheck "$parts" report
