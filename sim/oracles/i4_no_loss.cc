// I4: every version that a scan took down is reachable from some head, staged, or on a disk; or the
// store itself has lost it.
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

}  // namespace kinfolder::sim
