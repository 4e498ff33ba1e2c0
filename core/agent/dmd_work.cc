// Carrying out the actions of the personal DMD machine.
#include <algorithm>

#include "core/agent/context.h"

namespace kinfolder {

namespace {

constexpr std::int64_t kRereadMs = 10 * 60 * 1000;
// While many uploads are under way, entries are gathered for that long.
constexpr std::int64_t kGatherMs = 250;
constexpr std::uint32_t kManyUploads = 32;

void MarkAlone(Context& c, PathId path) {
  const PathRecord& r = c.Record(path);
  const bool held = HoldsLink(c, path);
  if (!r.current || r.current == r.last_written || held || IsChecked(c.s, path) ||
      WouldLinkBoth(c, path))
    c.s.dmd.due.erase(path);
  else
    c.s.dmd.due.insert(path);
}

void MarkRelativesDue(Context& c, PathId path) {
  const auto mark = [&](PathId other) {
    if (other.value >= c.s.paths.size()) return true;
    const PathRecord& r = c.Record(other);
    if (r.current && r.current != r.last_written) MarkAlone(c, other);
    return true;
  };
  for (PathId above = c.s.tree.Parent(path); above; above = c.s.tree.Parent(above)) mark(above);
  c.s.tree.ForEachBelow(path, mark);
}

void AskWrite(Context& c) {
  DmdState& d = c.s.dmd;
  WriteDirectory effect;
  d.writing.clear();
  for (const PathId path : d.due) {
    PathRecord& r = c.Record(path);
    r.about_to_write = r.current;
    c.Touch(path);
    effect.entries.push_back({path, r.current});
    d.writing.push_back(path);
  }
  NoteLinked(c, effect.entries);
  d.due.clear();
  d.effect = c.Ask(std::move(effect));
}

void CarryOut(Context& c, DmdAction action) {
  DmdState& d = c.s.dmd;
  switch (action) {
    case DmdAction::kNone:
      return;
    case DmdAction::kRead:
      d.effect = c.Ask(ReadOwn{});
      return;
    case DmdAction::kRest:
      c.Disarm(TimerKind::kDmdReread, 0);
      return c.ArmIn(TimerKind::kDmdReread, 0, kRereadMs);
    case DmdAction::kWrite:
      return AskWrite(c);
    case DmdAction::kConfirm:
      return;  // by OnDirectoryWritten
    case DmdAction::kStop:
      c.s.folder.foreign_write = true;
      c.s.folder_reason = Reason::kForeignWrite;
      return c.TouchFolder();
    case DmdAction::kBackOff:
      ++d.failures;
      return c.ArmRetry(TimerKind::kDmdRetry, 0, d.failures);
  }
}

bool IsBelow(Context& c, SnapshotId a, SnapshotId b) {
  const DagView view(c.s.dag);
  std::vector<SnapshotId> missing;
  return b && IsAncestor(view, a, b, &missing) == Answer::kYes;
}

// Whether `entry` is last_written, about_to_write or older, or absent.
bool IsOurs(Context& c, const PathRecord& r, SnapshotId entry) {
  if (!entry || entry == r.last_written || entry == r.about_to_write) return true;
  return IsBelow(c, entry, r.about_to_write) || IsBelow(c, entry, r.last_written);
}

// Whether a rollback had taken `entry`: it is as good as nothing.
bool IsGivenUp(Context& c, const PathRecord& r, SnapshotId entry) {
  if (!r.loss) return false;
  const std::vector<SnapshotId>& given_up = r.loss->given_up;
  return IsLost(r, entry) || (!IsOurs(c, r, entry) &&
                              std::any_of(given_up.begin(), given_up.end(), [&](SnapshotId old) {
                                return entry == old || IsBelow(c, entry, old);
                              }));
}

// What the entry tells about the last write of it. about_to_write stays: a write that is delayed
// may still bring it.
void TakeEntry(Context& c, PathId path, SnapshotId entry) {
  PathRecord& r = c.Record(path);
  if (entry != r.last_written) {
    r.last_written = entry;
    c.Touch(path);
  }
  MarkDue(c, path);
  MarkRelativesDue(c, path);
}

// Something older than what was confirmed.
bool CameBack(const PathRecord& r, SnapshotId entry) {
  return r.last_written && entry != r.last_written && entry != r.about_to_write;
}

void TakeEntries(Context& c, const std::map<PathId, SnapshotId>& entries) {
  const auto entry_of = [&](PathId path) {
    const auto e = entries.find(path);
    return e == entries.end() ? SnapshotId{} : e->second;
  };
  bool came_back = false;
  for (std::uint32_t i = 1; i < c.s.paths.size(); ++i)
    came_back |= CameBack(c.s.paths[i].record, entry_of(PathId{i}));
  for (std::uint32_t i = 1; i < c.s.paths.size(); ++i) {
    const PathId path{i};
    const PathRecord& r = c.s.paths[i].record;
    const SnapshotId entry = entry_of(path);
    // If the store was rolled back, what is not linked yet may be gone like what was.
    if (came_back && r.current && r.current != entry) {
      StartCheck(c, path, entry);
    } else if (IsChecked(c.s, path)) {
      if (c.s.dmd.checks.at(path).entry != entry) StartCheck(c, path, entry);
    } else if (entry || r.last_written || r.about_to_write) {
      TakeEntry(c, path, entry);
    }
  }
  CheckLinked(c, entry_of);
}

}  // namespace

void MarkDue(Context& c, PathId path) {
  const bool was = c.s.dmd.due.count(path) != 0;
  MarkAlone(c, path);
  // What lies in it, or it lies in, may be linked together with it, or not any more.
  if (was != (c.s.dmd.due.count(path) != 0)) MarkRelativesDue(c, path);
}

void StepDmdMachine(Context& c, DmdEvent event) {
  const auto from = c.s.dmd.phase;
  const auto asked = StepDmd(c.s.dmd.phase, event);
  const auto result = c.Noted(MachineKind::kDmd, from, event, c.s.dmd.phase, asked);
  if (result.verdict == Verdict::kTaken) CarryOut(c, result.action);
}

void RunDmd(Context& c) {
  DmdState& d = c.s.dmd;
  if (d.phase != DmdPhase::kReady || d.due.empty() || !MayWriteStore(c.s)) return;
  if (c.s.uploads_under_way >= kManyUploads && c.s.now.mono_ms < d.next_write_ms) {
    if (c.s.dmd_write_armed) return;
    c.s.dmd_write_armed = true;
    return c.ArmAt(TimerKind::kDmdWrite, 0, d.next_write_ms);
  }
  StepDmdMachine(c, DmdEvent::kDue);
}

void OnOwnRead(Context& c, const OwnRead& event) {
  const auto foreign = c.s.participants.find(kForeign);
  if (foreign != c.s.participants.end() && foreign->second.effect == event.id) {
    // Since somebody else writes it, our own personal DMD is read like another participant's.
    foreign->second.effect = 0;
    if (event.outcome == Outcome::kDone) {
      foreign->second.read_once = true;
      TakeHeads(c, kForeign, event.entries, true);
    }
    return StepPoller(c, kForeign,
                      event.outcome == Outcome::kDone ? PollEvent::kAnswered : PollEvent::kFailed);
  }
  if (event.id != c.s.dmd.effect) return;
  c.s.dmd.effect = 0;
  c.s.dmd.reason = event.reason;
  if (event.outcome != Outcome::kDone) return StepDmdMachine(c, DmdEvent::kReadFailed);
  c.s.dmd.failures = 0;
  std::map<PathId, SnapshotId> entries;
  // What a rollback took may be brought back by a delayed write: it is as good as nothing.
  for (const DirectoryEntry& e : event.entries)
    if (!IsGivenUp(c, c.Record(e.path), e.snapshot)) entries[e.path] = e.snapshot;
  const bool ours = std::all_of(entries.begin(), entries.end(), [&](const auto& e) {
    return IsOurs(c, c.Record(e.first), e.second);
  });
  if (!ours) {
    StepDmdMachine(c, DmdEvent::kForeignFound);
    c.s.participants[kForeign].facts.id = kForeign;
    TakeHeads(c, kForeign, event.entries, true);
    return StepPoller(c, kForeign, PollEvent::kAsked);
  }
  TakeEntries(c, entries);
  StepDmdMachine(c, DmdEvent::kReadDone);
}

void OnDirectoryWritten(Context& c, const DirectoryWritten& event) {
  DmdState& d = c.s.dmd;
  if (event.id != d.effect) return;
  d.effect = 0;
  d.reason = event.reason;
  if (event.outcome != Outcome::kDone) return StepDmdMachine(c, DmdEvent::kWriteFailed);
  d.failures = 0;
  d.next_write_ms = c.s.now.mono_ms + kGatherMs;
  for (const PathId path : d.writing) {
    PathRecord& r = c.Record(path);
    r.last_written = r.about_to_write;
    c.Touch(path);
    MarkDue(c, path);
  }
  for (const PathId path : d.writing) MarkRelativesDue(c, path);
  d.writing.clear();
  StepDmdMachine(c, DmdEvent::kWritten);
}

}  // namespace kinfolder
