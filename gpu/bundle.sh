#!/usr/bin/env bash
# Packs Tarn's CUDA backend with its tests and a Java runtime for a GPU machine that has neither Java nor a network.
#
#   gpu/bundle.sh [OUTPUT.tar.xz]     (default: gpu/target/tarn-gpu-check.tar.xz)
#
# On that machine: tar xf tarn-gpu-check.tar.xz && tarn-gpu-check/check.sh
# The runtime is made by jlink of the JDK in TARN_BUNDLE_JDK, else JAVA_HOME, else the java on the path. Take a JDK that is
# built for old systems, as Temurin is; Debian's runs only where glibc is as new as Debian's.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
output=$(realpath -m "${1:-$root/gpu/target/tarn-gpu-check.tar.xz}")
jdk=${TARN_BUNDLE_JDK:-${JAVA_HOME:-$(dirname "$(dirname "$(readlink -f "$(command -v java)")")")}}
if [ ! -x "$jdk/bin/jlink" ]; then
  echo "bundle.sh: no jlink in $jdk: set TARN_BUNDLE_JDK to a full JDK 17 or newer" >&2
  exit 1
fi

cd "$root"
rm -rf gpu/target/lib
mvn -q -B -ntp -DskipTests -pl api,testkit,kernels-cu,backend-cuda package dependency:copy-dependencies \
  -DincludeScope=test -DoutputDirectory="$root/gpu/target/lib" -Dmdep.overWriteSnapshots=true \
  -DexcludeArtifactIds=archunit-junit5,archunit-junit5-api,archunit-junit5-engine,archunit-junit5-engine-api,archunit

stage=$root/gpu/target/tarn-gpu-check
rm -rf "$stage"
mkdir -p "$stage/lib" "$(dirname "$output")"
"$jdk/bin/jlink" --strip-debug --no-header-files --no-man-pages --compress 0 --output "$stage/runtime" \
  --add-modules java.base,java.logging,java.management,java.xml,jdk.management,jdk.unsupported,jdk.zipfs
cp gpu/target/lib/*.jar backend-cuda/target/tarn-backend-cuda-*.jar "$stage/lib/"
cp gpu/check.sh gpu/torch_steps.py benchmarks/peers/torch_step.py "$stage/"
tar -C "$root/gpu/target" -cJf "$output" tarn-gpu-check
echo "$output: $(du -h "$output" | cut -f1)"
