// I1: last_written <= about_to_write <= current <= mine, in the durable state, always.
#include "sim/oracles/oracles.h"

namespace kinfolder::sim {

void JudgeI1(World& world, const PathStep& step) {
  const PathRecord& record = step.after;
  const SnapshotId intended = record.about_to_write ? record.about_to_write : record.last_written;
  const SnapshotId chain[] = {record.last_written, intended, record.current, record.tip()};
  const char* const names[] = {"last_written", "about_to_write", "current", "mine"};
  for (int i = 0; i + 1 < 4; ++i) {
    const TruthId low = TruthOf(step.tables, world.store, chain[i]);
    const TruthId high = TruthOf(step.tables, world.store, chain[i + 1]);
    const bool known = !chain[i] || low != 0;
    if (known && IsBelow(world.truth, low, high)) continue;
    Violate(world, "I1",
            "on " + At(world, step.machine).name + ", " + step.tables.paths.at(step.path.value) +
                ": " + names[i] + " (" + std::to_string(low) + ") is not below " + names[i + 1] +
                " (" + std::to_string(high) + ")",
            0);
    return;
  }
}

}  // namespace kinfolder::sim
