// Conflicts with heads that a rollback of the store took.
//
// Whose head it was publishes the version anew when it notices, and that is judged like any head.
// If it has published something else instead, or does not come back for a day, the conflict copy
// may be the only one left of a version that somebody saw: it becomes an ordinary file under a free
// name, so it is published from here. Between losing and keeping, it is kept.
#include <algorithm>

#include "core/agent/context.h"

namespace kinfolder {

namespace {

constexpr std::int64_t kOwnerIsAwaitedMs = 24 * 60 * 60 * 1000;

Answer Below(Context& c, PathId path, SnapshotId a, SnapshotId b) {
  std::vector<SnapshotId> missing;
  return IsAncestor(DagView(c.s.dag, path), a, b, &missing);
}

const Node* Readable(Context& c, PathId path, SnapshotId id) {
  const Node* node = c.s.dag.Find(id);
  return node == nullptr || node->path != path || IsLost(c.Record(path), id) ? nullptr : node;
}

// Somebody's head, or our own file, is of that version: nothing is lost with this head.
bool IsStoredAnew(Context& c, PathId path, const Version& version) {
  const SnapshotId tip = c.Record(path).tip();
  if (tip && c.VersionOf(tip) == version) return true;
  const std::vector<Head>& heads = c.Path(path).heads;
  return std::any_of(heads.begin(), heads.end(), [&](const Head& head) {
    const Node* node = Readable(c, path, head.snapshot);
    return node != nullptr && node->version == version;
  });
}

bool IsNamed(Context& c, PathId path, SnapshotId snapshot) {
  const std::vector<Head>& heads = c.Path(path).heads;
  return std::any_of(heads.begin(), heads.end(),
                     [&](const Head& head) { return head.snapshot == snapshot; });
}

// What an owner names only ever grows, unless the store was rolled back in between.
bool OwnerWentElsewhere(Context& c, PathId path, const ConflictRecord& conflict) {
  for (const Head& head : c.Path(path).heads)
    if (head.participant == conflict.owner)
      return Below(c, path, head.snapshot, conflict.head) == Answer::kNo &&
             Below(c, path, conflict.head, head.snapshot) == Answer::kNo;
  return false;
}

// Nobody will offer this version by this head any more.
bool IsOver(Context& c, PathId path, const ConflictRecord& conflict) {
  const bool lost = IsLost(c.Record(path), conflict.head);
  if (!lost && IsNamed(c, path, conflict.head)) return false;
  if (OwnerWentElsewhere(c, path, conflict)) return true;
  if (!lost) return false;
  return IsStoredAnew(c, path, c.VersionOf(conflict.head)) ||
         c.s.now.wall_ms - c.s.folder.rolled_back_wall_ms >= kOwnerIsAwaitedMs;
}

void ReleaseCopy(Context& c, PathId path, const Version& version) {
  for (CopyRecord& copy : c.Record(path).copies)
    if (copy.version == version) copy.releasing = true;
}

}  // namespace

void SettleLostConflicts(Context& c, PathId path) {
  PathRecord& r = c.Record(path);
  const std::vector<ConflictRecord> conflicts = r.conflicts;
  for (const ConflictRecord& conflict : conflicts) {
    if (c.s.dag.Find(conflict.head) == nullptr) continue;
    if (!IsOver(c, path, conflict)) {
      if (IsLost(r, conflict.head)) c.ArmIn(TimerKind::kGiveUp, path.value, kOwnerIsAwaitedMs);
      continue;
    }
    std::erase(r.conflicts, conflict);
    const Version version = c.VersionOf(conflict.head);
    if (!IsStoredAnew(c, path, version)) ReleaseCopy(c, path, version);
    c.Touch(path);
  }
}

}  // namespace kinfolder
