// What the parts of the agent share while one event is being processed. Internal to core/agent.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "core/agent/agent.h"
#include "core/agent/state.h"
#include "core/base/backoff.h"
#include "core/base/check.h"

namespace kinfolder {

class Context {
 public:
  Context(AgentState& state, Reaction& reaction, MoveWatcher* watcher)
      : s(state), r(reaction), watcher_(watcher) {}

  AgentState& s;
  Reaction& r;

  // Emits an effect that will be answered; returns its id.
  template <class E>
  EffectId Ask(E effect) {
    effect.id = NewEffectId();
    const EffectId id = effect.id;
    r.effects.push_back(std::move(effect));
    return id;
  }
  // The same for an effect about one path: the answer finds its way back by the id.
  template <class E>
  EffectId AskFor(PathId path, E effect) {
    const EffectId id = Ask(std::move(effect));
    s.awaited.emplace(id, path);
    return id;
  }
  // Emits an effect without an answer.
  template <class E>
  void Tell(E effect) {
    r.effects.push_back(std::move(effect));
  }

  // Marks durable records as changed.
  void Touch(PathId path) { r.writes.push_back({RecordKey::Table::kPath, path.value}); }
  void Touch(SnapshotId id) { r.writes.push_back({RecordKey::Table::kNode, id.value}); }
  void TouchFolder() { r.writes.push_back({RecordKey::Table::kFolder, 0}); }

  // The path's state; made if it was never heard of. References stay valid.
  PathState& Path(PathId path) {
    if (path.value >= s.paths.size()) s.paths.resize(path.value + 1);
    return s.paths[path.value];
  }
  PathRecord& Record(PathId path) { return Path(path).record; }
  // The path's work; made if there was none. References stay valid.
  PathWork& Work(PathId path);
  // Null if the path has no work.
  PathWork* FindWork(PathId path) {
    PathState& p = Path(path);
    return p.work == 0 ? nullptr : &s.work[p.work];
  }
  // Frees the path's work if nothing is left of it.
  void TidyWork(PathId path);

  // Says that a machine was asked about `event` while in phase `from`. Returns the result.
  template <class Phase, class Event, class Action>
  StepResult<Action> Noted(MachineKind machine, Phase from, Event event, Phase to,
                           StepResult<Action> result) {
    if (watcher_ != nullptr)
      watcher_->Moved({machine, result.verdict, static_cast<std::uint8_t>(from),
                       static_cast<std::uint8_t>(event), static_cast<std::uint8_t>(to),
                       static_cast<std::uint8_t>(result.action)});
    return result;
  }

  // The path is looked at again at the end of this step.
  void Wake(PathId path) { s.ready.insert(path); }

  void ArmAt(TimerKind kind, std::uint32_t id, std::int64_t at_ms) {
    s.timers.insert({at_ms, kind, id});
  }
  void ArmIn(TimerKind kind, std::uint32_t id, std::int64_t delay_ms) {
    ArmAt(kind, id, s.now.mono_ms + (delay_ms > 0 ? delay_ms : 1));  // never in the same step
  }
  void Disarm(TimerKind kind, std::uint32_t id) {
    std::erase_if(s.timers, [&](const Timer& t) { return t.kind == kind && t.id == id; });
  }
  // A retry after the `failures`th failure in a row.
  void ArmRetry(TimerKind kind, std::uint32_t id, std::uint32_t failures) {
    const std::uint64_t seed = s.seed ^ (static_cast<std::uint64_t>(kind) << 56) ^ id;
    ArmIn(kind, id, RetryDelayMs(failures, seed));
  }

  const Node& NodeOf(SnapshotId id) const {
    const Node* node = s.dag.Find(id);
    CHECK(node != nullptr);
    return *node;
  }
  // The version of a snapshot that must be known; none: deleted.
  Version VersionOf(SnapshotId id) const { return id ? NodeOf(id).version : kDeletedVersion; }

  // The id of the effect that is asked for next.
  EffectId NextEffectId() const { return (static_cast<EffectId>(s.epoch) << 40) | s.next_effect; }

 private:
  EffectId NewEffectId() {
    const EffectId id = NextEffectId();
    ++s.next_effect;
    return id;
  }

