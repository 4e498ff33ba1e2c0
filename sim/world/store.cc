#include "sim/world/store.h"

#include <algorithm>

#include "core/base/check.h"
#include "sim/world/draws.h"

namespace kinfolder::sim {

namespace {

bool SameSnapshot(const StoredSnapshot& a, const StoredSnapshot& b) {
  return a.truth == b.truth && a.author == b.author && a.path == b.path && a.content == b.content &&
         a.parents == b.parents;
}

}  // namespace

Cap AddSnapshot(Store& store, StoredSnapshot snapshot) {
  for (std::size_t i = 0; store.has_losses && i < store.snapshots.size(); ++i) {
    StoredSnapshot& lost = store.snapshots[i];
    if (lost.health == Health::kWhole || !SameSnapshot(lost, snapshot)) continue;
    lost = std::move(snapshot);
    return static_cast<Cap>(i + 1);
  }
  store.snapshots.push_back(std::move(snapshot));
  return static_cast<Cap>(store.snapshots.size());
}

Cap AddContent(Store& store, StoredContent content) {
  for (std::size_t i = 0; store.has_losses && i < store.contents.size(); ++i) {
    StoredContent& lost = store.contents[i];
    if (lost.health == Health::kWhole || lost.blob != content.blob || lost.owner != content.owner)
      continue;
    lost = content;
    return static_cast<Cap>(i + 1);
  }
  store.contents.push_back(content);
  return static_cast<Cap>(store.contents.size());
}

std::uint32_t AddDirectory(Store& store, std::int64_t now_ms) {
  store.directories.emplace_back();
  store.directories.back().created_ms = now_ms;
  return static_cast<std::uint32_t>(store.directories.size());
}

const StoredSnapshot& SnapshotOf(const Store& store, Cap cap) {
  CHECK(cap != 0 && cap <= store.snapshots.size());
  return store.snapshots[cap - 1];
}

const StoredContent& ContentOf(const Store& store, Cap cap) {
  CHECK(cap != 0 && cap <= store.contents.size());
  return store.contents[cap - 1];
}

bool IsStored(const Store& store, Cap cap) {
  const StoredSnapshot& snapshot = SnapshotOf(store, cap);
  return snapshot.health == Health::kWhole &&
         (snapshot.content == 0 || ContentOf(store, snapshot.content).health == Health::kWhole);
}

Reason TroubleOf(Health health) {
  switch (health) {
    case Health::kWhole:
      return Reason::kNone;
    case Health::kDamaged:
      return Reason::kCorrupt;
    case Health::kDropped:
    case Health::kRolledBack:
      break;
  }
  return Reason::kNotFound;
}

std::string NameOf(const Store& store, std::uint32_t directory) {
  for (const Listed& listed : store.collective)
    if (listed.directory == directory) return listed.name;
  return {};
}

bool IsRetired(const Store& store, std::uint32_t directory) {
  for (const Listed& listed : store.collective)
    if (listed.directory == directory) return listed.retired;
  return false;
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

Directory ValueAt(const StoredDirectory& directory, std::int64_t at_ms) {
  Directory value = directory.now;
  for (auto write = directory.history.rbegin();
       write != directory.history.rend() && write->at_ms > at_ms; ++write) {
    if (write->before == 0) {
      value.erase(write->path);
    } else {
      value[write->path] = write->before;
    }
  }
  return value;
}

}  // namespace kinfolder::sim
