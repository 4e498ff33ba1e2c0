#!/bin/bash
# The directions of dependency, asked of Bazel in the checkout: core never needs shells or sim, and
# these never each other, tests included. Exits 1 and shows the path of each breach.
set -eu
# Without git nothing would be looked at: that is a failure.
git rev-parse --git-dir > /dev/null

query() {
  bazel query --noshow_progress --ui_event_filters=-info "$@"
}

# forbid FROM TO: nothing under //FROM may need anything under //TO (one folder, or `one|other`).
forbid() {
  git ls-files -- "$1/*BUILD" | grep -q . || return 0
  local reached target
  reached=$(query "filter('^//($2)[/:]', deps(//$1/...))")
  [ -n "$reached" ] || return 0
  for target in $reached; do
    echo "//$1 needs $target:"
    query "somepath(//$1/..., $target)" | sed 's/^/    /'
  done
  bad=1
}

bad=0
forbid core 'shells|sim'
forbid shells 'sim'
forbid sim 'shells'
exit $bad
