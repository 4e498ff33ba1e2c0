// Deletes: those a person made here, and those others made. Judged together, never one by one, so
// that too many at a time are held for a person.
#include <algorithm>

#include "core/agent/context.h"

namespace kinfolder {

namespace {

constexpr std::int64_t kWindowMs = 10 * 60 * 1000;
constexpr std::int64_t kRootWaitMs = 1'000;
constexpr std::int64_t kLongestHoldMs =
    10'000;  // under steady deletes they are judged all the same

// True if `more` deletes now would be too many at a time.
bool TooMany(Context& c, std::size_t more) {
  auto& recent = c.s.folder.recent_deletes_ms;
  std::erase_if(recent, [&](std::int64_t at) {
    return at < c.s.now.wall_ms - kWindowMs || at > c.s.now.wall_ms;
  });
  const std::uint64_t total = recent.size() + more;
  const std::uint64_t known = c.s.files_there + recent.size();
  return total > c.s.config.max_deletes_files &&
         total * 100 > known * c.s.config.max_deletes_percent;
}

bool WasMoved(Context& c, PathId path) {
  const auto it = c.s.arrivals.find(c.Record(path).disk.stat.inode);
  return it != c.s.arrivals.end() && it->second != path;
}

// The delete that a plan takes in: the head itself, or the parent of a merge that is never made.
SnapshotId DeleteOf(Context& c, const Plan& plan) {
  for (auto it = plan.nodes.rbegin(); it != plan.nodes.rend(); ++it)
    for (const SnapshotId parent : it->second.parents)
      if (const Node* node = c.s.dag.Find(parent);
          node != nullptr && node->version.kind == Kind::kDeleted)
        return parent;
  return plan.intent.mine;
}

void Hold(Context& c, PathId path, bool receiver, SnapshotId snapshot) {
  c.Record(path).held = HeldRecord{receiver, snapshot};
  c.Touch(path);
}

std::vector<SnapshotId> HeadsOf(Context& c, const PathRecord& r, const Version& version) {
  std::vector<SnapshotId> heads;
  for (const ConflictRecord& conflict : r.conflicts)
    if (const Node* node = c.s.dag.Find(conflict.head); node != nullptr && node->version == version)
      heads.push_back(conflict.head);
  return heads;
}

// Drops the records of copies that a person removed; returns the heads they stood for.
std::vector<SnapshotId> DropGoneCopies(Context& c, PathId path) {
  std::vector<SnapshotId> settled;
  PathRecord& r = c.Record(path);
  for (const PathId gone : c.Work(path).copies_gone) {
    const auto copy = std::find_if(r.copies.begin(), r.copies.end(),
                                   [&](const CopyRecord& x) { return x.copy == gone; });
    if (copy == r.copies.end()) continue;
    for (const SnapshotId head : HeadsOf(c, r, copy->version)) settled.push_back(head);
    c.s.copy_owner_of.erase(gone);
    r.copies.erase(copy);
  }
  c.Work(path).copies_gone.clear();
  c.Touch(path);
  return settled;
}

void RemoveConflicts(PathRecord& r, const std::vector<SnapshotId>& settled) {
  std::erase_if(r.conflicts, [&](const ConflictRecord& conflict) {
    return std::find(settled.begin(), settled.end(), conflict.head) != settled.end();
  });
}

// The first participant a copy is left of that shows a conflict; none if there is none (a copy may
// be there for a moment after its conflict ended).
ParticipantId OwnerOfCopyLeft(const PathRecord& r) {
  for (const CopyRecord& copy : r.copies)
    for (const ConflictRecord& conflict : r.conflicts)
      if (conflict.owner == copy.owner) return copy.owner;
  return {};
}

// The file is gone and that one's copy is left: it is kept, as the file. Other copies stay.
void KeepTheirs(Context& c, PathId path, ParticipantId owner) {
  c.Record(path).keeps_copy_of = owner;
  SetDisk(c, path, DiskRecord{});
  ChooseKeptCopy(c, path);
}

// Judges one path whose file or copies are gone. Returns true if it was a plain delete.
bool JudgeOne(Context& c, PathId path) {
  const bool absent = c.Work(path).absent;
  c.Work(path).absent = false;
  const std::vector<SnapshotId> settled = DropGoneCopies(c, path);
  PathRecord& r = c.Record(path);
  c.Wake(path);
  if (!absent) {  // copies were removed: mine is kept for them
    if (settled.empty() || c.s.read_only) return false;
    const Version mine = c.VersionOf(r.tip());
    RemoveConflicts(r, settled);
    AppendLocal(c, path, mine, r.disk.stat.size, r.disk.stat.mtime_ns, settled);
    return false;
  }
  if (!r.tip()) {  // it went before it was ever recorded
    SetDisk(c, path, DiskRecord{});
    return false;
  }
  if (const ParticipantId owner = OwnerOfCopyLeft(r)) {
    KeepTheirs(c, path, owner);
    return false;
  }
  if (c.s.read_only) {
    SetDisk(c, path, DiskRecord{});
    BlockFile(c, path, Reason::kPermission);
    return false;
  }
  SetDisk(c, path, DiskRecord{});
  RemoveConflicts(r, settled);
  AppendLocal(c, path, kDeletedVersion, 0, c.s.now.wall_ms * 1'000'000, settled);
  return true;
}

// Not while a replacement is under way or how it ended is not known.
bool MayJudge(Context& c, const PathWork& w) {
  return (w.file == FilePhase::kIdle || w.file == FilePhase::kWaiting) && !c.Record(w.path).intent;
}

void ArmAbsences(Context& c, std::int64_t delay_ms) {
  if (c.s.absences_armed) return;
  c.s.absences_armed = true;
  c.ArmIn(TimerKind::kAbsences, 0, delay_ms);
}

// Absences are judged when no more came for a while.
void AwaitQuiet(Context& c, PathId path) {
  if (c.s.absences.empty()) c.s.first_absence_ms = c.s.now.mono_ms;
  c.s.last_absence_ms = c.s.now.mono_ms;
  c.s.absences.insert(path);
  ArmAbsences(c, c.s.config.delete_hold_ms);
}

// Removals after which the content is not in any other file here. Moves don't count.
std::size_t CountLosses(Context& c, const std::set<PathId>& removals) {
  std::set<ContentId> left;
  for (std::uint32_t i = 1; i < c.s.paths.size(); ++i) {
    const DiskRecord& disk = c.s.paths[i].record.disk;
    if (disk.there && disk.version.content && removals.count(PathId{i}) == 0)
      left.insert(disk.version.content);
  }
  return static_cast<std::size_t>(std::count_if(removals.begin(), removals.end(), [&](PathId path) {
    return CountsAsDelete(c, path) && left.count(c.Record(path).disk.version.content) == 0;
  }));
}

}  // namespace

void ChooseKeptCopy(Context& c, PathId path) {
  VersionChosen choice;  // no command: made with file tools
  choice.path = path;
  choice.choice = VersionChosen::Choice::kTheirs;
  choice.theirs = c.Record(path).keeps_copy_of;
  PathWork& w = c.Work(path);
  w.choices.push_back(choice);
  w.judge = true;
  c.Wake(path);
}

void NoteAbsence(Context& c, PathId path) {
  if (!c.Record(path).disk.there) return;
  c.Work(path).absent = true;
  AwaitQuiet(c, path);
}

void NoteCopyAbsence(Context& c, PathId path, PathId copy) {
  c.Work(path).copies_gone.insert(copy);
  AwaitQuiet(c, path);
}

void CancelAbsence(Context& c, PathId path) {
  if (c.s.absences.count(path) == 0) return;
  PathWork& w = c.Work(path);
  w.absent = false;
  if (w.copies_gone.empty()) c.s.absences.erase(path);
  c.Wake(path);
}

// Only what holds something is counted: an empty directory's entry also ends when files come into
// it.
bool CountsAsDelete(Context& c, PathId path) {
  return c.Record(path).disk.version.kind != Kind::kDirectory;
}

void CountDeletes(Context& c, std::size_t n) {
  c.s.folder.recent_deletes_ms.insert(c.s.folder.recent_deletes_ms.end(), n, c.s.now.wall_ms);
  c.TouchFolder();
}

void AskAboutAbsences(Context& c) {
  if (c.s.absences.empty() || c.s.absence_effect != 0) return;
  const std::int64_t quiet_at = c.s.last_absence_ms + c.s.config.delete_hold_ms;
  const bool waited_long = c.s.now.mono_ms >= c.s.first_absence_ms + kLongestHoldMs;
  if (!waited_long && c.s.now.mono_ms < quiet_at) return ArmAbsences(c, quiet_at - c.s.now.mono_ms);
  // While a scan runs the rest of a moved or deleted tree is still to be seen.
  if (c.s.phase != FolderPhase::kRunning) return ArmAbsences(c, c.s.config.delete_hold_ms);
  c.s.absence_effect = c.Ask(LookAtRoot{});
}

void JudgeAbsences(Context& c) {
  std::vector<PathId> paths;
  std::size_t deletes = 0;
  for (const PathId path : c.s.absences) {
    const PathWork& w = c.Work(path);
    if (!MayJudge(c, w)) continue;
    paths.push_back(path);
    if (w.absent && c.Record(path).tip() && !WasMoved(c, path) && CountsAsDelete(c, path))
      ++deletes;
  }
  const bool hold = !c.s.read_only && TooMany(c, deletes);
  std::size_t published = 0;
  for (const PathId path : paths) {
    c.s.absences.erase(path);
    PathWork& w = c.Work(path);
    if (hold && w.absent && c.Record(path).tip() && !WasMoved(c, path)) {
      w.absent = false;
      Hold(c, path, false, c.Record(path).tip());
      c.Wake(path);
      continue;
    }
    const bool counts = !WasMoved(c, path) && CountsAsDelete(c, path);
    if (JudgeOne(c, path) && counts) ++published;
  }
  if (published != 0) CountDeletes(c, published);
  if (c.s.absences.empty())
    c.s.arrivals.clear();
  else
    ArmAbsences(c, c.s.config.delete_hold_ms);
}

void JudgeRemovals(Context& c) {
  if (!MayTouchFiles(c.s)) {  // the root was lost, or a pause began, since they were decided
    c.s.removals_armed = true;
    return c.ArmIn(TimerKind::kRemovals, 0, kRootWaitMs);
  }
  std::set<PathId> removals;
  removals.swap(c.s.removals);
  const bool hold = TooMany(c, removals.size()) && TooMany(c, CountLosses(c, removals));
  for (const PathId path : removals) {
    if (!hold) {
      StepFileMachine(c, path, FileEvent::kAdmitted);
      continue;
    }
    PathWork& w = c.Work(path);
    Hold(c, path, true, w.plan ? DeleteOf(c, *w.plan) : SnapshotId{});
    w.plan.reset();
    StepFileMachine(c, path, FileEvent::kHeld);
  }
}

}  // namespace kinfolder
