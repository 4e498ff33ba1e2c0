// The history of one path in the one order that all machines share: ancestors first, then by
// creation, then by the snapshot's rank.
//
// The walk fetches what the core has not read, so it may take time; it ends after kMostEntries.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/model/dag.h"
#include "shells/host/host_parts.h"
#include "shells/host/store_port.h"

namespace kinfolder {

struct HistoryEntry {
  SnapshotId id;
  Node node;
  std::string name;      // how people see and name the snapshot; no capability
  bool current = false;  // what the file is at here
  bool local = false;    // not in the store yet
};

inline constexpr std::size_t kMostHistoryEntries = 10'000;

// Calls `done` with what could be read, oldest first. kUnavailable: the store could not be reached
// and something is missing.
void WalkHistory(HostParts& parts, StorePort& store_port, PathId path,
                 std::function<void(Result<std::vector<HistoryEntry>>)> done);

// The entries in the shared order.
std::vector<HistoryEntry> InSharedOrder(std::vector<HistoryEntry> entries);

// "0": the first; "-1": the one before the last; the first digits of a name; a time in RFC 3339:
// the last one made until then. kNotFound, kInvalid (also if it fits several).
Result<std::size_t> PickVersion(const std::vector<HistoryEntry>& entries,
                                const std::string& version);

// RFC 3339 in UTC; empty for 0.
std::string TimeText(std::int64_t wall_ms);
// nullopt: not such a time.
std::optional<std::int64_t> ParseTime(const std::string& text);

}  // namespace kinfolder
