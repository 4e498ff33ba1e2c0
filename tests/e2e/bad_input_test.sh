#!/bin/bash
# What goes wrong in real life, one function each: the program says what is wrong and what to do,
# with the right exit code, and loses nothing.
# shellcheck source=tests/e2e/lib.sh disable=SC2317
source "$(dirname "$0")/lib.sh"

mistyped() {
  expect 2 "no command 'statsu'; did you mean 'status'" "$KINFOLDER" statsu
  expect 2 "no option '--jsno'; did you mean '--json'" "$KINFOLDER" status --jsno
  expect 2 "PATH is required" "$KINFOLDER" create
  expect 2 "one argument too many" "$KINFOLDER" leave a b
  expect 2 "did you mean 'get'" "$KINFOLDER" config gte
  expect 2 "did you mean" kf anna invite docs ben --read-onyl
  expect 2 "names no version" "$KINFOLDER" cat file
  expect 1 "neither HOME nor" env -u HOME -u XDG_STATE_HOME "$KINFOLDER" list
  expect 0 "Example:" "$KINFOLDER" join --help
  expect 0 "kinfolder [0-9]" "$KINFOLDER" --version
}

directories() {
  expect 1 "no state directory at .*kinfolder init" "$KINFOLDER" --state "$WORK/none" run
  expect 1 "no state directory" "$KINFOLDER" --state "$WORK/none" status
  mkdir -p "$WORK/photos"
  echo "meow" >"$WORK/photos/cat"
  expect 1 "other things in it" "$KINFOLDER" --state "$WORK/state-x" init --store "dir:$WORK/photos"
  expect 1 "other things in it" \
    "$KINFOLDER" --state "$WORK/photos" init --store "dir:$WORK/newstore"
  expect 1 "already" kf anna init --store "dir:$WORK/store"
  expect 1 "contains|lies in" kf anna create "$WORK"
  expect 1 "not a directory" kf anna create "$WORK/photos/cat"
  expect 1 "check that it is still there" kf anna create "$WORK/no/such"
  expect 1 "another state directory" kf ben create "$WORK/anna" --name other
  expect 1 "no folder is called 'nothing'.*docs" kf anna leave nothing
  [ "$(cat "$WORK/photos/cat")" = meow ] || fail "a foreign file was touched"
}

invitations() {
  expect 1 "." kf ben join kinfolder-invite:garbage "$WORK/photos"
  expect 1 "only the folder's admin" kf ben invite docs carl
  expect 2 "not a length of time" kf anna invite docs carl --expires soon
  local once
  once=$(kf anna invite docs carl)
  kf carl init --store "dir:$WORK/store" >/dev/null
  mkdir -p "$WORK/carl" "$WORK/carl2"
  expect 0 "you are carl" kf carl join "$once" "$WORK/carl"
  expect 1 "used or withdrawn" kf carl join "$once" "$WORK/carl2" --name second
}

newer_state() {
  cp -a "$WORK/state-ben" "$WORK/state-newer"
  sed -i 's/"version": 1/"version": 99/' "$WORK/state-newer/kinfolder.json"
  expect 1 "version 99.*newer kinfolder" "$KINFOLDER" --state "$WORK/state-newer" run
  expect 1 "version 99" "$KINFOLDER" --state "$WORK/state-newer" list
}

second_agent() {
  start anna
  expect 1 "${AGENT[anna]}" kf anna run
  kf anna status >/dev/null || fail "the first agent was disturbed"
  stop anna
  expect 1 "no agent is running.*run" kf anna status
}

unreadable_file() {
  if [ "$(id -u)" = 0 ]; then
    # Root reads everything: let another user run the agent.
    skip_or_run_as_nobody && return
  fi
  echo secret >"$WORK/anna/secret"
  chmod 000 "$WORK/anna/secret"
  echo open >"$WORK/anna/open"
  start anna
  expect 3 "secret" kf anna sync docs --timeout 20s
  kf anna status | grep -q "secret: permission" || fail "status does not name it"
  chmod 600 "$WORK/anna/secret"
  expect 0 "in-sync" kf anna sync docs --timeout 20s
  stop anna
}

