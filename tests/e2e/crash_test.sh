#!/bin/bash
# Both agents are killed at random moments, over and over, while files change: nothing is lost, and
# in the end both sides are equal.
# shellcheck source=tests/e2e/lib.sh disable=SC2317
source "$(dirname "$0")/lib.sh"

RANDOM=${SEED:-4711}
ROUNDS=${ROUNDS:-12}
mkdir -p "$WORK/last/anna" "$WORK/last/ben" # what each wrote last

# write WHO FILE: new content, remembered.
write() {
  local size=$((RANDOM % 60000))
  head -c "$size" /dev/urandom >"$WORK/last/$1/$2"
  echo "$1 $RANDOM" >>"$WORK/last/$1/$2"
  cat "$WORK/last/$1/$2" >"$WORK/$1/$2"
}

# has WHO CONTENT FILE: the file or one of its copies at WHO is exactly that.
has() {
  local each
  for each in "$WORK/$1/$3" "$WORK/$1/$3".conflict-*; do
    cmp -s "$each" "$2" && return 0
  done
  return 1
}

# Own files are written by one side only; shared ones by both, so that they come into conflict.
complete() {
  local who file
  for who in anna ben; do
    for file in "$WORK/last/$who"/*; do
      has anna "$file" "${file##*/}" && has ben "$file" "${file##*/}" || return 1
    done
  done
}

pair
for ((round = 1; round <= ROUNDS; ++round)); do
  start anna
  start ben
  for ((i = 0; i < 6; ++i)); do
    write anna "anna-$((RANDOM % 20))"
    write ben "ben-$((RANDOM % 20))"
  done
  sleep "0.$((RANDOM % 5))$((RANDOM % 10))"
  if ((RANDOM % 2)); then murder anna && murder ben; else murder ben && murder anna; fi
  # Concurrent for certain: neither agent runs.
  shared="shared-$round"
  write anna "$shared"
  write ben "$shared"
done
start anna
start ben
wait_for "every last content is on both sides" complete
for ((round = 1; round <= ROUNDS; ++round)); do
  wait_for "resolve" kf anna resolve "$WORK/anna/shared-$round" --mine
done
wait_for "both sides are equal" same "$WORK/anna" "$WORK/ben"
wait_for "and say so" in_sync anna ben
for file in "$WORK/last/anna"/*; do
  cmp "$file" "$WORK/ben/${file##*/}" || fail "ben has another ${file##*/}"
done
for file in "$WORK/last/ben"/ben-*; do
  cmp "$file" "$WORK/anna/${file##*/}" || fail "anna has another ${file##*/}"
done
stop anna
stop ben
echo "passed"
