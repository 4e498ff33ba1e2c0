// Every kind of memory that a program can change, for no_globals_test.sh to find by name.
#include <string>

namespace kinfolder {

int planted_global = 3;
int planted_zero;
thread_local int planted_thread_local;
inline int planted_inline = 7;

struct Holder {
  static int planted_member;
};
int Holder::planted_member = 2;

static int planted_static;

int Next() {
  static int planted_local = 1;
  return ++planted_local + ++planted_static + ++planted_inline;
}

const std::string& Text() {
  static const std::string planted_late_constant(40, 'x');
  return planted_late_constant;
}

}  // namespace kinfolder
