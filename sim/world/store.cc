#include "sim/world/store.h"

#include <algorithm>

#include "core/base/check.h"
#include "sim/world/draws.h"

namespace kinfolder::sim {

Cap AddSnapshot(Store& store, StoredSnapshot snapshot) {
  store.snapshots.push_back(std::move(snapshot));
  return static_cast<Cap>(store.snapshots.size());
}

Cap AddContent(Store& store, BlobId blob) {
  store.contents.push_back(blob);
  return static_cast<Cap>(store.contents.size());
}

std::uint32_t AddDirectory(Store& store) {
  store.directories.emplace_back();
  return static_cast<std::uint32_t>(store.directories.size());
}

const StoredSnapshot& SnapshotOf(const Store& store, Cap cap) {
  CHECK(cap != 0 && cap <= store.snapshots.size());
  return store.snapshots[cap - 1];
}

std::string NameOf(const Store& store, std::uint32_t directory) {
  for (const Listed& listed : store.collective)
    if (listed.directory == directory) return listed.name;
  return {};
}

std::uint64_t RankOf(Cap cap) { return HashText("S:" + std::to_string(cap)); }

void PutDirectory(Store& store, std::uint32_t directory, Directory value, int machine,
                  std::int64_t now_ms) {
  StoredDirectory& stored = store.directories[directory - 1];
  const auto write_down = [&](const std::string& path, Cap before, Cap after) {
    if (before != after) stored.history.push_back({now_ms, machine, path, before, after});
  };
  for (const auto& [path, cap] : stored.now) {
    const auto after = value.find(path);
    write_down(path, cap, after == value.end() ? 0 : after->second);
  }
  for (const auto& [path, cap] : value)
    if (stored.now.count(path) == 0) write_down(path, 0, cap);
  stored.now = std::move(value);
}

}  // namespace kinfolder::sim
