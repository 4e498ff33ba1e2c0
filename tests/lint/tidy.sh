#!/bin/bash
# The form of the files git tracks: `tidy.sh format|lines|scripts`, in the checkout.
#   format   clang-format has nothing to change in any C++ file
#   lines    no tab, no blank at a line's end, no line over 100 characters (in C++ that is for
#            `format`, which knows what cannot be broken); tells of files over 500 lines
#   scripts  shellcheck has nothing to say
# Exits 1 and names each place.
set -eu
# Without git nothing would be looked at: that is a failure.
git rev-parse --git-dir > /dev/null
# grep counts characters, not bytes.
export LC_ALL=C.UTF-8

# tracked PATTERN...: tracked files that exist, NUL-separated.
tracked() {
  git ls-files -z -- "$@" | while IFS= read -r -d '' file; do
    [ ! -f "$file" ] || [ -L "$file" ] || printf '%s\0' "$file"
  done
}

scripts() {
  tracked | xargs -0 -r awk 'FNR == 1 { if (/^#!.*[\/ ](ba|da)?sh( |$)/) print FILENAME; nextfile }'
}

case ${1-} in
  format)
    tracked '*.cc' '*.h' | xargs -0 -r -P "$(nproc)" -n 8 clang-format-14 --dry-run -Werror
    ;;
  scripts)
    mapfile -t files < <(scripts)
    [ ${#files[@]} -eq 0 ] || shellcheck -x -- "${files[@]}"
    ;;
  lines)
    mapfile -d '' -t code < <(tracked '*.cc' '*.h')
    mapfile -d '' -t other < <(tracked '*.sh' '*.py' '*.bzl' '*BUILD' WORKSPACE .bazelrc x .ci/run)
    wc -l -- "${code[@]}" "${other[@]}" | awk '$2 != "total" && $1 > 500 {
      print "note: " $2 ": " $1 " lines; is there a second idea in it?" }'
    # /dev/null, so that an empty list is not the standard input.
    bad=0
    if grep -nHP '\t|[ ]$' -- "${code[@]}" "${other[@]}" /dev/null; then bad=1; fi
    if grep -nHP '^.{101,}' -- "${other[@]}" /dev/null; then bad=1; fi
    exit $bad
    ;;
  *)
    echo "usage: tidy.sh format|lines|scripts" >&2
    exit 2
    ;;
esac
