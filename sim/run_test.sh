#!/bin/bash
# Random worlds: `run_test.sh KINFOLDER-SIM PROFILE SEEDS`. Prints each failure and how to repeat
# it.
set -eu
exec "$1" run --profile "$2" --seeds "$3"
