#!/bin/sh
# Compares Tarn with DJL (PyTorch) and Deeplearning4j on this machine's CPU, and writes a table and JSON under results/.
# Usage: benchmarks/run.sh [start | WORKLOAD...]    all of workloads/ if none is named, start-up alone with `start`; with
#                                                   the peers' Linux x86-64 natives
#
# Environment:
#   ROUNDS=8   pairs of measurements      SECONDS_EACH=2   how long each takes
#   WARM_UP=5  seconds before the first   STARTS=5         how often start-up is measured; 0 for not
#   PRECISION=fp32   what Tarn computes in: fp32 or bf16; the peers keep to fp32
set -eu
cd "$(dirname "$0")"
[ "$(uname -sm)" = "Linux x86_64" ] || { echo "run.sh: the peers are set up for Linux on x86-64 only" >&2; exit 1; }
modules=cli,benchmarks/engine,benchmarks/tarn,benchmarks/djl,benchmarks/dl4j
echo "building..." >&2
rm -rf ../cli/target/tarn/lib engine/target/lib tarn/target/lib djl/target/lib dl4j/target/lib
# The property keeps the natives of other platforms away.
(cd .. && mvn -q -B -Pbenchmarks -pl "$modules" -am -DskipTests -Djavacpp.platform=linux-x86_64 package)
[ $# -gt 0 ] || set -- mlp-64 mlp-64-adam mlp-512 mlp-512-adam lenet-64 lenet-256 vgg-64 resnet20-128
[ "$1" != start ] || shift
exec "${JAVA_HOME:+$JAVA_HOME/bin/}java" -cp "tarn/target/lib/*" dev.tarn.benchmarks.tarn.Compare "$@"
