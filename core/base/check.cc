#include "core/base/check.h"

namespace kinfolder {

__attribute__((weak)) void CheckFailed(const char*, const char*, int) { __builtin_trap(); }

}  // namespace kinfolder
