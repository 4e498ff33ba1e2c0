#include "sim/world/unsynced.h"

#include <algorithm>

namespace kinfolder::sim {

namespace {

template <class Map, class Key, class T>
void Note(Unsynced& unsynced, std::uint64_t op, Map& map, const Key& key, const T& former) {
  if (unsynced.now_ms >= unsynced.pruned_ms + kWriteBackMs) WriteBack(unsynced, unsynced.now_ms);
  map[key].push_back({former, op, unsynced.now_ms, unsynced.by_user});
}

template <class Map>
void DropOld(Map& map, std::int64_t now_ms) {
  for (auto it = map.begin(); it != map.end();) {
    std::erase_if(it->second,
                  [&](const auto& former) { return former.until_ms + kWriteBackMs <= now_ms; });
    it = it->second.empty() ? map.erase(it) : std::next(it);
  }
}

// Inodes that no former entry names can't come back.
void DropRemoved(Unsynced& unsynced) {
  if (unsynced.removed.empty()) return;
  std::set<std::uint64_t> named;
  const auto collect = [&](const auto& map) {
    for (const auto& [key, trail] : map)
      for (const auto& former : trail)
        if (former.value) named.insert(*former.value);
  };
  collect(unsynced.entries);
  collect(unsynced.tmp);
  std::erase_if(unsynced.removed, [&](const auto& inode) { return named.count(inode.first) == 0; });
}

}  // namespace

void NoteEntry(Unsynced& unsynced, std::uint64_t op, const EntryKey& key, Entry former) {
  Note(unsynced, op, unsynced.entries, key, former);
}

void NoteTmp(Unsynced& unsynced, std::uint64_t op, std::uint64_t token, Entry former) {
  Note(unsynced, op, unsynced.tmp, token, former);
}

void NoteFile(Unsynced& unsynced, std::uint64_t number, const Inode& former) {
  Note(unsynced, unsynced.next_op++, unsynced.files, number, former);
}

std::set<std::uint64_t> DirectoriesSince(const Unsynced& unsynced, std::uint64_t op) {
  std::set<std::uint64_t> directories;
  for (const auto& [key, trail] : unsynced.entries)
    if (trail.back().op >= op) directories.insert(key.first);
  return directories;
}

void Sync(Unsynced& unsynced, const SyncPoint& point) {
  std::erase_if(unsynced.entries,
                [&](const auto& entry) { return point.directories.count(entry.first.first) != 0; });
  for (std::uint64_t file : point.files) unsynced.files.erase(file);
  for (BlobId staged : point.staged) unsynced.staged.erase(staged);
  if (point.tmp) unsynced.tmp.clear();
  DropRemoved(unsynced);
}

void WriteBack(Unsynced& unsynced, std::int64_t now_ms) {
  unsynced.pruned_ms = now_ms;
  DropOld(unsynced.entries, now_ms);
  DropOld(unsynced.tmp, now_ms);
  DropOld(unsynced.files, now_ms);
  std::erase_if(unsynced.staged,
                [now_ms](const auto& copy) { return copy.second + kWriteBackMs <= now_ms; });
  DropRemoved(unsynced);
}

bool IsEmpty(const Unsynced& unsynced, std::int64_t now_ms) {
  const auto all_old = [now_ms](const auto& map) {
    return std::all_of(map.begin(), map.end(), [now_ms](const auto& entry) {
      return entry.second.back().until_ms + kWriteBackMs <= now_ms;
    });
  };
  return all_old(unsynced.entries) && all_old(unsynced.tmp) && all_old(unsynced.files) &&
         std::all_of(unsynced.staged.begin(), unsynced.staged.end(),
                     [now_ms](const auto& copy) { return copy.second + kWriteBackMs <= now_ms; });
}

}  // namespace kinfolder::sim
