#include "core/agent/agent.h"

#include <algorithm>
#include <variant>

#include "core/agent/context.h"

namespace kinfolder {

PathWork& Context::Work(PathId path) {
  PathState& p = Path(path);
  if (p.work == 0) {
    if (s.work.empty()) s.work.emplace_back();
    if (s.free_work.empty()) {
      s.work.emplace_back();
      p.work = static_cast<std::uint32_t>(s.work.size() - 1);
    } else {
      p.work = s.free_work.back();
      s.free_work.pop_back();
    }
    s.work[p.work].path = path;
  }
  return s.work[p.work];
}

namespace {

// There is something to go on with, also after a pause, a scan or a restart.
bool WaitsForWork(const PathRecord& r) {
  return r.intent || r.unsettled || !r.chain.empty() || !r.conflicts.empty();
}

}  // namespace

void Context::TidyWork(PathId path) {
  PathState& p = Path(path);
  if (p.work == 0) return;
  const PathWork& w = s.work[p.work];
  const bool busy = w.file != FilePhase::kIdle || w.changed || w.judge || w.absent || w.plan ||
                    w.aside || !w.choices.empty() || w.upload != UploadPhase::kIdle ||
                    w.copy != CopyPhase::kIdle || !w.copies_gone.empty() ||
                    !w.copies_edited.empty() || !w.left_out.empty() || w.reason != Reason::kNone ||
                    WaitsForWork(p.record);
  if (busy) return;
  s.work[p.work] = PathWork{};
  s.free_work.push_back(p.work);
  p.work = 0;
  if (s.free_work.size() + 1 < s.work.size()) return;
  // Nothing is left to do anywhere. A first sync had work on every path; its places go.
  s.work = {};
  s.free_work = {};
}

PathId TakeAwaited(Context& c, EffectId id) {
  const auto it = c.s.awaited.find(id);
  if (it == c.s.awaited.end()) return {};
  const PathId path = it->second;
  c.s.awaited.erase(it);
  return path;
}

bool MayTouchFiles(const AgentState& s) {
  return s.phase == FolderPhase::kScanning || s.phase == FolderPhase::kScanningAgain ||
         s.phase == FolderPhase::kRunning;
}

bool MayWriteStore(const AgentState& s) {
  return !s.read_only && !s.folder.foreign_write && s.phase != FolderPhase::kNew &&
         s.phase != FolderPhase::kPaused && s.phase != FolderPhase::kStopped;
}

namespace {

void OnFileTimer(Context& c, PathId path) {
  const PathRecord& r = c.Record(path);
  // A file without a record that waited for the path it may be a conflict copy of.
  if (!r.tip() && r.disk.there) c.Work(path).judge = true;
  StepFileMachine(c, path, FileEvent::kRetryDue);
}

void OnTimer(Context& c, const Timer& timer) {
  const PathId path{timer.id};
  switch (timer.kind) {
    case TimerKind::kFile:
      return OnFileTimer(c, path);
    case TimerKind::kUpload:
      return OnUploadTimer(c, path);
    case TimerKind::kCopy:
      return StepCopyMachine(c, path, CopyEvent::kRetryDue);
    case TimerKind::kPollDue:
      return StepPoller(c, ParticipantId{timer.id}, PollEvent::kDue);
    case TimerKind::kPollRetry:
      return StepPoller(c, ParticipantId{timer.id}, PollEvent::kRetryDue);
    case TimerKind::kCache:
      return StepCacheEntry(c, SnapshotId{timer.id}, CacheEvent::kRetryDue);
    case TimerKind::kDmdWrite:
      c.s.dmd_write_armed = false;
      return;
    case TimerKind::kDmdRetry:
      return StepDmdMachine(c, DmdEvent::kRetryDue);
    case TimerKind::kDmdReread:
      return StepDmdMachine(c, DmdEvent::kRereadDue);
    case TimerKind::kScan:
      return StepFolderMachine(c, FolderEvent::kScanDue);
    case TimerKind::kRoot:
      return StepFolderMachine(c, FolderEvent::kRetryDue);
    case TimerKind::kGiveUp:
      c.Work(path).judge = true;
      return c.Wake(path);
    case TimerKind::kCheck:
      return OnCheckTimer(c, path);
    case TimerKind::kHeldLink:
      return MarkDue(c, path);
    case TimerKind::kAbsences:
      c.s.absences_armed = false;
      return AskAboutAbsences(c);
    case TimerKind::kRemovals:
      c.s.removals_armed = false;
      return JudgeRemovals(c);
  }
}

void RunTimers(Context& c) {
  while (!c.s.timers.empty() && c.s.timers.begin()->at_mono_ms <= c.s.now.mono_ms) {
    const Timer timer = *c.s.timers.begin();
    c.s.timers.erase(c.s.timers.begin());
    OnTimer(c, timer);
  }
}

void OnChoice(Context& c, const VersionChosen& chosen) {
  PathWork& w = c.Work(chosen.path);
  w.choices.push_back(chosen);
  w.judge = true;
  c.Wake(chosen.path);
}

void OnSyncAsked(Context& c, const SyncAsked& asked) {
  c.s.syncs.push_back(asked.command);
  StepFolderMachine(c, FolderEvent::kScanDue);
  AskAll(c);
}

void OnPauseAsked(Context& c, const PauseAsked& asked) {
  c.s.folder.paused = asked.paused;
  c.TouchFolder();
  StepFolderMachine(c, asked.paused ? FolderEvent::kPauseAsked : FolderEvent::kResumeAsked);
  c.Tell(AnswerCommand{asked.command, Outcome::kDone, Reason::kNone});
}

struct Dispatch {
  Context& c;

