#!/bin/bash
# The lint names every planted global, once it is compiled, and passes constants:
# `no_globals_test.sh LINT CONSTANTS_AND_GLOBALS...` (files of //tests/lint:planted_*).
set -u
lint=$1
shift
failures=0

fail() {
  echo "FAIL: $1"
  failures=$((failures + 1))
}

globals=() constants=()
for file in "$@"; do
  case $file in
    *planted_globals*.a) globals+=("$file") ;;
    *planted_constants*.a) constants+=("$file") ;;
  esac
done
if [ ${#globals[@]} -eq 0 ] || [ ${#constants[@]} -eq 0 ]; then fail "archives are missing: $*"; fi

for archive in "${constants[@]}"; do
  out=$("$lint" "$archive") || fail "constants refused: $out"
done
for archive in "${globals[@]}"; do
  out=$("$lint" "$archive")
  status=$?
  [ "$status" -eq 1 ] || fail "exit $status, not 1, for $archive"
  for name in global zero thread_local inline member static local late_constant; do
    grep -qE "planted_$name\$" <<< "$out" || fail "not named: planted_$name"
  done
done
"$lint" && fail "no file given, and no failure"
"$lint" /nonexistent.a 2> /dev/null && fail "a missing file, and no failure"

[ "$failures" -eq 0 ]
