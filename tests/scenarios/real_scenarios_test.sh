#!/bin/bash
# Plays scenarios against real agents: `real_scenarios_test.sh KINFOLDER-SIM KINFOLDER [OPTION...]
# FILE...`. Fails if one does not hold, or if none was played to its end.
set -u
sim=$1 agent=$2
shift 2
output=$("$sim" scenario --real --agent "$agent" --jobs 4 "$@")
status=$?
echo "$output"
[ $status -eq 0 ] || exit $status
grep -q '^ok ' <<< "$output" || {
  echo "nothing was played to its end"
  exit 1
}
