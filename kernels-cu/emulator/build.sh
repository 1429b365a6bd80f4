#!/bin/sh
# Builds the CUDA emulator: build.sh OUTPUT_DIR
#
# Leaves libcuda.so.1, libcublas.so.12, libnvrtc.so.12 and shim/ in OUTPUT_DIR. Does nothing if they
# are newer than the sources. Safe to run twice at once: results are renamed into place.
# Exit status: 0 built or up to date, 3 no x86-64 Linux or no g++, another if compiling failed.
set -eu

[ $# -eq 1 ] || { echo "usage: build.sh OUTPUT_DIR" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
cxx=${TARN_EMULATOR_CXX:-g++}

if [ "$(uname -s)-$(uname -m)" != Linux-x86_64 ]; then
  echo "the CUDA emulator needs Linux on x86-64" >&2
  exit 3
fi
# shellcheck disable=SC2086  # may be several words, such as a compiler cache in front
if ! $cxx --version >/dev/null 2>&1; then
  echo "the CUDA emulator needs g++: \"$cxx\" does not run (apt install g++)" >&2
  exit 3
fi

mkdir -p "$1"
out=$(cd "$1" && pwd)
# One build at a time where flock is there; without it two builds do the same work twice.
if command -v flock >/dev/null 2>&1; then
  exec 9>"$out/.lock"
  flock 9
fi

# -march=native makes the result this processor's.
stamp="$out/.stamp"
identity="$cxx $($cxx -dumpfullversion) $(grep -m1 'model name' /proc/cpuinfo || true)"
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$identity" ] &&
   [ -z "$(find "$here/build.sh" "$here/src" "$here/shim" "$here/symbols" -newer "$stamp" -print -quit)" ]; then
  exit 0
fi

work=$(mktemp -d "$out/.build.XXXXXX")
trap 'rm -rf "$work"' EXIT
printf '%s\n' "$identity" > "$work/stamp"

flags="-std=c++17 -fPIC -fvisibility=hidden -Wall -Wextra -Werror"
pids=
for source in "$here"/src/*.cpp; do
  name=$(basename "$source" .cpp)
  # Optimising everything would take half as long again and help nothing.
  case $name in
    gemm) optimize="-O3 -march=native -ffp-contract=fast -Wno-psabi" ;;
    fibers | collectives | launch | races) optimize=-O2 ;;
    *) optimize=-O1 ;;
  esac
  $cxx $flags $optimize -c -o "$work/$name.o" "$source" &
  pids="$pids $!"
done
for pid in $pids; do wait "$pid"; done

# What JCuda's natives import and the emulator lacks: answers "not supported" and says its name.
stubs() { # SYMBOLS_FILE STATUS OBJECTS...
  symbols=$1 status=$2
  shift 2
  (cd "$work" && nm --defined-only -g "$@" | awk '{ print $3 }' | LC_ALL=C sort -u > have.txt)
  printf '#include <cstdio>\n#define STUB(f) extern "C" __attribute__((visibility("default"))) int f() { \\\n'
  printf '  std::fprintf(stderr, "tarn-emulator: %%s is not emulated\\n", #f); return %s; }\n' "$status"
  LC_ALL=C sort -u "$symbols" | LC_ALL=C comm -23 - "$work/have.txt" | sed 's/.*/STUB(&)/'
}
cuda="environment.o stats.o fibers.o collectives.o launch.o races.o fault_handler.o allocations.o image.o
  ptx_text.o driver_device.o driver_context.o driver_memory.o driver_stream.o driver_graph.o
  driver_module.o cublas_bridge.o"
cublas="cublas.o gemm.o"
nvrtc="nvrtc.o compile.o compile_options.o kernel_source.o environment.o ptx_text.o"
# shellcheck disable=SC2086
{
  stubs "$here/symbols/libcuda.txt" 801 $cuda > "$work/cuda_stubs.cpp"
  stubs "$here/symbols/libcublas.txt" 15 $cublas > "$work/cublas_stubs.cpp"
  stubs "$here/symbols/libnvrtc.txt" 11 $nvrtc > "$work/nvrtc_stubs.cpp"
  for library in cuda cublas nvrtc; do
    $cxx -O1 -fPIC -c -o "$work/${library}_stubs.o" "$work/${library}_stubs.cpp"
  done

  cd "$work"
  # JCuda asks for these two libraries' symbols by version.
  echo 'libcublas.so.12 { global: cublas*; local: *; };' > cublas.map
  echo 'libnvrtc.so.12 { global: nvrtc*; local: *; };' > nvrtc.map
  $cxx -shared -o libcuda.so.1 $cuda cuda_stubs.o -Wl,-soname,libcuda.so.1 -Wl,-z,defs -lpthread -ldl
  $cxx -shared -o libcublas.so.12 $cublas cublas_stubs.o -Wl,-soname,libcublas.so.12 \
    -Wl,--version-script=cublas.map -Wl,-z,defs -L. -l:libcuda.so.1 -Wl,-rpath,'$ORIGIN'
  $cxx -shared -o libnvrtc.so.12 $nvrtc nvrtc_stubs.o -Wl,-soname,libnvrtc.so.12 \
    -Wl,--version-script=nvrtc.map -Wl,-z,defs -lpthread -ldl
}

mkdir -p "$out/shim"
for header in "$here"/shim/*.h; do
  cp "$header" "$work/header"
  mv -f "$work/header" "$out/shim/$(basename "$header")"
done
for library in libcuda.so.1 libcublas.so.12 libnvrtc.so.12; do
  mv -f "$work/$library" "$out/$library"
done
mv -f "$work/stamp" "$stamp"
