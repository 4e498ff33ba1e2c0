// I6: a head that is below mine changes nothing: the current snapshot only ever moves up. (But a
// read-only participant, who makes no merges, goes over to what a merge would have taken; and what
// the store has lost can be no parent.)
#include "sim/oracles/oracles.h"

namespace kinfolder::sim {

void JudgeI6(World& world, const PathStep& step) {
  if (At(world, step.machine).read_only) return;
  if (step.before == nullptr || step.before->current == step.after.current) return;
  const TruthId low = TruthOf(step.tables, world.store, step.before->current);
  const TruthId high = TruthOf(step.tables, world.store, step.after.current);
  if (IsBelow(world.truth, low, high)) return;
  const Cap cap = CapOf(step.tables, step.before->current);
  if (cap != 0 && !IsStored(world.store, cap)) return;
  // When the agent asked for it, it was not there; somebody has stored the same bytes since.
  if (world.store.has_losses && IsLost(step.after, step.before->current)) return;
  Violate(world, "I6",
          "on " + At(world, step.machine).name + ", " + step.tables.paths.at(step.path.value) +
              ": the current snapshot went from " + std::to_string(low) + " to " +
              std::to_string(high) + ", which does not descend from it",
          0);
}

}  // namespace kinfolder::sim
