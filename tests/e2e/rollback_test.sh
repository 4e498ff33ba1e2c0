#!/bin/bash
# The store is put back to a backup, under agents that published since: what it lost is published
# again from where it still is, and a newcomer gets everything.
# shellcheck source=tests/e2e/lib.sh disable=SC2317
source "$(dirname "$0")/lib.sh"

restore_backup() {
  rm -rf "$WORK/store"
  cp -a "$WORK/backup" "$WORK/store"
}
contents() { [ "$(cat "$WORK/$1/edited" 2>/dev/null)" = "two" ] && [ -e "$WORK/$1/late" ]; }

# noticed NAME: its status says that the store had lost something.
noticed() { kf "$1" status --json | grep -q '"store_rolled_back": "2'; }

pair
start anna
start ben
echo one >"$WORK/anna/edited"
echo kept >"$WORK/anna/kept"
echo doomed >"$WORK/anna/doomed"
wait_for "the first version is everywhere" same "$WORK/anna" "$WORK/ben"
stop anna
stop ben
cp -a "$WORK/store" "$WORK/backup"
start anna
start ben
echo two >"$WORK/anna/edited"
echo late >"$WORK/ben/late"
rm "$WORK/anna/doomed"
head -c 300000 /dev/urandom >"$WORK/ben/large"
wait_for "the second version is everywhere" same "$WORK/anna" "$WORK/ben"
wait_for "and it is published" in_sync anna ben
stop anna
stop ben

restore_backup
start anna
start ben
wait_for "both have what they had" contents anna
wait_for "both have what they had" contents ben
wait_for "it is noticed" noticed anna
wait_for "both are in sync" in_sync anna ben
same "$WORK/anna" "$WORK/ben" || fail "the sides differ"
[ ! -e "$WORK/anna/doomed" ] || fail "a deleted file came back"
[ -z "$(find "$WORK/anna" "$WORK/ben" -name '*.conflict-*')" ] || fail "there are conflicts"

# All of it can be read from the store alone.
mkdir "$WORK/cora"
kf cora init --store "dir:$WORK/store" >/dev/null || fail "init"
invitation=$(kf anna invite docs cora) || fail "invite"
kf cora join "$invitation" "$WORK/cora" >/dev/null || fail "join"
start cora
wait_for "a newcomer gets everything" same "$WORK/anna" "$WORK/cora"
