// Suggesting what somebody may have meant.
#pragma once

#include <string>
#include <vector>

namespace kinfolder {

// The one of `known` that `typed` is most like; "" if none is much like it.
std::string Nearest(const std::string& typed, const std::vector<std::string>& known);

}  // namespace kinfolder
