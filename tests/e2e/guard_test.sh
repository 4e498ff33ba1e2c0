#!/bin/bash
# What guards against deletes nobody meant: an empty directory in a root's place, also with a
# marker made by hand; many deletes at once; and the history, which says who deleted what.
# shellcheck source=tests/e2e/lib.sh disable=SC2317
source "$(dirname "$0")/lib.sh"

# stays WHO: nothing of the 30 files goes while the agents read the store some times.
stays() {
  local i
  for ((i = 0; i < 30; ++i)); do
    [ "$(find "$WORK/$1" -name 'photo-*' | wc -l)" = 30 ] || fail "$1 lost files: $2"
    sleep 0.1
  done
}
blocked_by() { kf anna status --json | grep -q "\"reason\": \"$1\""; }

pair
for ((i = 0; i < 30; ++i)); do echo "$i" >"$WORK/anna/photo-$i"; done
echo "one" >"$WORK/anna/letter"
start anna
start ben
wait_for "the files arrive" same "$WORK/anna" "$WORK/ben"
wait_for "both say so" in_sync anna ben

echo "an empty directory instead of the disk, with a marker made by hand"
stop anna
mv "$WORK/anna" "$WORK/disk"
mkdir "$WORK/anna"
start anna
wait_for "the agent says so" blocked_by root-changed
stays ben "the root is empty"
mkdir "$WORK/anna/.kinfolder"
stays ben "the marker's directory was made by hand"
echo '{}' >"$WORK/anna/.kinfolder/root.json"
stays ben "the marker was made by hand"
blocked_by root-changed || fail "a marker made by hand is believed"
rm "$WORK/anna/.kinfolder/root.json"
expect 1 "lacks its marker .*put the right directory there" kf anna doctor
rm -r "$WORK/anna"
expect 1 "is its disk mounted\\? Nothing is deleted because of that" kf anna doctor
mv "$WORK/disk" "$WORK/anna"
wait_for "the disk is back" in_sync anna
stays ben "the disk is back"

echo "deletes: few are named in the history, many wait for a person"
rm "$WORK/ben/letter"
gone() { [ ! -e "$WORK/anna/letter" ]; }
wait_for "the delete arrives" gone
kf anna log "$WORK/anna/letter" --json >"$WORK/history" || fail "log"
grep -q '"deleted": true' "$WORK/history" || fail "log does not say that it was deleted"
grep -q '"author": "ben"' "$WORK/history" || fail "log does not say by whom"
rm "$WORK"/ben/photo-*
held() { kf ben status | grep -q "30 deletes are held: see kinfolder deletes docs"; }
wait_for "they are held, and status says how many" held
stays anna "30 deletes are held"
expect 0 "photo-7" kf ben deletes docs
expect 0 "Let them happen with --approve, or bring the files back with --undo" kf ben deletes docs
kf ben deletes docs --undo || fail "undo"
wait_for "the files are back" same "$WORK/anna" "$WORK/ben"
[ "$(find "$WORK/ben" -name 'photo-*' | wc -l)" = 30 ] || fail "undo left files out"
echo "passed"
