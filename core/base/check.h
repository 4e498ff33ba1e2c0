// CHECK: an assertion that stays on in every build.
//
// For programming errors only: a state the code promises never to reach. Outcomes of the world
// (a full disk, a lying peer) are events or Results, never CHECKs.
#pragma once

namespace kinfolder {

// Reports the failed condition and does not return. The definition here traps; a program may link
// its own (strong) definition that prints first. No state is written after a failed CHECK.
[[noreturn]] void CheckFailed(const char* condition, const char* file, int line);

}  // namespace kinfolder

#define CHECK(condition)                                                        \
  do {                                                                          \
    if (!(condition)) ::kinfolder::CheckFailed(#condition, __FILE__, __LINE__); \
  } while (false)
