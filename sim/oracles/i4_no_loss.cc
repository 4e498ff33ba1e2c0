// I4: every version that a scan took down is reachable from some head, staged, or on a disk; or the
// store itself has lost it. What a rollback took and an agent still has is published again.
#include "sim/oracles/oracles.h"

namespace kinfolder::sim {

void JudgeI4(World& world, const Obligation& obligation, bool reachable) {
  if (world.violation || reachable) return;
  for (int i = 0; i < static_cast<int>(world.machines.size()); ++i) {
    if (world.machines[static_cast<std::size_t>(i)].state.directory == 0) continue;
    if (IsOnDisk(world, i, obligation.version, "") || IsStaged(world, i, obligation.version))
      return;
  }
  if (IsReachable(world, obligation.path, obligation.version) ||
      IsExcused(world.truth, obligation.version, &obligation.path))
    return;
  Violate(world, "I4",
          "lost: " + obligation.path + " as " + At(world, obligation.machine).name +
              " had taken it down, " + Describe(world.blobs, obligation.version),
          obligation.version.blob);
}

void JudgeI4Forget(World& world, int machine, const ForgetContent& effect) {
  const Agent& agent = *At(world, machine).agent;
  if (effect.content.value >= agent.tables.contents.size()) return;
  if (agent.tables.contents[effect.content.value].cap != 0) return;
  for (const PathState& path : agent.driver.state().paths)
    for (SnapshotId id : path.record.chain) {
      const Node* node = agent.driver.state().dag.Find(id);
      if (node == nullptr || node->version.content != effect.content) continue;
      const BlobId blob = agent.tables.contents[effect.content.value].blob;
      Violate(world, "I4",
              At(world, machine).name + " drops the staged content of an unpublished snapshot",
              blob);
      return;
    }
}

namespace {

// Somebody's directory leads to a snapshot of this version that can be read, content and all.
bool IsReadable(const Store& store, const std::string& path, const SharedVersion& version) {
  std::set<Cap> seen;
  std::vector<Cap> open;
  const auto add = [&](Cap cap) {
    if (SnapshotOf(store, cap).health == Health::kWhole && seen.insert(cap).second)
      open.push_back(cap);
  };
  for (const StoredDirectory& directory : store.directories)
    if (const auto entry = directory.now.find(path); entry != directory.now.end())
      add(entry->second);
  while (!open.empty()) {
    const StoredSnapshot& snapshot = SnapshotOf(store, open.back());
    open.pop_back();
    const bool whole =
        snapshot.content == 0 || ContentOf(store, snapshot.content).health == Health::kWhole;
    if (whole && snapshot.version == version) return true;
    for (Cap parent : snapshot.parents) add(parent);
  }
  return false;
}

}  // namespace

void JudgeI4AtRest(World& world) {
  if (world.store.rolled_back_ms == 0) return;
  for (int machine : Participating(world)) {
    const Machine& m = At(world, machine);
    if (m.read_only || m.agent->driver.state().folder.foreign_write) continue;
    const std::set<std::string> blocked = BlockedOn(world, machine);
    for (const auto& [path, cap] : world.store.directories.at(m.state.directory - 1).now) {
      const StoredSnapshot& head = SnapshotOf(world.store, cap);
      const bool damaged =
          head.content != 0 && (ContentOf(world.store, head.content).health == Health::kDamaged ||
                                ContentOf(world.store, head.content).health == Health::kDropped);
      if (damaged || blocked.count(path) != 0 || IsReadable(world.store, path, head.version))
        continue;
      Violate(world, "I4",
              m.name + " has " + path + " as " + Describe(world.blobs, head.version) +
                  ", which a rollback took, and nobody has stored it again",
              head.version.blob);
      return;
    }
  }
}

}  // namespace kinfolder::sim