  MoveWatcher* watcher_;  // may be null
};

// --- the parts; each in its own .cc ---

// True while files may be touched and absences believed.
bool MayTouchFiles(const AgentState& s);
bool MayWriteStore(const AgentState& s);

// folder_work.cc
void OnStarted(Context& c, const Started& event);
void OnRootLooked(Context& c, const RootLooked& event);
void OnScanFinished(Context& c, const ScanFinished& event);
void StepFolderMachine(Context& c, FolderEvent event);
void OnDeletesDecided(Context& c, const DeletesDecided& event);

// observe.cc
void OnObservation(Context& c, const Observation& seen);
void OnLooked(Context& c, const Looked& event);

// ignored.cc
// The shell says that a rule leaves this path alone.
void NoteIgnored(Context& c, PathId path);
// The first look at a path that was ignored. True: all that follows from it was done.
bool NoteReturned(Context& c, const Observation& seen);
// The first judging of a path that was ignored: true if it came to an end by that.
bool DecideReturned(Context& c, PathId path);
bool IgnoringChangesNothing(const AgentState& s, PathId path);

// file_work.cc
void RunPath(Context& c, PathId path);
void StepFileMachine(Context& c, PathId path, FileEvent event);
void BlockFile(Context& c, PathId path, Reason reason);
// What failed before is no reason to wait any more.
void Succeeded(PathWork& w);
void OnCaptured(Context& c, const Captured& event);
void OnStaged(Context& c, const Staged& event);
void OnReplaced(Context& c, const Replaced& event);
void OnSettled(Context& c, const Settled& event);
void SetDisk(Context& c, PathId path, const DiskRecord& disk);

// local.cc: what a person did becomes local snapshots
void TakeVersion(Context& c, PathId path, const Version& version, const Stat& stat);
SnapshotId NewLocalId(Context& c);
// A node for a new snapshot of ours with these parents (those that are none are left out).
Node NewNode(Context& c, PathId path, const Version& version, std::uint64_t size,
             std::int64_t mtime_ns, std::vector<SnapshotId> parents);
// Appends a local snapshot whose parents are the tip, the noted heads, and `more`.
void AppendLocal(Context& c, PathId path, const Version& version, std::uint64_t size,
                 std::int64_t mtime_ns, std::vector<SnapshotId> more = {}, bool approved = false);
void AddNode(Context& c, SnapshotId id, Node node);
// True if it was settled what snapshot a file without a record is at (or it is none's any more).
bool AdoptUnrecorded(Context& c, PathId path);
void UseContent(Context& c, SnapshotId unpublished);
void UnuseContent(Context& c, SnapshotId unpublished);

// Makes snapshots of the local chain again, as the whole new chain. `parents_of` says the parents
// of one, given the new ids of those before it.
using NewIds = std::map<SnapshotId, SnapshotId>;
void RemakeChain(
    Context& c, PathId path, const std::vector<SnapshotId>& kept,
    const std::function<std::vector<SnapshotId>(const Node&, const NewIds&)>& parents_of);

// judge.cc
void Decide(Context& c, PathId path);
// The snapshots that a plan makes become durable, and that their numbers are taken.
void AddNodes(Context& c, const Plan& plan);
// The path becomes what the plan says; the disk is there already.
void ApplyPlan(Context& c, PathId path, const Plan& plan);
void FinishChoice(Context& c, PathId path, Outcome outcome, Reason reason);

// absence.cc
// The time has come to judge absences: the root is looked at first.
void AskAboutAbsences(Context& c);
void NoteAbsence(Context& c, PathId path);
// Goes on with a copy being kept as the file.
void ChooseKeptCopy(Context& c, PathId path);
void NoteCopyAbsence(Context& c, PathId path, PathId copy);
// The file is there, or what is known of it is not to be believed.
void CancelAbsence(Context& c, PathId path);
void JudgeAbsences(Context& c);
void JudgeRemovals(Context& c);
void CountDeletes(Context& c, std::size_t n);
// False for an empty directory: deletes of those are never too many.
bool CountsAsDelete(Context& c, PathId path);

// clash.cc: a file here, a directory there
// True if the path can't become what was decided, for the sake of a file that it would lie in or of
// files that would lie in it. Then all that can be done about it has been begun, and the file
// machine goes to rest.
bool YieldsToClash(Context& c, PathId path, const Plan& plan);
// The path stays as it is until what it hangs on changes; with `until_rest`, comes to rest.
void NoteClash(Context& c, PathId path, bool until_rest);
// The same for a file and an empty directory that are heads of one path: what is to be moved aside,
// or waited for, is no conflict. True: it is waited for.
bool SettleEmptyDirectory(Context& c, PathId path, Plan& plan);
// The path has come to rest (and not only found that it can't be put there), or its file came or
// went: what hangs on it is judged again.
void JudgeClashesWith(Context& c, PathId path);
// Participants have changed: likewise for all.
void JudgeAllClashes(Context& c);
void OnMovedAside(Context& c, const MovedAside& event);
// True if, with the path's current snapshot linked, our personal DMD would hold a file and a path
// that lies in it.
bool WouldLinkBoth(Context& c, PathId path);

// upload_work.cc
void RunUpload(Context& c, PathId path);
void OnUploaded(Context& c, const Uploaded& event);
void DropUpload(Context& c, PathId path);
void OnUploadTimer(Context& c, PathId path);

// dmd_work.cc
void RunDmd(Context& c);
void StepDmdMachine(Context& c, DmdEvent event);
void OnOwnRead(Context& c, const OwnRead& event);
void OnDirectoryWritten(Context& c, const DirectoryWritten& event);
void MarkDue(Context& c, PathId path);

// rollback.cc: whether the store has lost what we link
bool IsChecked(const AgentState& s, PathId path);
// Nothing of the path is under way that stands on its snapshots as they are.
bool FileIsAtRest(Context& c, PathId path);
// The content of the oldest unpublished snapshot is neither here nor in the store any more (it was,
// when the snapshot was made): what follows is published without it, the file is taken down again.
// REQUIRES: FileIsAtRest.
void OnContentLost(Context& c, PathId path);
// Begins to find out whether what we link, or would link over `entry`, is still in the store.
void StartCheck(Context& c, PathId path, SnapshotId entry);
// These are being linked: to be looked at when our personal DMD is read the next time.
void NoteLinked(Context& c, const std::vector<DirectoryEntry>& entries);
// Our personal DMD was read, with these entries: what was linked since the last time is looked at.
void CheckLinked(Context& c, const std::function<SnapshotId(PathId)>& entry_of);
void OnStoredChecked(Context& c, const StoredChecked& event);
void OnCheckTimer(Context& c, PathId path);

// lost_heads.cc: conflicts with heads that the store has lost end here
void SettleLostConflicts(Context& c, PathId path);

// peer_work.cc: what magic-folder 24.3.0 cannot stand
// True if the link of the path's current snapshot has to wait for the peers' sake.
bool HoldsLink(Context& c, PathId path);
// Who is a peer, or still here, has changed: what is held is judged again.
void JudgeHeldLinks(Context& c);
// A delete that nobody saw and that something follows leaves the local chain. REQUIRES: nothing of
// the chain is being uploaded.
void SquashRecreation(Context& c, PathId path);

// poll_work.cc
void StepPoller(Context& c, ParticipantId who, PollEvent event);
void OnHeadsRead(Context& c, const HeadsRead& event);
void OnCollectiveRead(Context& c, const CollectiveRead& event);
void AskAll(Context& c);
void TakeHeads(Context& c, ParticipantId who, const std::vector<DirectoryEntry>& entries,
               bool whole);
// In this run, but for the retired.
bool AllWereRead(const AgentState& s);
// True once everybody's heads were looked at, so that files without a record can be judged.
void CheckJoined(Context& c);
// Joining ends, durably, when all files that were here without a record have been judged: a crash
// before that has everybody's heads read again first.
void CheckAllAdopted(Context& c);

// cache_work.cc
void Want(Context& c, PathId path, SnapshotId snapshot);
void StepCacheEntry(Context& c, SnapshotId snapshot, CacheEvent event);
void OnSnapshotFetched(Context& c, const SnapshotFetched& event);

// copy_work.cc
void RunCopies(Context& c, PathId path);
void StepCopyMachine(Context& c, PathId path, CopyEvent event);
void OnCopyStaged(Context& c, PathId path, const Staged& event);
void OnCopyPlaced(Context& c, const CopyPlaced& event);
void OnCopyRemoved(Context& c, const CopyRemoved& event);
void ObserveCopy(Context& c, PathId base, const Observation& seen);
void RecordCopy(Context& c, PathId path, const CopyRecord& copy);
CopyRecord* FindCopy(Context& c, PathId path, PathId copy);

// Takes the path an effect was about; none if the answer is not awaited (late, or another run's).
PathId TakeAwaited(Context& c, EffectId id);

}  // namespace kinfolder
