#include "sim/world/store_faults.h"

#include <algorithm>

namespace kinfolder::sim {

bool TakeOne(std::map<int, int>& counts, int machine) {
  for (int who : {machine, kAnyone}) {
    const auto count = counts.find(who);
    if (count == counts.end() || count->second == 0) continue;
    --count->second;
    return true;
  }
  return false;
}

bool IsFull(const StoreFaults& faults, int machine) {
  return faults.full.count(machine) != 0 || faults.full.count(kAnyone) != 0;
}

std::int64_t StalledUntilMs(const StoreFaults& faults, int machine) {
  std::int64_t until_ms = 0;
  for (int who : {machine, kAnyone})
    if (const auto stall = faults.stall_until_ms.find(who); stall != faults.stall_until_ms.end())
      until_ms = std::max(until_ms, stall->second);
  return until_ms;
}

std::int64_t EndOfFaultsMs(const StoreFaults& faults) {
  std::int64_t end_ms = 0;
  for (const auto& [who, stale] : faults.stale) end_ms = std::max(end_ms, stale.until_ms);
  for (const auto& [who, until_ms] : faults.stall_until_ms) end_ms = std::max(end_ms, until_ms);
  return end_ms;
}

}  // namespace kinfolder::sim
