// The folder as a whole: starting, its root, scans, and a person's word on held deletes.
#include <algorithm>

#include "core/agent/context.h"

namespace kinfolder {

namespace {

constexpr std::int64_t kRootRetryMs = 2'000;

// Rebuilds what follows from the durable records.
void Rebuild(Context& c) {
  AgentState& s = c.s;
  for (std::uint32_t i = 1; i < s.paths.size(); ++i) {
    const PathId path{i};
    const PathRecord& r = s.paths[i].record;
    if (r.disk.there && !r.tip() && !s.folder.joined) s.unrecorded.insert(path);
    if (r.disk.there) {
      ++s.files_there;
      s.bytes_there += r.disk.stat.size;
    }
    for (const CopyRecord& copy : r.copies) s.copy_owner_of[copy.copy] = path;
    for (const SnapshotId id : r.chain) UseContent(c, id);
    MarkDue(c, path);
    for (const EqualRecord& e : r.equal)
      if (const Node* n = s.dag.Find(e.head);
          n != nullptr && r.tip() && n->version != c.VersionOf(r.tip()))
        s.to_absorb.insert(path);
    if (r.keeps_copy_of && !r.disk.there) ChooseKeptCopy(c, path);
    // A file without a record, or a decision about a file that a crash cut off.
    const bool wanted = r.tip() && c.VersionOf(r.tip()).kind != Kind::kDeleted;
    // Or heads that could not be judged yet when it came.
    const bool judge =
        (!r.held && r.disk.there != wanted) || !r.conflicts.empty() || !r.equal.empty();
    if (judge) c.Work(path).judge = true;
    if (r.intent || r.unsettled || !r.chain.empty() || judge || !r.conflicts.empty() ||
        !r.copies.empty())
      c.Wake(path);
  }
}

void ArmScan(Context& c) {
  c.Disarm(TimerKind::kScan, 0);
  if (c.s.config.scan_interval_ms <= 0) return;
  // Between 3/4 and 5/4 of the interval, so that machines do not all scan at once.
  const std::int64_t interval = c.s.config.scan_interval_ms;
  const std::uint64_t spread =
      (c.s.seed >> 7) + static_cast<std::uint64_t>(c.s.now.mono_ms) * 2654435761u;
  c.ArmIn(TimerKind::kScan, 0,
          interval * 3 / 4 +
              static_cast<std::int64_t>(spread % static_cast<std::uint64_t>(interval / 2 + 1)));
}

void CarryOut(Context& c, FolderAction action) {
  switch (action) {
    case FolderAction::kNone:
      return;
    case FolderAction::kLookAtRoot:
      c.s.root_effect = c.Ask(LookAtRoot{});
      return;
    case FolderAction::kScan:
      c.s.scan_effect = c.Ask(Scan{});
      return;
    case FolderAction::kRest:
      ArmScan(c);
      return;
    case FolderAction::kBackOff:
      ++c.s.root_failures;
      c.ArmIn(TimerKind::kRoot, 0, kRootRetryMs);
      return;
  }
}

}  // namespace

void StepFolderMachine(Context& c, FolderEvent event) {
  const bool could_touch = MayTouchFiles(c.s);
  const bool could_write = MayWriteStore(c.s);
  const auto from = c.s.phase;
  const auto asked = StepFolder(c.s.phase, event);
  const auto result = c.Noted(MachineKind::kFolder, from, event, c.s.phase, asked);
  if (result.verdict != Verdict::kTaken) return;
  CarryOut(c, result.action);
  const bool again = (MayTouchFiles(c.s) && !could_touch) || (MayWriteStore(c.s) && !could_write);
  if (!again) return;
  // Paths that waited for the root to be seen again, or for a pause to end.
  for (const PathWork& w : c.s.work)
    if (w.path) c.Wake(w.path);
}

void OnStarted(Context& c, const Started& event) {
  AgentState& s = c.s;
  s.config = event.config;
  s.epoch = event.epoch;
  s.seed = event.seed;
  s.read_only = event.read_only;
  s.rebooted = event.rebooted;
  Rebuild(c);
  if (event.copied) {
    s.folder_reason = Reason::kCopied;
    return StepFolderMachine(c, FolderEvent::kFoundCopied);
  }
  StepFolderMachine(c, s.folder.paused ? FolderEvent::kPauseAsked : FolderEvent::kStarted);
  if (s.folder.foreign_write) {
    StepDmdMachine(c, DmdEvent::kForeignFound);
    s.participants[kForeign].facts.id = kForeign;
    StepPoller(c, kForeign, PollEvent::kAsked);
  } else if (!s.read_only) {
    StepDmdMachine(c, DmdEvent::kStarted);
  }
  StepPoller(c, kCollective, PollEvent::kAsked);
  for (const ParticipantFacts& facts : s.folder.participants) {
    s.participants[facts.id].facts = facts;
    StepPoller(c, facts.id, PollEvent::kAsked);
  }
}

void OnRootLooked(Context& c, const RootLooked& event) {
  if (event.id == c.s.absence_effect && event.id != 0) {
    c.s.absence_effect = 0;
    if (event.reason == Reason::kNone) return JudgeAbsences(c);
    // What is gone is gone with the root: unknown, not deleted.
    const std::set<PathId> unknown = c.s.absences;
    for (const PathId path : unknown) {
      c.Work(path).copies_gone.clear();
      CancelAbsence(c, path);
    }
  } else if (event.id == c.s.root_effect) {
    c.s.root_effect = 0;
  } else {
    return;
  }
  c.s.folder_reason = event.reason;
  if (event.reason == Reason::kNone) {
    c.s.root_failures = 0;
    StepFolderMachine(c, FolderEvent::kRootOk);
  } else {
    StepFolderMachine(c, FolderEvent::kRootBad);
  }
}

void OnScanFinished(Context& c, const ScanFinished& event) {
  if (event.id != c.s.scan_effect) return;
  c.s.scan_effect = 0;
  if (event.complete) c.s.last_scan_wall_ms = c.s.now.wall_ms;
  StepFolderMachine(c, FolderEvent::kScanDone);
  if (c.s.phase != FolderPhase::kRunning) return;
  // Copies are only placed while no scan runs: a copy that is there already is found first.
  for (const PathWork& w : c.s.work)
    if (w.path) c.Wake(w.path);
  for (const auto& [copy, path] : c.s.copy_owner_of) c.Wake(path);
}

void OnDeletesDecided(Context& c, const DeletesDecided& event) {
  for (std::uint32_t i = 1; i < c.s.paths.size(); ++i) {
    const PathId path{i};
    if (!c.s.paths[i].record.held) continue;
    const HeldRecord held = *c.s.paths[i].record.held;
    PathRecord& r = c.Record(path);
    // A newer version is being put there already: it wins over the delete, whatever is decided.
    const PathWork* w = c.FindWork(path);
    if (r.intent || (w != nullptr && w->plan)) continue;
    // A read-only participant cannot publish that a file stays: it just stays, and stays listed.
    if (c.s.read_only && held.receiver && !event.approve) continue;
    r.held.reset();
    c.Touch(path);
    if (held.receiver) {
      if (event.approve) {
        r.approved_delete = held.snapshot;
        c.Work(path).judge = true;
      } else {
        // A child of the delete and of what we have, with our content.
        AppendLocal(c, path, r.disk.version, r.disk.stat.size, r.disk.stat.mtime_ns,
                    {held.snapshot});
      }
    } else if (event.approve) {
      SetDisk(c, path, DiskRecord{});
      AppendLocal(c, path, kDeletedVersion, 0, 0, {}, true);
    } else {
      // The file comes back: the disk has none, the tip has it.
      SetDisk(c, path, DiskRecord{});
      c.Work(path).judge = true;
    }
    c.Wake(path);
  }
  c.Tell(AnswerCommand{event.command, Outcome::kDone, Reason::kNone});
}

}  // namespace kinfolder
