// Carrying out the actions of the copy machine, and what people do to conflict copies.
#include <algorithm>

#include "core/agent/context.h"

namespace kinfolder {

namespace {

bool HasCopy(const PathRecord& r, const Version& version) {
  return std::any_of(r.copies.begin(), r.copies.end(),
                     [&](const CopyRecord& copy) { return copy.version == version; });
}

// The first conflict whose version has no copy; null if all are shown.
const ConflictRecord* Unshown(Context& c, const PathRecord& r) {
  for (const ConflictRecord& conflict : r.conflicts) {
    const Node* node = c.s.dag.Find(conflict.head);
    if (node == nullptr || node->version.kind == Kind::kDeleted) continue;
    if (!HasCopy(r, node->version)) return &conflict;
  }
  return nullptr;
}

bool IsNeeded(Context& c, const PathRecord& r, const CopyRecord& copy) {
  return std::any_of(r.conflicts.begin(), r.conflicts.end(), [&](const ConflictRecord& conflict) {
    const Node* node = c.s.dag.Find(conflict.head);
    return node == nullptr || node->version == copy.version;
  });
}

SnapshotId HeadOf(Context& c, const PathRecord& r, const CopyRecord& copy) {
  for (const ConflictRecord& conflict : r.conflicts)
    if (const Node* node = c.s.dag.Find(conflict.head);
        node != nullptr && node->version == copy.version && conflict.owner == copy.owner)
      return conflict.head;
  return {};
}

// News of its own file are being looked into.
bool IsLookedAt(Context& c, const CopyRecord& copy) {
  const PathWork* w = c.FindWork(copy.copy);
  return w != nullptr && (w->changed || w->file != FilePhase::kIdle);
}

void AskPlace(Context& c, PathId path) {
  PathWork& w = c.Work(path);
  w.copy_effect =
      c.AskFor(path, PlaceCopy{0, path, w.placing.owner, w.placing.attempt, w.copy_token});
}

void AskRemove(Context& c, PathId path) {
  PathWork& w = c.Work(path);
  const auto edited = w.copies_edited.find(w.placing.copy);
  const bool is_edited = edited != w.copies_edited.end();
  const bool release = is_edited || w.placing.releasing;
  if (CopyRecord* record = FindCopy(c, path, w.placing.copy); release && record != nullptr) {
    record->releasing = true;  // that it is gone is no choice of a person's then
    c.Touch(path);
  }
  w.copy_effect = c.AskFor(path, RemoveCopy{0, path, w.placing.copy,
                                            is_edited ? edited->second : w.placing.stat, release});
}

void DropStagedCopy(Context& c, PathWork& w) {
  if (w.copy_token != 0) c.Tell(DropStaged{w.copy_token});
  w.copy_token = 0;
}

void CarryOut(Context& c, PathId path, CopyAction action) {
  PathWork& w = c.Work(path);
  switch (action) {
    case CopyAction::kNone:
      return;
    case CopyAction::kStage: {
      const SnapshotId head = HeadOf(c, c.Record(path), w.placing);
      const std::int64_t mtime_ns = c.NodeOf(head).mtime_ns;
      w.copy_effect = c.AskFor(path, StageTarget{0, path, head, w.placing.version, mtime_ns});
      return;
    }
    case CopyAction::kPlace:
      return AskPlace(c, path);
    case CopyAction::kPlaceUnderNextName:
      ++w.placing.attempt;
      return AskPlace(c, path);
    case CopyAction::kRecord:
      return;  // by OnCopyPlaced
    case CopyAction::kRemove:
      return AskRemove(c, path);
    case CopyAction::kForget:
      return;  // by OnCopyRemoved
    case CopyAction::kBackOff:
      DropStagedCopy(c, w);
      ++w.copy_failures;
      return c.ArmRetry(TimerKind::kCopy, path.value, w.copy_failures);
    case CopyAction::kRework:
      return c.Wake(path);
  }
}

void Forget(Context& c, PathId path, PathId copy) {
  PathRecord& r = c.Record(path);
  std::erase_if(r.copies, [&](const CopyRecord& record) { return record.copy == copy; });
  c.s.copy_owner_of.erase(copy);
  c.Touch(path);
  if (c.Path(copy).heads.empty()) return;
  c.Work(copy).judge = true;  // a file of that name waited for the name to be free
  c.Wake(copy);
}

// The name is taken by what may be this very copy, placed just before a crash.
bool IsThisCopy(Context& c, const PathWork& w, PathId found) {
  if (!found || c.s.copy_owner_of.count(found) != 0) return false;
  const PathRecord& r = c.Record(found);
  return r.disk.there && r.disk.version == w.placing.version && !r.current;
}

}  // namespace

CopyRecord* FindCopy(Context& c, PathId path, PathId copy) {
  for (CopyRecord& record : c.Record(path).copies)
    if (record.copy == copy) return &record;
  return nullptr;
}

void RecordCopy(Context& c, PathId path, const CopyRecord& copy) {
  // An observation of the new file may have been faster than the answer.
  std::erase_if(c.Record(path).copies, [&](const CopyRecord& x) { return x.copy == copy.copy; });
  c.Record(path).copies.push_back(copy);
  c.s.copy_owner_of[copy.copy] = path;
  if (c.Record(copy.copy).disk.there && !c.Record(copy.copy).tip())
    SetDisk(c, copy.copy, DiskRecord{});
  c.Touch(path);
}

void StepCopyMachine(Context& c, PathId path, CopyEvent event) {
  const auto from = c.Work(path).copy;
  const auto asked = StepCopy(c.Work(path).copy, event);
  const auto result = c.Noted(MachineKind::kCopy, from, event, c.Work(path).copy, asked);
  if (result.verdict == Verdict::kTaken) CarryOut(c, path, result.action);
  c.Wake(path);
}

void RunCopies(Context& c, PathId path) {
  // Only at rest, and not while a scan may still find copies that are there.
  if (c.s.phase != FolderPhase::kRunning) return;
  const PathRecord& r = c.Record(path);
  if (r.conflicts.empty() && r.copies.empty()) return;
  if (r.ignore == IgnoreState::kIgnored) return;
  const PathWork* now = c.FindWork(path);
  if (now != nullptr && (now->copy != CopyPhase::kIdle || now->changed || now->judge ||
                         now->absent || now->file != FilePhase::kIdle || !now->copies_gone.empty()))
    return;
  for (const CopyRecord& copy : r.copies) {
    const bool edited = now != nullptr && now->copies_edited.count(copy.copy) != 0;
    const bool stays = IsNeeded(c, r, copy) && !edited && !copy.releasing;
    if (IsLookedAt(c, copy) || stays) continue;
    c.Work(path).placing = copy;
    return StepCopyMachine(c, path, CopyEvent::kRemoveAsked);
  }
  const ConflictRecord* conflict = Unshown(c, r);
  if (conflict == nullptr) return;
  PathWork& w = c.Work(path);
  w.placing = CopyRecord{};
  w.placing.owner = conflict->owner;
  w.placing.version = c.VersionOf(conflict->head);
  StepCopyMachine(c, path, CopyEvent::kPlaceAsked);
}

void OnCopyStaged(Context& c, PathId path, const Staged& event) {
  PathWork& w = c.Work(path);
  w.copy_effect = 0;
  w.copy_reason = event.reason;
  if (event.outcome == Outcome::kDone) w.copy_token = event.token;
  // A copy that was found meanwhile (placed just before a crash) is as good.
  const bool found = HasCopy(c.Record(path), w.placing.version);
  if (event.outcome != Outcome::kDone || !MayTouchFiles(c.s) || found)
    return StepCopyMachine(c, path, CopyEvent::kStageFailed);
  StepCopyMachine(c, path, CopyEvent::kStaged);
}

void OnCopyPlaced(Context& c, const CopyPlaced& event) {
  const PathId path = TakeAwaited(c, event.id);
  if (!path) return;
  PathWork& w = c.Work(path);
  if (w.copy_effect != event.id) return;
  w.copy_effect = 0;
  w.copy_reason = event.reason;
  const bool this_one = event.outcome == Outcome::kRefused && IsThisCopy(c, w, event.copy);
  if (event.outcome == Outcome::kRefused && HasCopy(c.Record(path), w.placing.version)) {
    DropStagedCopy(c, w);  // it was found meanwhile
    return StepCopyMachine(c, path, CopyEvent::kPlaced);
  }
  if (event.outcome == Outcome::kRefused && !this_one)
    return StepCopyMachine(c, path, CopyEvent::kNameTaken);
  if (event.outcome != Outcome::kDone && !this_one)
    return StepCopyMachine(c, path, CopyEvent::kPlaceFailed);
  w.placing.copy = event.copy;
  w.placing.stat = event.stat;
  if (this_one) {
    w.placing.stat = c.Record(event.copy).disk.stat;
    SetDisk(c, event.copy, DiskRecord{});
    DropStagedCopy(c, w);
  }
  w.copy_token = 0;
  w.copy_failures = 0;
  RecordCopy(c, path, w.placing);
  StepCopyMachine(c, path, CopyEvent::kPlaced);
}

void OnCopyRemoved(Context& c, const CopyRemoved& event) {
  const PathId path = TakeAwaited(c, event.id);
  if (!path) return;
  PathWork& w = c.Work(path);
  if (w.copy_effect != event.id) return;
  w.copy_effect = 0;
  w.copy_reason = event.reason;
  if (event.outcome == Outcome::kFailed || event.outcome == Outcome::kUnclear)
    return StepCopyMachine(c, path, CopyEvent::kRemoveFailed);
  w.copy_failures = 0;
  // After a restart only the record knows that it was being released.
  const CopyRecord* record = FindCopy(c, path, w.placing.copy);
  const bool edited = w.copies_edited.erase(w.placing.copy) != 0;
  const bool release = edited || (record != nullptr && record->releasing);
  if (event.outcome == Outcome::kRefused && !release) {  // it changed unseen: see what it is now
    c.Work(w.placing.copy).changed = true;
    c.Wake(w.placing.copy);
  } else {
    Forget(c, path, w.placing.copy);
  }
  StepCopyMachine(c, path,
                  event.outcome == Outcome::kDone ? CopyEvent::kRemoved : CopyEvent::kKept);
}

void ObserveCopy(Context& c, PathId base, const Observation& seen) {
  const CopyRecord* copy = FindCopy(c, base, seen.path);
  if (copy == nullptr || seen.presence == Presence::kUnknown) return;
  PathWork& w = c.Work(base);
  if (seen.presence == Presence::kGone) {
    const bool removing = w.copy == CopyPhase::kRemoving && w.placing.copy == seen.path;
    if (removing) return;
    if (copy->releasing) {
      Forget(c, base, seen.path);
      return c.Wake(base);
    }
    return NoteCopyAbsence(c, base, seen.path);
  }
  if (w.copies_gone.erase(seen.path) != 0 && w.copies_gone.empty() && !w.absent)
    CancelAbsence(c, base);
  if (copy->stat == seen.stat) return c.Wake(base);
  // Its bytes are looked at by its own path's file machine; TakeVersion knows it is a copy.
  c.Work(seen.path).changed = true;
  c.Work(seen.path).seen = seen.stat;
  c.Wake(seen.path);
}

}  // namespace kinfolder
