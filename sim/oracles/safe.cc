// Where bytes are safe, and what a machine shows.
#include <algorithm>

#include "sim/oracles/oracles.h"
#include "sim/world/file_names.h"

namespace kinfolder::sim {

namespace {

bool SameBytes(const SharedVersion& a, const SharedVersion& b) {
  return a.kind == b.kind && a.blob == b.blob;
}

bool Reaches(const World& world, TruthId head, const SharedVersion& version) {
  for (TruthId id : Ancestry(world.truth, head))
    if (SameBytes(NodeOf(world.truth, id).version, version)) return true;
  return false;
}

}  // namespace

bool IsReachable(const World& world, const std::string& path, const SharedVersion& version) {
  for (const StoredDirectory& directory : world.store.directories) {
    const auto entry = directory.now.find(path);
    if (entry != directory.now.end() &&
        Reaches(world, SnapshotOf(world.store, entry->second).truth, version))
      return true;
  }
  return false;
}

bool ContentIsReachable(const World& world, const SharedVersion& version) {
  std::set<TruthId> seen;
  for (const StoredDirectory& directory : world.store.directories)
    for (const auto& [path, cap] : directory.now) {
      const TruthId head = SnapshotOf(world.store, cap).truth;
      if (seen.insert(head).second && Reaches(world, head, version)) return true;
    }
  return false;
}

bool IsStaged(const World& world, int machine, const SharedVersion& version) {
  const Machine& m = world.machines.at(static_cast<std::size_t>(machine));
  std::optional<AgentState> loaded;
  if (!m.agent) loaded = Load(m.state);
  const AgentState& state = m.agent ? m.agent->driver.state() : *loaded;
  const Tables& tables = TablesOf(world, machine);
  const auto content = tables.content_ids.find(version.blob);
  if (content == tables.content_ids.end()) return false;
  const ContentRow& row = tables.contents.at(content->second);
  if (!row.staged && row.cap == 0) return false;
  for (const PathState& path : state.paths) {
    std::vector<SnapshotId> tips = {path.record.tip(), path.record.about_to_write};
    if (path.record.intent) tips.push_back(path.record.intent->mine);
    for (const EqualRecord& equal : path.record.equal) tips.push_back(equal.head);
    for (SnapshotId tip : tips)
      if (const TruthId truth = TruthOf(tables, world.store, tip);
          truth != 0 && Reaches(world, truth, version))
        return true;
  }
  return false;
}

bool IsOnDisk(const World& world, int machine, const SharedVersion& version,
              const std::string& except) {
  const Disk& disk = world.machines.at(static_cast<std::size_t>(machine)).disk;
  for (const auto& [path, number] : disk.names)
    if (path != except && SameBytes(VersionAt(disk, path), version)) return true;
  for (const auto& [token, number] : disk.tmp) {
    const Inode& inode = disk.inodes.at(number);
    if (inode.blob != inode.staged_blob && inode.kind == version.kind && inode.blob == version.blob)
      return true;
  }
  return false;
}

std::vector<int> Participating(const World& world) {
  std::vector<int> machines;
  for (std::size_t i = 0; i < world.machines.size(); ++i) {
    const Machine& m = world.machines[i];
    if (IsRetired(world.store, m.state.directory)) continue;
    if (m.joined && !m.left && m.agent && !m.offline && !m.paused && m.partitions.empty() &&
        m.disk.root == RootState::kOurs && !m.disk.full)
      machines.push_back(static_cast<int>(i));
  }
  return machines;
}

std::set<SharedVersion> Shown::All() const {
  std::set<SharedVersion> all = copies;
  all.insert(file);
  return all;
}

std::map<std::string, std::string> CopiesOn(const World& world, int machine) {
  const Machine& m = world.machines.at(static_cast<std::size_t>(machine));
  std::map<std::string, std::string> copies;
  if (m.peer)
    for (const auto& [path, copy] : m.peer->state.copies) copies[copy] = path;
  const AgentState state = StateOf(world, machine);
  const Tables& tables = TablesOf(world, machine);
  for (std::size_t i = 1; i < state.paths.size(); ++i)
    for (const CopyRecord& copy : state.paths[i].record.copies)
      copies[tables.paths.at(copy.copy.value)] = tables.paths.at(i);
  return copies;
}

std::map<std::string, Shown> ShownBy(const World& world, int machine) {
  const Machine& m = world.machines.at(static_cast<std::size_t>(machine));
  std::set<std::string> copies;
  std::map<std::string, Shown> shown;
  const Tables& tables = TablesOf(world, machine);
  for (const auto& [name, path] : CopiesOn(world, machine)) {
    const std::string there = DiskPath(tables, m.disk, name);
    const SharedVersion version = VersionAt(m.disk, there);
    if (version.kind == Kind::kDeleted) continue;
    copies.insert(there);
    shown[path].copies.insert(version);
  }
  const std::map<std::string, Reason> nameless = NamelessFiles(m, tables);
  for (const auto& [path, inode] : m.disk.names)
    if (copies.count(path) == 0 && nameless.count(path) == 0 && !HasChildren(m.disk, path))
      shown[*WirePath(path)].file = VersionAt(m.disk, path);
  return shown;
}

std::set<std::string> BlockedOn(const World& world, int machine) {
  const AgentState state = StateOf(world, machine);
  const Tables& tables = TablesOf(world, machine);
  const FolderView view = View(state);
  std::set<std::string> paths;
  for (const BlockedPath& blocked : view.blocked) paths.insert(tables.paths.at(blocked.path.value));
  const Machine& m = world.machines.at(static_cast<std::size_t>(machine));
  for (const std::string& path : tables.paths)
    if (!path.empty() && Ignores(m, path)) paths.insert(path);
  for (const auto& [path, inode] : m.disk.names)
    if (Ignores(m, path)) paths.insert(path);
  for (PathId held : view.held_deletes) paths.insert(tables.paths.at(held.value));
  return paths;
}

}  // namespace kinfolder::sim
