// Carrying out the actions of the file machine.
#include <algorithm>

#include "core/agent/context.h"

namespace kinfolder {

namespace {

// A file that keeps changing is tried again soon; other failures as everywhere.
constexpr std::int64_t kUnstableRetryMs = 250;
// An exchange that is refused that often is tried again later only.
constexpr std::uint32_t kRefusalsInARow = 4;

FileFacts FactsOf(const PathRecord& r, const PathWork& w) {
  FileFacts facts;
  facts.changed = w.changed;
  facts.judge = w.judge;
  facts.intent = r.intent.has_value();
  facts.unsettled = r.unsettled.has_value();
  facts.aside = w.aside;
  return facts;
}

std::optional<Stat> ExpectedNow(const PathRecord& r) {
  const bool gone_but_held = r.held && !r.held->receiver;
  if (!r.disk.there || gone_but_held) return std::nullopt;
  return r.disk.stat;
}

void BackOff(Context& c, PathId path) {
  PathWork& w = c.Work(path);
  ++w.file_failures;
  if (w.blocked_since_wall_ms == 0) w.blocked_since_wall_ms = c.s.now.wall_ms;
  if (w.reason == Reason::kWrongVersion) return;  // the same bytes would come again: see RunPath
  if (w.reason == Reason::kUnstable && w.file_failures < 20)
    c.ArmIn(TimerKind::kFile, path.value, kUnstableRetryMs);
  else
    c.ArmRetry(TimerKind::kFile, path.value, w.file_failures);
  if (w.reason == Reason::kRootMissing || w.reason == Reason::kRootChanged) {
    c.s.folder_reason = w.reason;
    StepFolderMachine(c, FolderEvent::kRootBad);
  }
}

void AskStage(Context& c, PathId path) {
  PathWork& w = c.Work(path);
  CHECK(w.plan.has_value());
  const IntentRecord& intent = w.plan->intent;
  StageTarget effect;
  effect.path = path;
  effect.snapshot = intent.mine;
  effect.version = intent.version;
  for (const auto& [id, node] : w.plan->nodes) {
    if (id == intent.mine) effect.mtime_ns = node.mtime_ns;
    // One that is still to be made is in no store: the content is that of what it takes in.
    for (const SnapshotId parent : node.parents)
      if (const Node* p = c.s.dag.Find(parent);
          p != nullptr && !IsLocalId(parent) && p->version == intent.version)
        effect.snapshot = parent;
  }
  if (const Node* known = c.s.dag.Find(intent.mine)) effect.mtime_ns = known->mtime_ns;
  w.file_effect = c.AskFor(path, effect);
}

// Writes the intent; the exchange follows when it is durable.
void AskReplace(Context& c, PathId path) {
  PathWork& w = c.Work(path);
  PathRecord& r = c.Record(path);
  CHECK(w.plan.has_value());
  AddNodes(c, *w.plan);
  w.plan->intent.expected = ExpectedNow(r);
  // A removed file goes where no staged one is: the number of this effect, unique to the run.
  if (w.plan->intent.remove) w.plan->intent.token = c.NextEffectId();
  r.intent = w.plan->intent;
  c.Touch(path);
  w.file_effect =
      c.AskFor(path, Replace{0, path, r.intent->expected, r.intent->remove, r.intent->token});
}

// After a reboot a power cut may have taken both names: better a delete that a user has to make
// again than one that nobody made.
void AskRecover(Context& c, PathId path) {
  const IntentRecord& intent = *c.Record(path).intent;
  c.Work(path).file_effect =
      c.AskFor(path, RecoverReplace{0, path, intent.expected, intent.remove, intent.token,
                                    intent.staged, c.s.rebooted});
}

void AskSettle(Context& c, PathId path) {
  const UnsettledRecord& u = *c.Record(path).unsettled;
  c.Work(path).file_effect = c.AskFor(path, Settle{0, path, u.token, u.stat});
}

// The exchange did not take place: forget it and look again.
void Abandon(Context& c, PathId path) {
  PathWork& w = c.Work(path);
  PathRecord& r = c.Record(path);
  if (r.intent && !r.intent->remove) c.Tell(DropStaged{r.intent->token});
  r.intent.reset();
  w.plan.reset();
  w.judge = true;
  c.Touch(path);
  c.Wake(path);
}

void AskAdmission(Context& c, PathId path) {
  const PathWork& w = c.Work(path);
  const SnapshotId let_through = c.Record(path).approved_delete;
  const Node* target = c.s.dag.Find(w.plan->intent.mine);
  bool approved = w.plan->by_choice || (target != nullptr && target->approved) ||
                  let_through == w.plan->intent.mine;
  // A delete that comes by a merge is what was approved if a parent of the merge is.
  for (const auto& [id, node] : w.plan->nodes)
    approved |= node.approved || (let_through && std::find(node.parents.begin(), node.parents.end(),
                                                           let_through) != node.parents.end());
  if (approved) return StepFileMachine(c, path, FileEvent::kAdmitted);
  c.s.removals.insert(path);
  if (!c.s.removals_armed) {
    c.s.removals_armed = true;
    c.ArmIn(TimerKind::kRemovals, 0, c.s.config.delete_hold_ms / 3);
  }
}

void CarryOut(Context& c, PathId path, FileAction action) {
  switch (action) {
    case FileAction::kNone:
      return;
    case FileAction::kLook:
      c.Work(path).file_effect = c.AskFor(path, Look{0, path});
      return;
    case FileAction::kCapture:
      c.Work(path).file_effect = c.AskFor(path, Capture{0, path});
      c.Work(path).changed = false;
      return;
    case FileAction::kNoteAbsence:
      return NoteAbsence(c, path);
    case FileAction::kTakeVersion:
      return;  // by OnCaptured, which has the version
    case FileAction::kDecide:
      return Decide(c, path);
    case FileAction::kAskAdmission:
      return AskAdmission(c, path);
    case FileAction::kStage:
      return AskStage(c, path);
    case FileAction::kReplace:
      return AskReplace(c, path);
    case FileAction::kRecover:
      return AskRecover(c, path);
    case FileAction::kFinish:
      return;  // by OnReplaced, which has the stat
    case FileAction::kAbandon:
      return Abandon(c, path);
    case FileAction::kAbandonAndBackOff:
      Abandon(c, path);
      return BackOff(c, path);
    case FileAction::kSettle:
      return AskSettle(c, path);
    case FileAction::kBackOff:
      return BackOff(c, path);
    case FileAction::kRework:
      return c.Wake(path);
    case FileAction::kMoveAside:
      c.Work(path).file_effect = c.AskFor(path, MoveAside{0, path, c.Record(path).disk.stat});
      return;
  }
}

}  // namespace

void Succeeded(PathWork& w) {
  w.file_failures = 0;
  w.reason = Reason::kNone;
  w.blocked_since_wall_ms = 0;
}

void StepFileMachine(Context& c, PathId path, FileEvent event) {
  PathWork& w = c.Work(path);
  const auto from = w.file;
  const auto asked = StepFile(w.file, event, FactsOf(c.Record(path), w));
  const auto result = c.Noted(MachineKind::kFile, from, event, w.file, asked);
  if (result.verdict == Verdict::kTaken) CarryOut(c, path, result.action);
  if (w.file == FilePhase::kIdle || w.file == FilePhase::kWaiting) JudgeClashesWith(c, path);
  c.Wake(path);
}

void RunPath(Context& c, PathId path) {
  if (!MayTouchFiles(c.s)) return;
  PathWork* w = c.FindWork(path);
  const PathRecord& r = c.Record(path);
  if (w == nullptr && (r.intent || r.unsettled)) w = &c.Work(path);
  if (w == nullptr) return;
  if (r.ignore == IgnoreState::kIgnored && !r.intent && !r.unsettled) return;
  if (w->absent && !r.intent) return;  // an absence is judged together with others first
  // What the store has for a snapshot never changes: another head or a choice has to come first.
  const bool another = w->judge && w->reason == Reason::kWrongVersion;
  if (w->file == FilePhase::kWaiting && !w->changed && w->reason != Reason::kNone && !another)
    return;
  const auto from = w->file;
  const auto asked = StepFile(w->file, FileEvent::kWork, FactsOf(r, *w));
  const auto result = c.Noted(MachineKind::kFile, from, FileEvent::kWork, w->file, asked);
  if (result.verdict != Verdict::kTaken) return;
  if (c.s.removals.erase(path) != 0) w->plan.reset();
  CarryOut(c, path, result.action);
}

void BlockFile(Context& c, PathId path, Reason reason) {
  PathWork& w = c.Work(path);
  if (w.absent) CancelAbsence(c, path);
  w.reason = reason;
  if (w.blocked_since_wall_ms == 0) w.blocked_since_wall_ms = c.s.now.wall_ms;
}

void SetDisk(Context& c, PathId path, const DiskRecord& disk) {
  // News that was faster than the answer about the same thing is no news any more.
  PathWork* w = c.FindWork(path);
  if (w != nullptr && w->changed && disk.there && w->seen == disk.stat) w->changed = false;
  DiskRecord& now = c.Record(path).disk;
  if (now.there) {
    --c.s.files_there;
    c.s.bytes_there -= now.stat.size;
  }
  if (disk.there) {
    ++c.s.files_there;
    c.s.bytes_there += disk.stat.size;
  }
  const bool news = now.there != disk.there || now.version.kind != disk.version.kind;
  now = disk;
  c.Touch(path);
  if (news) JudgeClashesWith(c, path);
}

void OnCaptured(Context& c, const Captured& event) {
  const PathId path = TakeAwaited(c, event.id);
  if (!path) return;
  PathWork& w = c.Work(path);
  if (w.file_effect != event.id) return;
  w.file_effect = 0;
  if (event.outcome == Outcome::kDone) {
    Succeeded(w);
    StepFileMachine(c, path, FileEvent::kCaptured);
    return TakeVersion(c, path, event.version, event.stat);
  }
  // Look first when it is tried again: it may be gone.
  w.judge = true;
  if (event.outcome == Outcome::kRefused) {
    w.reason = Reason::kUnstable;
    return StepFileMachine(c, path, FileEvent::kCaptureMoved);
  }
  w.reason = event.reason;
  StepFileMachine(c, path, FileEvent::kCaptureFailed);
}

void OnStaged(Context& c, const Staged& event) {
  // An answer that came before: its token may name the displaced file by now.
  const PathId path = TakeAwaited(c, event.id);
  if (!path) return;
  PathWork& w = c.Work(path);
  if (w.copy_effect == event.id) return OnCopyStaged(c, path, event);
  if (w.file_effect != event.id) return;
  w.file_effect = 0;
  if (event.outcome != Outcome::kDone || !MayTouchFiles(c.s)) {
    if (event.outcome == Outcome::kDone) c.Tell(DropStaged{event.token});
    w.reason = event.reason;
    w.plan.reset();
    if (w.reason != Reason::kWrongVersion) w.judge = true;
    return StepFileMachine(c, path, FileEvent::kStageFailed);
  }
  w.plan->intent.token = event.token;
  w.plan->intent.staged = event.stat;
  StepFileMachine(c, path, FileEvent::kStaged);
}

void OnReplaced(Context& c, const Replaced& event) {
  const PathId path = TakeAwaited(c, event.id);
  if (!path) return;
  PathWork& w = c.Work(path);
  if (w.file_effect != event.id || !c.Record(path).intent) return;
  w.file_effect = 0;
  if (event.outcome == Outcome::kUnclear)
    return StepFileMachine(c, path, FileEvent::kReplaceUnclear);
  if (event.outcome == Outcome::kRefused && ++w.file_failures < kRefusalsInARow)
    return StepFileMachine(c, path, FileEvent::kReplaceRefused);
  if (event.outcome == Outcome::kRefused) {  // whatever stands there cannot be looked away
    w.reason = Reason::kNameClash;
    return StepFileMachine(c, path, FileEvent::kReplaceFailed);
  }
  if (event.outcome == Outcome::kFailed) {
    w.reason = event.reason;
    return StepFileMachine(c, path, FileEvent::kReplaceFailed);
  }
  Plan done;
  if (w.plan) done = *w.plan;
  done.intent = *c.Record(path).intent;
  w.plan.reset();
  Succeeded(w);
  PathRecord& r = c.Record(path);
  r.intent.reset();
  if (event.displaced) r.unsettled = UnsettledRecord{done.intent.token, event.displaced_stat};
  const bool counts = done.intent.remove && !done.by_choice && CountsAsDelete(c, path);
  DiskRecord disk;
  disk.there = !done.intent.remove;
  if (disk.there) disk.stat = event.stat;
  disk.version = done.intent.version;
  SetDisk(c, path, disk);
  // What was seen to be gone was the file before; and what took place before a crash may have been
  // undone since: look again.
  if (w.absent || w.file == FilePhase::kRecovering) w.judge = true;
  if (w.absent) CancelAbsence(c, path);
  ApplyPlan(c, path, done);
  if (counts) CountDeletes(c, 1);
  if (done.by_choice) FinishChoice(c, path, Outcome::kDone, Reason::kNone);
  StepFileMachine(c, path, event.displaced ? FileEvent::kReplaced : FileEvent::kReplacedClean);
  if (event.displaced) AskSettle(c, path);
}

void OnSettled(Context& c, const Settled& event) {
  const PathId path = TakeAwaited(c, event.id);
  if (!path) return;
  PathWork& w = c.Work(path);
  if (w.file_effect != event.id) return;
  w.file_effect = 0;
  if (event.outcome == Outcome::kFailed || event.outcome == Outcome::kUnclear) {
    w.reason = event.reason;
    return StepFileMachine(c, path, FileEvent::kSettleFailed);
  }
  c.Record(path).unsettled.reset();
  c.Touch(path);
  StepFileMachine(c, path, FileEvent::kSettled);
}

}  // namespace kinfolder
