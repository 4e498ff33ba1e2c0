#!/bin/bash
# Says which symbols of the given objects or archives are memory that a program can change:
# `no_globals.sh FILE...` exits 1 if there is one. Core keeps no state between calls, so it has
# none: no global, no static member, no static local, no thread_local.
#
# Constants are elsewhere (.rodata, or .data.rel.ro if they hold addresses). The dispatch tables of
# Boost.MSM are constants too, but filled in at the start of the program: they are let through.
# So are the compiler's own references to exception handlers (DW.ref), and what a standard header
# that cereal includes brings along to start the streams, which core never uses (__ioinit).
set -eu
export LC_ALL=C

[ $# -gt 0 ] || {
  echo "no_globals: no file given"
  exit 1
}

symbols=$(objdump --syms -- "$@")

# A symbol's line: address, blank, seven flags (the last O for an object), blank, section, tab,
# size, name. Thread-locals have no flag: there, any name that is not the section's own.
found=$(printf '%s\n' "$symbols" | awk -F '\t' '
  / file format / { file = $0; sub(/: +file format .*/, "", file); next }
  NF != 2 { next }
  { section = substr($1, 26); name = $2; sub(/^[^ ]+ +(\.hidden )?/, "", name) }
  section !~ /^(\.[ls]?data|\.[ls]?bss|\.tdata|\.tbss|\*COM\*)/ { next }
  section ~ /^\.data\.rel\.ro/ { next }
  substr($1, 24, 1) != "O" && (section !~ /^\.t/ || name ~ /^\./) { next }
  name ~ /^_ZSt[L]?8__ioinit$/ { next }
  name ~ /^DW\.ref\./ || name ~ /^_Z(GV|Z)?N5boost3msm/ { next }
  { print file ": " section ": " name }
')
[ -z "$found" ] && exit 0
printf '%s\n' "$found" | c++filt
exit 1
