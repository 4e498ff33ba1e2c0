#!/bin/bash
# Plants one bad line at a time and demands that the lint names it; what core really writes passes.
set -u
lint=$1
dir=$(mktemp -d "${TEST_TMPDIR:-/tmp}/purity.XXXXXX")
failures=0

fail() {
  echo "FAIL: $1"
  failures=$((failures + 1))
}

# refuses LINE [NUMBER]: the lint exits 1 and names line NUMBER, with the bad line amid good ones.
refuses() {
  printf '#include <vector>\n%s\nint Good();\n' "$1" > "$dir/planted.cc"
  local out status
  out=$("$lint" "$dir/planted.cc")
  status=$?
  [ "$status" -eq 1 ] || fail "exit $status, not 1: $1"
  case $out in *"planted.cc:${2:-2}: core may not "*) ;; *) fail "not named: $1" ;; esac
}

accepts() {
  printf '%s\n' "$2" > "$dir/$1"
  local out
  out=$("$lint" "$dir/$1") || fail "refused: $2 ($out)"
}

for header in chrono ctime random thread mutex shared_mutex atomic future condition_variable \
  fstream filesystem iostream ostream sstream cstdio cstdlib locale unordered_map unordered_set \
  unistd.h fcntl.h time.h sys/stat.h sys/mman.h netinet/in.h leveldb/db.h sodium.h openssl/sha.h \
  windows.h nlohmann/json.hpp boost/asio.hpp boost/filesystem/path.hpp; do
  refuses "#include <$header>"
done
refuses '  #  include  <thread>  // why not'
refuses '#include "shells/posix/files.h"'
refuses '#include "sim/world.h"'
refuses '#include "result.h"'
refuses '#include CHOSEN_ELSEWHERE'
refuses 'float Ratio();'
refuses 'double total = 0;'
refuses 'thread_local int count;'
refuses 'int t = std::rand();'
refuses 'const char* built = __DATE__;'
refuses 'auto h = std::hash<int>{}(1);'
refuses '/* a comment */ double x;'
refuses 'const char* s = "// not a comment"; double x;'
refuses $'/* two\nlines */ double x;' 3

accepts good.cc '#include "core/base/result.h"
#include <boost/msm/back/state_machine.hpp>
#include <cereal/types/vector.hpp>
#include <map>
// double, float and <chrono> may be spoken of
/* #include <thread>
   float */
const char* kText = "a double \" float";
int doubled, floating;'
accepts chosen_test.cc '#include <chrono>
double x;'

[ "$failures" -eq 0 ]
