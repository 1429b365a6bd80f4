#!/bin/sh
# Measures how long files take to become data that a training can begin with; prints a table.
# Usage: benchmarks/loading.sh
#
# Environment:
#   ROUNDS=5   how often each is loaded, in one process
set -eu
cd "$(dirname "$0")"
modules=benchmarks/engine,benchmarks/tarn
echo "building..." >&2
rm -rf tarn/target/lib
(cd .. && mvn -q -B -Pbenchmarks -pl "$modules" -am -DskipTests package)
exec "${JAVA_HOME:+$JAVA_HOME/bin/}java" -XX:+UseSerialGC -cp "tarn/target/lib/*" dev.tarn.benchmarks.tarn.Loading tarn/target/loading "${ROUNDS:-5}"
