// I2: our directory holds what we recorded before we wrote it, or an ancestor of that that a
// delayed write brought back; if it holds anything else, we have stopped writing it.
#include <algorithm>

#include "sim/oracles/oracles.h"

namespace kinfolder::sim {

void JudgeI2Write(World& world, int machine, std::uint32_t directory, const Directory& value) {
  Machine& m = At(world, machine);
  // A peer's, or a delayed write of a participant given up since.
  if (m.peer || directory != m.state.directory) return;
  const AgentState state = StateOf(world, machine);
  const Tables& tables = TablesOf(world, machine);
  const Directory& now = world.store.directories.at(directory - 1).now;
  for (const auto& [path, cap] : value) {
    const auto old = now.find(path);
    if (old != now.end() && old->second == cap) continue;
    const auto id = tables.path_ids.find(path);
    if (!IsStored(world.store, cap)) continue;  // begun before a rollback
    const TruthId written = SnapshotOf(world.store, cap).truth;
    TruthId last = 0, intended = 0;
    std::vector<TruthId> given_up;  // a delayed write brings back what a rollback had taken
    if (id != tables.path_ids.end() && id->second < state.paths.size()) {
      const PathRecord& record = state.paths[id->second].record;
      last = TruthOf(tables, world.store, record.last_written);
      intended = TruthOf(tables, world.store, record.about_to_write);
      if (record.loss)
        for (const SnapshotId old : record.loss->given_up)
          given_up.push_back(TruthOf(tables, world.store, old));
    }
    if (written != 0 && ((last != 0 && IsBelow(world.truth, written, last)) ||
                         (intended != 0 && IsBelow(world.truth, written, intended))))
      continue;
    if (std::any_of(given_up.begin(), given_up.end(), [&](TruthId old) {
          return written != 0 && old != 0 && IsBelow(world.truth, written, old);
        }))
      continue;
    Violate(world, "I2",
            m.name + " writes " + path + " (snapshot " + std::to_string(written) +
                ") without having recorded that before (last_written " + std::to_string(last) +
                ", about_to_write " + std::to_string(intended) + ")",
            0);
    return;
  }
}

void JudgeI2AtRest(World& world) {
  for (int machine : Participating(world)) {
    const AgentState& state = At(world, machine).agent->driver.state();
    const Tables& tables = TablesOf(world, machine);
    if (state.folder.foreign_write) continue;
    const Directory& now = world.store.directories.at(At(world, machine).state.directory - 1).now;
    for (const auto& [path, cap] : now) {
      const auto id = tables.path_ids.find(path);
      const TruthId entry = SnapshotOf(world.store, cap).truth;
      TruthId last = 0;
      if (id != tables.path_ids.end() && id->second < state.paths.size())
        last = TruthOf(tables, world.store, state.paths[id->second].record.last_written);
      if (IsBelow(world.truth, entry, last)) continue;
      Violate(world, "I2",
              "the directory of " + At(world, machine).name + " holds a foreign entry for " + path +
                  ", and it has not stopped writing it",
              0);
      return;
    }
  }
}

}  // namespace kinfolder::sim