skip_or_run_as_nobody() {
  setpriv --reuid=65534 --regid=65534 --clear-groups true 2>/dev/null || {
    echo "SKIPPED: unreadable_file (root reads everything, and can't become somebody else here)"
    return 0
  }
  local place
  place=$(mktemp -d /tmp/e2e-nobody.XXXXXX)
  cp "$KINFOLDER" "$place/kinfolder"
  chmod 755 "$place"
  install -d -o 65534 -g 65534 "$place/w"
  local as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
  as+=("$place/kinfolder" --state "$place/w/state")
  install -d -o 65534 -g 65534 "$place/w/root"
  "${as[@]}" init --store "dir:$place/w/store" >/dev/null || fail "init"
  "${as[@]}" create "$place/w/root" --name docs --as nobody >/dev/null || fail "create"
  echo secret >"$place/w/root/secret"
  chmod 600 "$place/w/root/secret" # root's: not readable for the agent
  echo open >"$place/w/root/open"
  expect 3 "secret: permission" "${as[@]}" sync docs --timeout 20s
  expect 1 "not readable.*secret" "${as[@]}" doctor
  chown 65534 "$place/w/root/secret"
  expect 0 "in-sync" "${as[@]}" sync docs --timeout 20s
  rm -rf "$place"
}

store_vanishes() {
  start anna
  start ben
  wait_for "anna and ben are the same" same "$WORK/anna" "$WORK/ben"
  mv "$WORK/store" "$WORK/store-away"
  echo "written while away" >"$WORK/anna/while-away"
  noticed() { kf anna status --json | grep -q '"state": "offline"'; }
  wait_for "status says that the store is away" noticed
  expect 1 "store" kf anna doctor
  mv "$WORK/store-away" "$WORK/store"
  wait_for "it arrives when the store is back" cmp "$WORK/anna/while-away" "$WORK/ben/while-away"
  stop anna
  mv "$WORK/store" "$WORK/store-away"
  start anna # without a store
  wait_for "status says that the store is away" noticed
  mv "$WORK/store-away" "$WORK/store"
  wait_for "and that it is back" in_sync anna
  stop anna
  stop ben
}

root_vanishes() {
  start anna
  wait_for "in sync" in_sync anna
  local before
  before=$(find "$WORK/ben" -type f | wc -l)
  mv "$WORK/anna" "$WORK/anna-away"
  mkdir "$WORK/anna" # as an unmounted disk looks
  gone() { kf anna status | grep -q "root-changed\|root-missing\|blocked"; }
  wait_for "status says that the root is not there" gone
  expect 1 "marker" kf anna doctor
  kf ben sync --timeout 20s >/dev/null
  [ "$(find "$WORK/ben" -type f | wc -l)" = "$before" ] || fail "an unmounted root deleted files"
  rmdir "$WORK/anna"
  mv "$WORK/anna-away" "$WORK/anna"
  wait_for "in sync again" in_sync anna
  stop anna
}

full_disk() {
  mkdir -p "$WORK/small"
  mount -t tmpfs -o size=8m tmpfs "$WORK/small" 2>/dev/null || {
    echo "SKIPPED: full_disk (mounting a small file system is not permitted here)"
    return 0
  }
  mkdir "$WORK/small/root"
  local invitation
  kf dora init --store "dir:$WORK/store" >/dev/null
  invitation=$(kf anna invite docs dora)
  kf dora join "$invitation" "$WORK/small/root" >/dev/null || fail "join"
  kf dora config get docs >/dev/null 2>&1
  head -c 20000000 /dev/urandom >"$WORK/anna/huge"
  start anna
  start dora
  kf dora config set docs min-free 0 >/dev/null || fail "config set"
  full() { kf dora status | grep -Eq "huge: (disk-full|no-space)"; }
  wait_for "status names the file that does not fit" full
  wait_for "the others arrive all the same" cmp "$WORK/anna/open" "$WORK/small/root/open"
  [ ! -e "$WORK/small/root/huge" ] || fail "half a file was left under its name"
  rm "$WORK/anna/huge"
  fits() { kf dora status --json | grep -q '"blocked": \[\]' && in_sync dora; }
  wait_for "in sync when it is gone" fits
  stop anna
  stop dora
  umount "$WORK/small"
}

bad_traces() {
  start anna
  kf anna sync >/dev/null
  kf anna trace save "$WORK/trace" >/dev/null || fail "trace save"
  expect 1 "remove or rename" kf anna trace save "$WORK/trace"
  stop anna
  expect 0 "all as recorded" "$KINFOLDER" replay "$WORK/trace"
  head -c $(($(stat -c %s "$WORK/trace") - 5)) "$WORK/trace" >"$WORK/short"
  expect 2 "[0-9]" "$KINFOLDER" replay "$WORK/short"
  echo "not a trace" >"$WORK/text"
  expect 2 "trace" "$KINFOLDER" replay "$WORK/text"
  expect 2 "." "$KINFOLDER" replay /dev/null
  expect 1 "check that it is still there" "$KINFOLDER" replay "$WORK/nothing"
}

pair
echo "a file" >"$WORK/anna/open"
for part in mistyped directories invitations newer_state second_agent unreadable_file \
  store_vanishes root_vanishes full_disk bad_traces; do
  begun=$SECONDS
  "$part"
  echo "ok: $part ($((SECONDS - begun)) s)"
done
echo "passed"
