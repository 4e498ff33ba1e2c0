#!/bin/bash
# Runs this shard's share of the scenarios: `scenarios_test.sh KINFOLDER-SIM [--OPTION...] FILE...`.
# Fails if one does not hold, and if there is none.
set -u
sim=$1
shift
options=()
while [[ ${1-} == --* ]]; do
  options+=("$1")
  shift
done
[ $# -gt 0 ] || {
  echo "no scenarios given"
  exit 1
}
[ -z "${TEST_SHARD_STATUS_FILE-}" ] || touch "$TEST_SHARD_STATUS_FILE"
total=${TEST_TOTAL_SHARDS-1} mine=${TEST_SHARD_INDEX-0} at=0
files=()
for file; do
  [ $((at++ % total)) -ne "$mine" ] || files+=("$file")
done
[ ${#files[@]} -gt 0 ] || exit 0
exec "$sim" scenario "${options[@]}" "${files[@]}"
