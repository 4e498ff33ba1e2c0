// What a power cut leaves of the changes that were not written down yet.
#pragma once

#include <cstdint>

namespace kinfolder::sim {

enum class PowerMode : std::uint8_t {
  kAllKept,  // all had been written down
  kNone,     // nothing that was not synced or 30 s old
  kSubset,   // some of it
  kTorn,     // some of it, and of the files parts: blocks old, new or zero; a prefix
};

}  // namespace kinfolder::sim
