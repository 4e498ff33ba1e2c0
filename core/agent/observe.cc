// What the disk looks like, against what is on record.
#include <algorithm>

#include "core/agent/context.h"

namespace kinfolder {

namespace {

enum class Seen : std::uint8_t { kSame, kChange, kGone, kUnknown };

Seen Compare(const DiskRecord& disk, const Observation& seen) {
  if (seen.presence == Presence::kUnknown) return Seen::kUnknown;
  if (seen.presence == Presence::kGone) return disk.there ? Seen::kGone : Seen::kSame;
  return disk.there && disk.stat == seen.stat ? Seen::kSame : Seen::kChange;
}

void NoteCopyName(PathWork& w, const Observation& seen) {
  w.copy_of = seen.copy_of;
  w.copy_of_owner = seen.copy_owner;
}

// Moves show as an arrival and an absence of one inode within a short time.
void NoteArrival(Context& c, const Observation& seen) {
  constexpr std::int64_t kForgetAfterMs = 10'000;
  if (c.s.now.mono_ms > c.s.last_arrival_ms + kForgetAfterMs) c.s.arrivals.clear();
  c.s.last_arrival_ms = c.s.now.mono_ms;
  c.s.arrivals[seen.stat.inode] = seen.path;
}

// An edit that a read-only participant may not publish stays listed.
void ClearBlock(Context& c, PathWork& w) {
  if (c.s.clashes.count(w.path) != 0) w.judge = true;
  const PathRecord& r = c.Record(w.path);
  const bool edited = !r.tip() || !r.disk.there || r.disk.version != c.VersionOf(r.tip());
  if (c.s.read_only && w.reason == Reason::kPermission && edited) return;
  if (w.file != FilePhase::kWaiting) w.reason = Reason::kNone;
}

}  // namespace

void OnObservation(Context& c, const Observation& seen) {
  if (!MayTouchFiles(c.s)) return;  // every scan starts over when the root was seen again
  if (const auto copy = c.s.copy_owner_of.find(seen.path); copy != c.s.copy_owner_of.end())
    return ObserveCopy(c, copy->second, seen);
  if (seen.presence == Presence::kUnknown && seen.reason == Reason::kIgnored)
    return NoteIgnored(c, seen.path);
  const PathRecord& r = c.Record(seen.path);
  if (r.ignore == IgnoreState::kIgnored && NoteReturned(c, seen)) return;
  switch (Compare(r.disk, seen)) {
    case Seen::kSame:
      if (PathWork* w = c.FindWork(seen.path); w != nullptr) {
        ClearBlock(c, *w);
        if (w->absent) CancelAbsence(c, seen.path);
        c.Wake(seen.path);
      }
      return;
    case Seen::kGone:
      if (r.held && !r.held->receiver) return;
      return NoteAbsence(c, seen.path);
    case Seen::kUnknown:
      return BlockFile(c, seen.path, seen.reason);
    case Seen::kChange:
      break;
  }
  if (!r.disk.there) NoteArrival(c, seen);
  if (!c.s.folder.joined && !r.tip()) c.s.unrecorded.insert(seen.path);
  CancelAbsence(c, seen.path);
  PathWork& w = c.Work(seen.path);
  NoteCopyName(w, seen);
  w.changed = true;
  w.seen = seen.stat;
  c.Wake(seen.path);
}

void OnLooked(Context& c, const Looked& event) {
  const PathId path = TakeAwaited(c, event.id);
  if (!path) return;
  PathWork& w = c.Work(path);
  if (w.file_effect != event.id) return;
  w.file_effect = 0;
  NoteCopyName(w, event.observation);
  const PathRecord& r = c.Record(path);
  DiskRecord disk = r.disk;
  if (const auto copy = c.s.copy_owner_of.find(path); copy != c.s.copy_owner_of.end()) {
    if (const CopyRecord* record = FindCopy(c, copy->second, path); record != nullptr)
      disk = DiskRecord{true, record->stat, record->version};
    if (event.observation.presence == Presence::kGone) disk.there = false;  // ObserveCopy's news
  }
  switch (Compare(disk, event.observation)) {
    case Seen::kSame:
      w.reason = Reason::kNone;
      return StepFileMachine(c, path, FileEvent::kSawSame);
    case Seen::kChange:
      return StepFileMachine(c, path, FileEvent::kSawChange);
    case Seen::kUnknown:
      w.reason = event.observation.reason;
      if (w.reason == Reason::kIgnored) NoteIgnored(c, path);
      return StepFileMachine(c, path, FileEvent::kSawUnknown);
    case Seen::kGone:
      break;
  }
  // A held delete is not judged again: the path is as on record, without its file.
  const bool held = r.held && !r.held->receiver;
  StepFileMachine(c, path, held ? FileEvent::kSawSame : FileEvent::kSawGone);
}

bool ChangesNothing(const AgentState& state, const Observation& seen) {
  if (const auto copy = state.copy_owner_of.find(seen.path); copy != state.copy_owner_of.end()) {
    const PathState& base = state.paths[copy->second.value];
    for (const CopyRecord& record : base.record.copies)
      if (record.copy == seen.path)
        return seen.presence == Presence::kThere && record.stat == seen.stat &&
               (base.work == 0 || state.work[base.work].copies_gone.count(seen.path) == 0);
    return false;
  }
  if (seen.presence == Presence::kUnknown && seen.reason == Reason::kIgnored)
    return IgnoringChangesNothing(state, seen.path);
  if (seen.path.value >= state.paths.size()) return seen.presence == Presence::kGone;
  if (state.paths[seen.path.value].record.ignore == IgnoreState::kIgnored) return false;
  const PathState& p = state.paths[seen.path.value];
  if (p.work != 0) return false;
  return Compare(p.record.disk, seen) == Seen::kSame ||
         (seen.presence == Presence::kGone && p.record.held && !p.record.held->receiver);
}

std::vector<PathId> KnownPaths(const AgentState& state) {
  std::vector<PathId> known;
  for (std::uint32_t i = 1; i < state.paths.size(); ++i)
    if ((state.paths[i].record.disk.there ||
         state.paths[i].record.ignore == IgnoreState::kIgnored) &&
        state.copy_owner_of.count(PathId{i}) == 0)
      known.push_back(PathId{i});
  // A copy's own path may have no record.
  for (const auto& [copy, path] : state.copy_owner_of) known.push_back(copy);
  std::sort(known.begin(), known.end());
  return known;
}

bool KeepsDirectory(const AgentState& state, PathId path) {
  if (path.value >= state.paths.size()) return false;
  const PathRecord& r = state.paths[path.value].record;
  const Node* tip = r.tip() ? state.dag.Find(r.tip()) : nullptr;
  return (r.disk.there && r.disk.version.kind == Kind::kDirectory) ||
         (tip != nullptr && tip->version.kind == Kind::kDirectory);
}

}  // namespace kinfolder
