// Version: what is compared when we say "same". Never the modification time, never a capability.
#pragma once

#include <cstdint>

#include "core/base/ids.h"

namespace kinfolder {

// Fixed numbers: they stand in durable records and traces. Never renumber.
enum class Kind : std::uint8_t {
  kDeleted = 0,    // no file: content is none, exec is false
  kFile = 1,       // a regular file
  kLink = 2,       // a symbolic link; the content is its target
  kDirectory = 3,  // an empty directory; content is none
};

struct Version {
  Kind kind = Kind::kDeleted;
  ContentId content;
  bool exec = false;

  friend bool operator==(const Version&, const Version&) = default;
};

inline constexpr Version kDeletedVersion{};

}  // namespace kinfolder
