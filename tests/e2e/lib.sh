# What the end-to-end tests share: real agents, each a process with a state directory of its own,
# one store, real directories. Sourced with the program as the first argument.
# shellcheck shell=bash
set -u

KINFOLDER=$(realpath "$1")
WORK=$(mktemp -d "${TEST_TMPDIR:-/tmp}/e2e.XXXXXX")
declare -A AGENT=()


# kf NAME ARGUMENTS...: a command of that participant.
kf() { "$KINFOLDER" --state "$WORK/state-$1" "${@:2}"; }

fail() {
  echo "FAILED: $*"
  for log in "$WORK"/*.log; do
    [ -s "$log" ] && echo "--- $log" && tail -n 20 "$log"
  done
  exit 1
}

finish() {
  local name
  for name in "${!AGENT[@]}"; do kill -9 "${AGENT[$name]}" 2>/dev/null; done
  wait 2>/dev/null
  mountpoint -q "$WORK/small" && umount "$WORK/small"
  chmod -R u+rwX "$WORK" 2>/dev/null
  rm -rf "$WORK"
}
trap finish EXIT

# start NAME: its agent; returns when it is ready.
start() {
  : >"$WORK/$1.log"
  "$KINFOLDER" --state "$WORK/state-$1" run >"$WORK/$1.log" 2>&1 &
  AGENT[$1]=$!
  wait_for "$1's agent is ready" grep -q "is ready" "$WORK/$1.log"
}

# stop NAME: by SIGTERM; it must end well.
stop() {
  kill -TERM "${AGENT[$1]}"
  wait "${AGENT[$1]}" || fail "$1's agent ended with $?"
  unset "AGENT[$1]"
}

# murder NAME: as a crash would.
murder() {
  kill -9 "${AGENT[$1]}"
  wait "${AGENT[$1]}" 2>/dev/null
  unset "AGENT[$1]"
}

# wait_for WHAT COMMAND...: until it succeeds, for at most 30 seconds.
wait_for() {
  local what=$1 i
  shift
  for ((i = 0; i < 300; ++i)); do
    "$@" >/dev/null 2>&1 && return 0
    sleep 0.1
  done
  fail "did not happen: $what"
}

# same A B: both directories hold the same files, links and executable bits.
same() {
  diff -r --no-dereference --exclude=.kinfolder "$1" "$2" &&
    diff <(cd "$1" && find . -path ./.kinfolder -prune -o -type f -perm -u+x -print | sort) \
      <(cd "$2" && find . -path ./.kinfolder -prune -o -type f -perm -u+x -print | sort)
}

# in_sync NAME...: their agents say so, with nothing blocked and no conflicts.
in_sync() {
  local name
  for name in "$@"; do
    kf "$name" status --json | grep -q '"state": "in-sync"' || return 1
  done
}

# pair: anna and ben, joined, with agents stopped.
pair() {
  mkdir -p "$WORK/anna" "$WORK/ben"
  kf anna init --store "dir:$WORK/store" >/dev/null || fail "init"
  kf ben init --store "dir:$WORK/store" >/dev/null || fail "init"
  kf anna create "$WORK/anna" --name docs --as anna >/dev/null || fail "create"
  local invitation
  invitation=$(kf anna invite docs ben) || fail "invite"
  kf ben join "$invitation" "$WORK/ben" >/dev/null || fail "join"
}

# expect CODE TEXT COMMAND...: it exits with that code and says that (a regular expression).
expect() {
  local code=$1 text=$2 said got
  shift 2
  said=$("$@" 2>&1)
  got=$?
  [ "$got" = "$code" ] || fail "exit code $got instead of $code: $* -> $said"
  grep -Eq -- "$text" <<<"$said" || fail "'$text' is not in what was said: $* -> $said"
  grep -Eq "terminate called|Aborted|core dumped|    at " <<<"$said" && fail "a crash: $said"
  return 0
}
