#!/bin/bash
# Power cuts under real agents, twice: of everything, and of one machine of two.
set -eu
here=$(dirname "$0")
program=$(realpath "$1")
for of in "" --ben-only; do
  # shellcheck disable=SC2086
  "$here/run" --kinfolder "$program" --cuts 24 --files 120 $of
done
