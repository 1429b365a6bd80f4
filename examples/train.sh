#!/usr/bin/env bash
# Trains every run file here in a short form, to see that each of them works: a few steps, in a temporary directory. Results are nothing to
# look at; for those run 'tarn train examples/NAME.yaml'. A run file whose data set is not on this machine is left out, and named.
# Ends with 0 if all that were run ended with 0 and left a report.
set -euo pipefail
cd "$(dirname "$0")/.."

runs=$(mktemp -d)
trap 'rm -rf "$runs"' EXIT
failed=()
missing=()
for file in examples/*.yaml; do
  name=$(basename "$file" .yaml)
  set=$(sed -n 's/^  set: \([a-z0-9-]*\).*/\1/p' "$file")
  if [ -n "$set" ] && ! ./tarn datasets --json "$set" | grep -q '"available":true'; then
    missing+=("$file")
    continue
  fi
  echo "-- $file"
  if ! ./tarn train "$file" --runs "$runs" train.epochs=2 'train.stop={steps: 40}' > "$runs/log" 2>&1; then
    cat "$runs/log"
    failed+=("$file: it did not end with 0")
  elif ! grep -q '</html>' "$runs/$name-1/report.html"; then
    failed+=("$file: no whole report.html")
  else
    grep '^test' "$runs/log"
  fi
done

for file in ${missing[@]+"${missing[@]}"}; do
  echo "-- $file: left out, its data are not here ('tarn datasets' says how to get them)"
done
if [ ${#failed[@]} -gt 0 ]; then
  printf 'failed: %s\n' "${failed[@]}" >&2
  exit 1
fi
