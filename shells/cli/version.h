// The version this program says it is.
#pragma once

namespace kinfolder {

inline constexpr char kProgramVersion[] = "0.1.0";

}  // namespace kinfolder
