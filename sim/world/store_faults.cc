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

bool Lasts(const std::map<int, std::int64_t>& until_ms, int machine, std::int64_t now_ms) {
  for (int who : {machine, kAnyone})
    if (const auto fault = until_ms.find(who); fault != until_ms.end() && fault->second > now_ms)
      return true;
  return false;
}

std::int64_t MovedAtMs(StoreFaults& faults, int machine, std::uint64_t bytes, std::int64_t now_ms) {
  const std::int64_t* rate = ForMachine(faults.bandwidth, machine);
  if (rate == nullptr || bytes == 0) return now_ms;
  std::int64_t& free_ms = faults.link_free_ms[machine];
  free_ms = std::max(free_ms, now_ms) + static_cast<std::int64_t>(bytes) * 1'000 / *rate;
  return free_ms;
}

std::int64_t EndOfFaultsMs(const StoreFaults& faults) {
  std::int64_t end_ms = 0;
  for (const auto& [who, stale] : faults.stale) end_ms = std::max(end_ms, stale.until_ms);
  for (const auto* all : {&faults.stall_until_ms, &faults.down_until_ms, &faults.partial_until_ms})
    for (const auto& [who, until_ms] : *all) end_ms = std::max(end_ms, until_ms);
  return end_ms;
}

}  // namespace kinfolder::sim
