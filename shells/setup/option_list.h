// The options of a folder as people set them: their names, their values and how to write a time.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace kinfolder {

struct OptionHelp {
  std::string_view name;
  std::string_view standard;  // the value that holds when it is not set
  std::string_view help;
};

// All options, in the order they are shown.
std::span<const OptionHelp> OptionList();

// kInvalid: no such option, or not a value of it; says what is.
Status CheckOption(const std::string& name, const std::string& value);

// "90", "90s", "15m", "1h", "7d" in seconds; kInvalid otherwise and above ten years.
Result<std::int64_t> ParseDuration(std::string_view text);

}  // namespace kinfolder
