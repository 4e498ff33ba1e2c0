#!/bin/bash
# Plants one fault at a time in a table of 34 good rows and demands that the lint names it.
# shellcheck disable=SC2016  # backquotes are Markdown's
set -u
lint=$(realpath "$1")
dir=$(mktemp -d "${TEST_TMPDIR:-/tmp}/data_loss.XXXXXX")
failures=0
cd "$dir" || exit 1
mkdir -p tests/scenarios core
echo '# a story' > tests/scenarios/loss_L03_three.scenario
echo 'TEST(Cases, AreKept) {}' > core/kept_test.cc

# table [SED]: a good table, changed by SED.
table() {
  local n
  for ((n = 1; n <= 34; ++n)); do
    case $n in
      3) echo '| L3 | lost | not here | `tests/scenarios/loss_L03_three.scenario` |' ;;
      4) echo '| L4 | lost | not here | `core/kept_test.cc`: `Cases.AreKept` |' ;;
      *) echo "| L$n | lost | not here | does not apply: there is no such thing |" ;;
    esac
  done | sed -e "${1-}" > table.md
}

# refuses WHAT SED: the lint exits 1 and says WHAT of the changed table.
refuses() {
  local out status
  table "$2"
  out=$("$lint" table.md)
  status=$?
  if [ "$status" -ne 1 ] || ! grep -q -- "$1" <<< "$out"; then
    echo "FAIL: exit $status for '$2': $out"
    failures=$((failures + 1))
  fi
}

table
"$lint" table.md || failures=$((failures + 1))
refuses "not L1 to L34" '7d'
refuses "not L1 to L34" '7s/L7/L8/'
refuses "L3 does not name tests/scenarios/loss_L03_three" '3s/`.*`/`core\/kept_test.cc`/'
refuses "loss_L03_four.scenario does not exist" '3s/three/four/'
refuses "L4 no file of the row has the test Cases.AreLost" '4s/AreKept/AreLost/'
refuses "L5 names no scenario or test" '5s/does not apply: .* |/by itself |/'
refuses "L6 gives no reason" '6s/apply: .* |/apply: |/'
refuses "L8 cell 2 is empty" '8s/lost//'
refuses "L9 has 3 cells" '9s/not here | //'
cd / && rm -r "$dir"
[ "$failures" -eq 0 ]
