#!/bin/bash
# The demonstration with three participants checks itself; so does its refusal of a used directory.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

"$KINFOLDER" demo --once --participants 3 --dir "$WORK/demo" || fail "demo"
expect 1 "not empty" "$KINFOLDER" demo --once --dir "$WORK/demo"
echo "passed"
