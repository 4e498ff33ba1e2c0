// I9: a conflict ends only by a snapshot that descends from its head, or when its head is not its
// owner's any more (or the store has lost it); or when a file and an empty directory turn out to be
// at one path, of which the file gives way.
#include "sim/oracles/oracles.h"

namespace kinfolder::sim {

namespace {

// For people: the snapshots concerned, by their true numbers.
std::string Situation(const World& world, const PathStep& step) {
  const auto number = [&](SnapshotId id) {
    return " " + std::to_string(TruthOf(step.tables, world.store, id));
  };
  std::string text = " (conflicts before:";
  for (const ConflictRecord& conflict : step.before->conflicts) text += number(conflict.head);
  text += ", after:";
  for (const ConflictRecord& conflict : step.after.conflicts) text += number(conflict.head);
  text += "; equal:";
  for (const EqualRecord& equal : step.after.equal) text += number(equal.head);
  text += "; heads:";
  for (const Head& head : step.state.paths.at(step.path.value).heads) text += number(head.snapshot);
  return text + ")";
}

bool OneGivesWay(const World& world, TruthId mine, TruthId theirs) {
  if (mine == 0 || theirs == 0) return false;
  const Kind a = NodeOf(world.truth, mine).version.kind;
  const Kind b = NodeOf(world.truth, theirs).version.kind;
  return a != Kind::kDeleted && b != Kind::kDeleted &&
         (a == Kind::kDirectory) != (b == Kind::kDirectory);
}

}  // namespace

void JudgeI9(World& world, const PathStep& step) {
  if (step.before == nullptr) return;
  const TruthId mine = TruthOf(step.tables, world.store, step.after.tip());
  for (const ConflictRecord& old : step.before->conflicts) {
    bool stays = false;
    for (const ConflictRecord& conflict : step.after.conflicts)
      stays = stays || conflict.head == old.head;
    for (const EqualRecord& equal : step.after.equal) stays = stays || equal.head == old.head;
    bool still_head = false;
    for (const Head& head : step.state.paths.at(step.path.value).heads)
      still_head = still_head || head == Head{old.owner, old.head};
    const TruthId theirs = TruthOf(step.tables, world.store, old.head);
    // Another head has taken it in: that one is judged instead.
    for (const Head& head : step.state.paths.at(step.path.value).heads)
      if (head.snapshot != old.head)
        stays =
            stays || IsBelow(world.truth, theirs, TruthOf(step.tables, world.store, head.snapshot));
    // The store was asked for it and did not have it: what it offered is published anew, or kept.
    if (world.store.has_losses && IsLost(step.after, old.head)) continue;
    if (stays || !still_head || IsBelow(world.truth, theirs, mine) ||
        OneGivesWay(world, mine, theirs))
      continue;
    Violate(world, "I9",
            "on " + At(world, step.machine).name + ", " + step.tables.paths.at(step.path.value) +
                ": the conflict with " + std::to_string(theirs) + " ended, and " +
                std::to_string(mine) + " does not descend from it" + Situation(world, step),
            theirs != 0 ? NodeOf(world.truth, theirs).version.blob : 0);
    return;
  }
}

}  // namespace kinfolder::sim
