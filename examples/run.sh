#!/usr/bin/env bash
# Builds Tarn into a repository of its own, target/repository, and every example against the jars there, as a project elsewhere would use
# them. What Maven has downloaded already is copied; your own repository gets nothing of Tarn.
set -euo pipefail
cd "$(dirname "$0")/.."

repository=$PWD/target/repository
if [ ! -d "$repository" ]; then
  mkdir -p "$repository"
  [ ! -d "$HOME/.m2/repository" ] || cp -a "$HOME/.m2/repository/." "$repository"
fi
rm -rf "$repository/dev/tarn"
mvn -q -B -ntp "-Dmaven.repo.local=$repository" -DskipTests -Dspotless.check.skip -pl bom,backend-cpu,backend-cuda -am install
for example in training junit spring-boot; do
  echo "-- examples/$example"
  mvn -B -ntp "-Dmaven.repo.local=$repository" -f "examples/$example/pom.xml" verify
done