  void operator()(const Started& e) { OnStarted(c, e); }
  void operator()(const Ticked&) {}
  void operator()(const RootLooked& e) { OnRootLooked(c, e); }
  void operator()(const ConfigChanged& e) { c.s.config = e.config; }
  void operator()(const Observed& e) {
    for (const Observation& o : e.observations) OnObservation(c, o);
  }
  void operator()(const WatchLost&) { StepFolderMachine(c, FolderEvent::kScanDue); }
  void operator()(const ScanFinished& e) { OnScanFinished(c, e); }
  void operator()(const Looked& e) { OnLooked(c, e); }
  void operator()(const Captured& e) { OnCaptured(c, e); }
  void operator()(const Staged& e) { OnStaged(c, e); }
  void operator()(const Replaced& e) { OnReplaced(c, e); }
  void operator()(const Settled& e) { OnSettled(c, e); }
  void operator()(const CopyPlaced& e) { OnCopyPlaced(c, e); }
  void operator()(const CopyRemoved& e) { OnCopyRemoved(c, e); }
  void operator()(const Uploaded& e) { OnUploaded(c, e); }
  void operator()(const DirectoryWritten& e) { OnDirectoryWritten(c, e); }
  void operator()(const OwnRead& e) { OnOwnRead(c, e); }
  void operator()(const HeadsRead& e) { OnHeadsRead(c, e); }
  void operator()(const CollectiveRead& e) { OnCollectiveRead(c, e); }
  void operator()(const SnapshotFetched& e) { OnSnapshotFetched(c, e); }
  void operator()(const StoreChanged& e) { StepPoller(c, e.participant, PollEvent::kAsked); }
  void operator()(const StoreLinkChanged& e) {
    if (e.up) AskAll(c);
  }
  void operator()(const SyncAsked& e) { OnSyncAsked(c, e); }
  void operator()(const VersionChosen& e) { OnChoice(c, e); }
  void operator()(const DeletesDecided& e) { OnDeletesDecided(c, e); }
  void operator()(const PauseAsked& e) { OnPauseAsked(c, e); }
  void operator()(const StoredChecked& e) { OnStoredChecked(c, e); }
  void operator()(const PathsNamed& e) {
    for (const PathId parent : e.parents) c.s.tree.Add(parent);
  }
  void operator()(const MovedAside& e) { OnMovedAside(c, e); }
};

// An answer to no effect at all: their ids are never 0.
bool AnswersNothing(const EventBody& body) {
  return std::visit(
      [](const auto& e) {
        if constexpr (requires { e.id; }) return e.id == 0;
        return false;
      },
      body);
}

// Starts what the step made possible. Each round may wake further paths; every path's machines can
// only move on with an answer from outside, so the rounds end.
void RunReady(Context& c) {
  for (int round = 0; round < 64 && !c.s.ready.empty(); ++round) {
    std::set<PathId> ready;
    ready.swap(c.s.ready);
    for (const PathId path : ready) {
      // What waits for a pause or a scan to end is found by its work.
      if (WaitsForWork(c.Record(path))) c.Work(path);
      RunPath(c, path);
      RunUpload(c, path);
      RunCopies(c, path);
      c.TidyWork(path);
    }
  }
}

void AnswerSyncs(Context& c) {
  if (c.s.syncs.empty() || c.s.phase != FolderPhase::kRunning || !IsQuiet(c.s)) return;
  for (const auto& [id, participant] : c.s.participants)
    if (!participant.read_once && participant.poll.phase != PollPhase::kWaiting) return;
  for (const CommandId command : c.s.syncs)
    c.Tell(AnswerCommand{command, Outcome::kDone, Reason::kNone});
  c.s.syncs.clear();
}

}  // namespace

AgentState NewAgentState() { return AgentState{}; }

Reaction Step(AgentState& state, const Event& event, MoveWatcher* watcher) {
  Reaction reaction;
  Context c(state, reaction, watcher);
  // Monotonic time that would go back (a shell's mistake) stands still.
  state.now.mono_ms = std::max(state.now.mono_ms, event.now.mono_ms);
  state.now.wall_ms = event.now.wall_ms;
  RunTimers(c);
  if (!AnswersNothing(event.body)) std::visit(Dispatch{c}, event.body);
  RunReady(c);
  CheckAllAdopted(c);
  RunDmd(c);
  AnswerSyncs(c);
  std::sort(reaction.writes.begin(), reaction.writes.end());
  reaction.writes.erase(std::unique(reaction.writes.begin(), reaction.writes.end()),
                        reaction.writes.end());
  return reaction;
}

std::optional<std::int64_t> NextWake(const AgentState& state) {
  if (state.timers.empty()) return std::nullopt;
  return state.timers.begin()->at_mono_ms;
}

}  // namespace kinfolder
