// The options of a folder: their names, their checks and what the core is told of them.
//
// `config set` writes them as text into the folder's record; the host reads them here.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/agent/event.h"
#include "core/base/result.h"

namespace kinfolder {

struct FolderOptions {
  FolderConfig core;                // poll-interval, scan-interval, history, max-deletes-*
  bool watch = true;                // watch
  std::vector<std::string> ignore;  // ignore: patterns, separated by spaces
  std::uint64_t bandwidth = 0;      // bandwidth: bytes a second; 0: no limit
  std::uint64_t min_free_bytes = 500'000'000;  // min-free: whichever of the two is larger
  double min_free_percent = 1.0;
};

struct OptionHelp {
  std::string_view name;
  std::string_view standard;  // the value that holds when it is not set
  std::string_view help;
};

// All options, in the order they are shown.
std::span<const OptionHelp> OptionList();

// kInvalid: no such option, or not a value of it; says what is.
Status CheckOption(const std::string& name, const std::string& value);

// The options that `set` leads to. kInvalid as CheckOption.
Result<FolderOptions> ParseOptions(const std::map<std::string, std::string>& set);

// "90", "90s", "15m", "1h", "7d" in seconds; kInvalid otherwise and above ten years.
Result<std::int64_t> ParseDuration(std::string_view text);

}  // namespace kinfolder
