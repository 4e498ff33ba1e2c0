#!/bin/bash
# The counts that `./x test` ends with, from build events as Bazel writes them.
set -u
count=$1
events=$(mktemp "${TEST_TMPDIR:-/tmp}/events.XXXXXX")
failures=0

# counts WANT LINE...: the events of LINE... give WANT.
counts() {
  local want=$1 got
  shift
  printf '%s\n' "$@" > "$events"
  got=$("$count" "$events" 2> /dev/null)
  [ "$got" = "$want" ] || {
    echo "FAIL: wanted '$want', got '$got' for: $*"
    failures=$((failures + 1))
  }
}

built() { echo '{"id":{"targetCompleted":{"label":"'"$1"'"}},"completed":{"success":true}}'; }
broken() { echo '{"id":{"targetCompleted":{"label":"'"$1"'"}},"completed":{}}'; }
cut_off() { echo '{"id":{"targetCompleted":{"label":"'"$1"'"}},"aborted":{"reason":"x"}}'; }
tested() {
  echo '{"id":{"testSummary":{"label":"'"$1"'"}},"testSummary":{"overallStatus":"'"$2"'"}}'
}

counts '0 0' '{"id":{"started":{}},"started":{}}'
counts '2 0' "$(built //a:1)" "$(tested //a:1 PASSED)" "$(built //a:2)" "$(tested //a:2 PASSED)"
counts '1 1' "$(tested //a:1 PASSED)" "$(tested //a:2 FAILED)"
counts '0 3' "$(tested //a:1 TIMEOUT)" "$(tested //a:2 FLAKY)" "$(tested //a:3 NO_STATUS)"
counts '1 1' "$(tested //a:1 PASSED)" "$(broken //a:2)" "$(built //a:filtered_out)"
counts '0 1' "$(cut_off //a:1)"
counts '0 1' "$(built //a:1)" "$(broken //a:2)" "$(tested //a:2 NO_STATUS)"
counts '0 1' '{"id":{"pattern":{"pattern":["//..."]}},"aborted":{"reason":"LOADING_FAILURE"}}'
counts '0 1' 'not JSON'
rm "$events"
counts_missing=$("$count" "$events" 2> /dev/null)
[ "$counts_missing" = '0 1' ] || failures=$((failures + 1))

[ "$failures" -eq 0 ]
