// Carrying out the actions of the upload machine.
#include <algorithm>

#include "core/agent/context.h"

namespace kinfolder {

namespace {

// history=latest: the unpublished snapshots become one, with the union of their parents.
void Squash(Context& c, PathId path) {
  PathRecord& r = c.Record(path);
  // A decision that is being carried out stands on the chain as it was.
  if (r.chain.size() < 2 || r.intent || c.Work(path).plan) return;
  std::vector<SnapshotId> parents;
  for (const SnapshotId id : r.chain)
    for (const SnapshotId parent : c.NodeOf(id).parents)
      if (std::find(r.chain.begin(), r.chain.end(), parent) == r.chain.end())
        parents.push_back(parent);
  const Node last = c.NodeOf(r.chain.back());
  Node node = NewNode(c, path, last.version, last.size, last.mtime_ns, std::move(parents));
  node.approved = last.approved;
  const SnapshotId id = NewLocalId(c);
  AddNode(c, id, std::move(node));
  UseContent(c, id);
  for (const SnapshotId old : r.chain) UnuseContent(c, old);
  if (r.held && r.held->snapshot == r.chain.back()) r.held->snapshot = id;
  r.chain = {id};
  c.Touch(path);
}

bool ParentsArePublished(Context& c, SnapshotId id, SnapshotId current) {
  // Local parents that are not in the chain any more were published before: only the chain's own
  // order matters, and the oldest one's local parent can only be the current snapshot.
  const std::vector<SnapshotId>& parents = c.NodeOf(id).parents;
  return std::all_of(parents.begin(), parents.end(), [&](SnapshotId parent) {
    return !IsLocalId(parent) || parent == current || c.NodeOf(parent).rank != 0;
  });
}

void CarryOut(Context& c, PathId path, UploadAction action) {
  PathWork& w = c.Work(path);
  switch (action) {
    case UploadAction::kNone:
      return;
    case UploadAction::kUpload:
      if (!c.s.config.history_all) Squash(c, path);
      SquashRecreation(c, path);
      w.uploading = c.Record(path).chain.front();
      CHECK(ParentsArePublished(c, w.uploading, c.Record(path).current));
      w.upload_effect = c.AskFor(path, Upload{0, path, w.uploading});
      ++c.s.uploads_under_way;
      return;
    case UploadAction::kPublish:
      return;  // by OnUploaded, which has the rank
    case UploadAction::kBackOff:
      ++w.upload_failures;
      c.ArmRetry(TimerKind::kUpload, path.value, w.upload_failures);
      return;
  }
}

void StepUploadMachine(Context& c, PathId path, UploadEvent event) {
  const auto from = c.Work(path).upload;
  const auto asked = StepUpload(c.Work(path).upload, event);
  const auto result = c.Noted(MachineKind::kUpload, from, event, c.Work(path).upload, asked);
  if (result.verdict == Verdict::kTaken) CarryOut(c, path, result.action);
}

}  // namespace

void RunUpload(Context& c, PathId path) {
  if (!MayWriteStore(c.s) || c.Record(path).chain.empty() || IsChecked(c.s, path) ||
      c.Record(path).ignore == IgnoreState::kIgnored)
    return;
  const PathWork* w = c.FindWork(path);
  if (w != nullptr && w->upload == UploadPhase::kWaiting) return;
  StepUploadMachine(c, path, UploadEvent::kWork);
}

void DropUpload(Context& c, PathId path) {
  PathWork& w = c.Work(path);
  if (w.upload == UploadPhase::kUploading) --c.s.uploads_under_way;
  w.uploading = {};
  w.upload_effect = 0;
  w.upload_reason = Reason::kNone;
  StepUploadMachine(c, path, UploadEvent::kDropped);
}

void OnUploadTimer(Context& c, PathId path) {
  const PathWork* w = c.FindWork(path);
  if (w == nullptr || w->upload != UploadPhase::kWaiting) return;
  if (c.Record(path).chain.empty()) return DropUpload(c, path);
  StepUploadMachine(c, path, UploadEvent::kRetryDue);
}

void OnUploaded(Context& c, const Uploaded& event) {
  const PathId path = TakeAwaited(c, event.id);
  if (!path) return;
  PathWork& w = c.Work(path);
  if (w.upload_effect != event.id) return;  // dropped meanwhile: nothing refers to it
  w.upload_effect = 0;
  --c.s.uploads_under_way;
  c.Wake(path);
  if (event.outcome != Outcome::kDone) {
    w.upload_reason = event.reason;
    const bool lost = event.outcome == Outcome::kRefused && event.reason == Reason::kNotFound;
    if (lost && FileIsAtRest(c, path)) {
      OnContentLost(c, path);
      w.uploading = {};
      w.upload_reason = Reason::kNone;
      return StepUploadMachine(c, path, UploadEvent::kDropped);
    }
    return StepUploadMachine(c, path, UploadEvent::kFailed);
  }
  w.upload_failures = 0;
  w.upload_reason = Reason::kNone;
  PathRecord& r = c.Record(path);
  CHECK(!r.chain.empty() && r.chain.front() == w.uploading);
  Node node = c.NodeOf(w.uploading);
  node.rank = event.rank;
  c.s.dag.Replace(w.uploading, std::move(node));
  c.Touch(w.uploading);
  UnuseContent(c, w.uploading);
  r.current = w.uploading;
  r.chain.erase(r.chain.begin());
  w.uploading = {};
  c.Touch(path);
  MarkDue(c, path);
  StepUploadMachine(c, path, UploadEvent::kUploaded);
}

}  // namespace kinfolder
