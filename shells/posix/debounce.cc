#include "shells/posix/debounce.h"

#include <algorithm>

#include "core/base/check.h"

namespace kinfolder {

void Debouncer::Add(PathId id, WatchEventKind kind, std::int64_t now_ms) {
  CHECK(kind == WatchEventKind::kSettled || kind == WatchEventKind::kModified ||
        kind == WatchEventKind::kRemoved);
  const auto [at, is_new] = pending_.try_emplace(id.value, Pending{now_ms, 0});
  Pending& pending = at->second;
  if (!is_new) by_due_.erase({pending.due_ms, id.value});
  switch (kind) {
    case WatchEventKind::kModified:
      pending.due_ms = std::min(now_ms + kModifiedMs, pending.first_ms + kModifiedCapMs);
      break;
    case WatchEventKind::kRemoved:
      pending.due_ms = now_ms + kRemovedMs;
      break;
    default: {
      // Each event puts it off, but not beyond kRepeatMs; and it had its turn not long ago.
      pending.due_ms =
          std::min(now_ms + kSettledMs, std::max(now_ms, pending.first_ms + kRepeatMs));
      const auto last = last_due_ms_.find(id.value);
      if (last != last_due_ms_.end()) {
        pending.due_ms = std::max(pending.due_ms, last->second + kRepeatMs);
      }
    }
  }
  by_due_.insert({pending.due_ms, id.value});
}

std::vector<PathId> Debouncer::Due(std::int64_t now_ms) {
  if (now_ms >= next_purge_ms_) {
    std::erase_if(last_due_ms_,
                  [now_ms](const auto& entry) { return entry.second + kRepeatMs <= now_ms; });
    next_purge_ms_ = now_ms + kRepeatMs;
  }
  std::vector<PathId> due;
  while (!by_due_.empty() && by_due_.begin()->first <= now_ms) {
    const std::uint32_t id = by_due_.begin()->second;
    by_due_.erase(by_due_.begin());
    pending_.erase(id);
    last_due_ms_[id] = now_ms;
    due.push_back(PathId{id});
  }
  return due;
}

std::optional<std::int64_t> Debouncer::NextDue() const {
  if (by_due_.empty()) return std::nullopt;
  return by_due_.begin()->first;
}

}  // namespace kinfolder
