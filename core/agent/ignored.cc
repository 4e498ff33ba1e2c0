// Paths that rules of this machine leave alone.
//
// What was published stays, and so does the record. When a path comes back, what is on disk then is
// an edit of what is on record; a file that was removed meanwhile comes back, and a delete that
// others made meanwhile takes nothing: ignoring, and not ignoring any more, never deletes.
#include "core/agent/context.h"

namespace kinfolder {

namespace {

bool IsKnown(const PathState& p) {
  return p.record.tip() || p.record.disk.there || !p.heads.empty();
}

}  // namespace

bool IgnoringChangesNothing(const AgentState& s, PathId path) {
  if (path.value >= s.paths.size()) return true;
  const PathState& p = s.paths[path.value];
  return p.record.ignore == IgnoreState::kIgnored || !IsKnown(p);
}

void NoteIgnored(Context& c, PathId path) {
  if (IgnoringChangesNothing(c.s, path)) return;
  CancelAbsence(c, path);
  c.Record(path).ignore = IgnoreState::kIgnored;
  c.Touch(path);
  PathWork* w = c.FindWork(path);
  if (w == nullptr) return;
  w->changed = w->judge = false;
  w->left_out.clear();
  c.Wake(path);
}

bool NoteReturned(Context& c, const Observation& seen) {
  PathRecord& r = c.Record(seen.path);
  if (seen.presence == Presence::kUnknown) return true;  // nothing is known of it yet
  r.ignore = IgnoreState::kReturned;
  c.Touch(seen.path);
  c.Work(seen.path).judge = true;
  c.Wake(seen.path);
  if (seen.presence == Presence::kThere) return false;
  if (r.disk.there) SetDisk(c, seen.path, DiskRecord{});
  return true;
}

bool DecideReturned(Context& c, PathId path) {
  PathRecord& r = c.Record(path);
  if (r.ignore != IgnoreState::kReturned || !AllWereRead(c.s)) return false;
  std::vector<SnapshotId> deletes, missing;
  for (const Head& head : c.Path(path).heads) {
    const Node* node = c.s.dag.Find(head.snapshot);
    if (node == nullptr || node->path != path) {
      Want(c, path, head.snapshot);
      return false;
    }
    const bool newer =
        IsAncestor(DagView(c.s.dag, path), r.tip(), head.snapshot, &missing) == Answer::kYes;
    if (node->version.kind == Kind::kDeleted && newer) deletes.push_back(head.snapshot);
  }
  const bool stays = !deletes.empty() && r.disk.there;
  if (stays && c.s.read_only) {
    BlockFile(c, path, Reason::kPermission);
    return true;
  }
  r.ignore = IgnoreState::kNo;
  c.Touch(path);
  if (!stays) return false;
  AppendLocal(c, path, r.disk.version, r.disk.stat.size, r.disk.stat.mtime_ns, std::move(deletes));
  return true;
}

}  // namespace kinfolder
