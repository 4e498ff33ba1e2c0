// I11: what is forged is never taken as current and never stands on a disk.
#include "sim/oracles/oracles.h"

namespace kinfolder::sim {

void JudgeI11(World& world, const PathStep& step) {
  const auto is_forged = [&](SnapshotId id) {
    const TruthId truth = TruthOf(step.tables, world.store, id);
    return truth != 0 && NodeOf(world.truth, truth).forged;
  };
  bool forged = is_forged(step.after.current) || is_forged(step.after.tip());
  for (const CopyRecord& copy : step.after.copies)
    for (const TruthNode& node : world.truth.nodes)
      forged = forged || (node.forged && node.version.blob != 0 &&
                          node.version == Shared(step.tables, copy.version));
  if (!forged) return;
  Violate(world, "I11",
          "on " + At(world, step.machine).name + ", " + step.tables.paths.at(step.path.value) +
              ": a forged snapshot was taken in",
          0);
}

}  // namespace kinfolder::sim
