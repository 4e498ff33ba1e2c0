// Debouncer: when a path that had events is worth looking at. Pure: time is passed in.
//
// A settled path is due 10 ms after its last event, but one that keeps changing at most every
// 200 ms (and then does get its turn). A path being written: 200 ms after the last event, at the
// latest 5 s after the first. A removed one: 500 ms, so that the other half of a move can come.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/ids.h"
#include "shells/posix/watch.h"

namespace kinfolder {

class Debouncer {
 public:
  static constexpr std::int64_t kSettledMs = 10;
  static constexpr std::int64_t kRepeatMs = 200;
  static constexpr std::int64_t kModifiedMs = 200;
  static constexpr std::int64_t kModifiedCapMs = 5000;
  static constexpr std::int64_t kRemovedMs = 500;

  // REQUIRES: kind is kSettled, kModified or kRemoved; now_ms never goes back.
  void Add(PathId id, WatchEventKind kind, std::int64_t now_ms);
  // The paths that are due, earliest first, then by id. They are forgotten here.
  std::vector<PathId> Due(std::int64_t now_ms);
  // When Due will next return something.
  std::optional<std::int64_t> NextDue() const;

 private:
  struct Pending {
    std::int64_t first_ms = 0;
    std::int64_t due_ms = 0;
  };

  std::unordered_map<std::uint32_t, Pending> pending_;
  std::set<std::pair<std::int64_t, std::uint32_t>> by_due_;
  std::unordered_map<std::uint32_t, std::int64_t> last_due_ms_;  // of the last kRepeatMs
  std::int64_t next_purge_ms_ = 0;
};

}  // namespace kinfolder
