// What a folder's options, kept as text in its record (option_list.h), mean to the core and the
// host.
#pragma once

#include <cstdint>
#include <map>
#include <string>
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

// The options that `set` leads to. kInvalid as CheckOption says.
Result<FolderOptions> ParseOptions(const std::map<std::string, std::string>& set);

}  // namespace kinfolder
