// I7: a conflict is with a head concurrent with mine and of another version, or with a file where
// there is a directory; one copy per version.
#include "sim/oracles/oracles.h"

namespace kinfolder::sim {

void JudgeI7(World& world, const PathStep& step) {
  const TruthId mine = TruthOf(step.tables, world.store, step.after.tip());
  for (const ConflictRecord& conflict : step.after.conflicts) {
    bool fresh = true;
    if (step.before)
      for (const ConflictRecord& old : step.before->conflicts)
        fresh = fresh && old.head != conflict.head;
    const TruthId theirs = TruthOf(step.tables, world.store, conflict.head);
    if (!fresh || theirs == 0 || mine == 0) continue;
    const bool concurrent =
        !IsBelow(world.truth, theirs, mine) && !IsBelow(world.truth, mine, theirs);
    if (concurrent && NodeOf(world.truth, theirs).version != NodeOf(world.truth, mine).version)
      continue;
    if (!IsBelow(world.truth, theirs, mine) &&
        HasChildren(At(world, step.machine).disk, step.tables.paths.at(step.path.value)))
      continue;
    Violate(world, "I7",
            "on " + At(world, step.machine).name + ", " + step.tables.paths.at(step.path.value) +
                ": a conflict between " + std::to_string(mine) + " and " + std::to_string(theirs) +
                (concurrent ? ", which are the same version"
                            : ", one of which is the other's ancestor"),
            NodeOf(world.truth, theirs).version.blob);
    return;
  }
}

void JudgeI7AtRest(World& world) {
  for (int machine : Participating(world)) {
    const AgentState& state = At(world, machine).agent->driver.state();
    const Tables& tables = TablesOf(world, machine);
    const std::set<std::string> blocked = BlockedOn(world, machine);
    for (std::size_t i = 1; i < state.paths.size(); ++i) {
      const PathRecord& record = state.paths[i].record;
      if (blocked.count(tables.paths.at(i)) != 0) continue;
      std::set<SharedVersion> wanted, there;
      for (const ConflictRecord& conflict : record.conflicts)
        if (const Node* node = state.dag.Find(conflict.head);
            node && node->version.kind != Kind::kDeleted)
          wanted.insert(Shared(tables, node->version));
      std::size_t copies = 0;
      for (const CopyRecord& copy : record.copies) {
        ++copies;
        there.insert(Shared(tables, copy.version));
      }
      if (wanted == there && copies == there.size()) continue;
      Violate(world, "I7",
              "on " + At(world, machine).name + ", " + tables.paths.at(i) + " has " +
                  std::to_string(copies) + " conflict copies of " + std::to_string(there.size()) +
                  " versions for conflicts with " + std::to_string(wanted.size()) + " versions",
              0);
      return;
    }
  }
}

}  // namespace kinfolder::sim
