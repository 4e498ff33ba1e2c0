#!/bin/bash
# Two agents and a tree of 300 files: edits, deletes, renames, conflicts, history, leaving.
# shellcheck source=tests/e2e/lib.sh disable=SC2317
source "$(dirname "$0")/lib.sh"

fill() {
  local i dir
  for ((i = 0; i < 300; ++i)); do
    dir="$1/d$((i % 12))/e$((i % 5))"
    mkdir -p "$dir"
    head -c $((i * 37)) /dev/urandom >"$dir/file $i"
  done
  printf '#!/bin/sh\n' >"$1/run.sh"
  chmod +x "$1/run.sh"
  ln -s "d0/e0/file 0" "$1/link"
  : >"$1/empty"
  head -c 3000000 /dev/urandom >"$1/large"
}

settled() { same "$WORK/anna" "$WORK/ben"; }

pair
fill "$WORK/anna"
start anna
start ben
wait_for "300 files arrive" settled
wait_for "both say so" in_sync anna ben
listed() { kf anna participants docs | grep -q "^ben"; }
wait_for "ben is listed" listed

echo "edits, deletes, renames on both sides"
for i in 3 50 77; do echo "more" >>"$WORK/anna/d$((i % 12))/e$((i % 5))/file $i"; done
for i in 4 51 78; do echo "other" >"$WORK/ben/d$((i % 12))/e$((i % 5))/file $i"; done
rm "$WORK/anna/d5/e0/file 5" "$WORK/ben/d6/e1/file 6"
mv "$WORK/anna/d7" "$WORK/anna/d7 moved"
mv "$WORK/ben/large" "$WORK/ben/larger"
chmod -x "$WORK/ben/run.sh"
# Not before the changes were seen: both sides were equal until then.
arrived() {
  settled && [ -e "$WORK/ben/d7 moved" ] && [ -e "$WORK/anna/larger" ] &&
    [ ! -e "$WORK/anna/large" ] && [ ! -x "$WORK/anna/run.sh" ] &&
    [ "$(cat "$WORK/anna/d4/e4/file 4")" = other ]
}
wait_for "changes of both sides arrive" arrived

echo "conflicts"
stop anna
stop ben
echo "anna's" >"$WORK/anna/empty"
echo "ben's" >"$WORK/ben/empty"
echo "anna's" >"$WORK/anna/larger"
echo "ben's" >"$WORK/ben/larger"
start anna
start ben
copies() {
  local file
  for file in empty larger; do
    [ "$(cat "$WORK/anna/$file")" = "anna's" ] && [ "$(cat "$WORK/ben/$file")" = "ben's" ] &&
      [ "$(cat "$WORK/anna/$file.conflict-ben")" = "ben's" ] &&
      [ "$(cat "$WORK/ben/$file.conflict-anna")" = "anna's" ] || return 1
  done
}
wait_for "both sides keep theirs and get the other's as a copy" copies
kf anna conflicts | grep -q "anna/empty" || fail "conflicts does not list it"
kf anna status --json | grep -q '"copy"' || fail "status does not list it"
kf anna resolve "$WORK/anna/empty" --theirs=ben >/dev/null || fail "resolve --theirs"
kf ben resolve "$WORK/ben/larger" --mine >/dev/null || fail "resolve --mine"
resolved() {
  settled && [ ! -e "$WORK/anna/empty.conflict-ben" ] &&
    [ "$(cat "$WORK/anna/empty" "$WORK/anna/larger")" = $'ben\'s\nben\'s' ]
}
wait_for "resolved on both sides" resolved
wait_for "no conflict is left" in_sync anna ben

echo "history"
[ "$(kf anna cat "$WORK/anna/empty@0")" = "" ] || fail "cat of the first version"
kf anna log "$WORK/anna/empty" --json | grep -q '"author": "ben"' || fail "log"
kf ben restore "$WORK/ben/empty@0" >/dev/null || fail "restore"
restored() { settled && [ ! -s "$WORK/anna/empty" ]; }
wait_for "the old version is everywhere" restored

echo "sync and replay"
kf anna sync docs --timeout 20s >/dev/null || fail "sync by the agent"
kf anna trace save "$WORK/trace" >/dev/null || fail "trace save"
expect 0 "all as recorded" "$KINFOLDER" replay "$WORK/trace"
stop anna
stop ben
echo "while away" >"$WORK/anna/away"
kf anna sync >/dev/null || fail "sync without an agent"
kf ben sync >/dev/null || fail "sync without an agent"
settled || fail "sync left something to do"
[ -e "$WORK/ben/away" ] || fail "sync did not bring the file"

echo "leaving"
find "$WORK/ben" -path '*/.kinfolder' -prune -o -type f -print | sort >"$WORK/before"
kf ben leave docs >/dev/null || fail "leave"
find "$WORK/ben" -path '*/.kinfolder' -prune -o -type f -print | sort >"$WORK/after"
cmp "$WORK/before" "$WORK/after" || fail "leaving changed files"
kf ben list --json | grep -q docs && fail "still listed"
echo "passed"
