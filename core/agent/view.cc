// What people are shown of a folder; and whether anything is left to do.
#include <algorithm>

#include "core/agent/agent.h"
#include "core/agent/context.h"

namespace kinfolder {

namespace {

bool IsBusy(const PathWork& w) {
  if (!w.path) return false;
  const bool file = w.file != FilePhase::kIdle && w.file != FilePhase::kWaiting;
  const bool upload = w.upload == UploadPhase::kUploading;
  const bool copy = w.copy != CopyPhase::kIdle && w.copy != CopyPhase::kWaiting;
  return file || upload || copy || w.absent || !w.copies_gone.empty();
}

bool IsFetching(const AgentState& s) {
  return std::any_of(s.cache.begin(), s.cache.end(),
                     [](const auto& e) { return e.second.cache.phase == CachePhase::kFetching; });
}

bool IsPolling(const AgentState& s) {
  return std::any_of(s.participants.begin(), s.participants.end(), [](const auto& p) {
    return p.second.poll.phase == PollPhase::kPolling || p.second.poll.phase == PollPhase::kAgain;
  });
}

bool Publishes(const AgentState& s) { return !s.read_only && !s.folder.foreign_write; }

Reason ReasonOf(const PathWork& w) {
  if (w.reason == Reason::kIgnored) return Reason::kNone;
  if (w.reason != Reason::kNone) return w.reason;
  if (w.copy_reason != Reason::kNone && w.copy == CopyPhase::kWaiting) return w.copy_reason;
  if (w.upload_reason != Reason::kNone && w.upload == UploadPhase::kWaiting) return w.upload_reason;
  return Reason::kNone;
}

void AddConflicts(const AgentState& s, FolderView& view) {
  for (std::uint32_t i = 1; i < s.paths.size(); ++i) {
    const PathRecord& r = s.paths[i].record;
    if (r.conflicts.empty()) continue;
    ConflictView conflict;
    conflict.path = PathId{i};
    conflict.mine = r.disk.version;
    for (const ConflictRecord& c : r.conflicts) {
      const Node* node = s.dag.Find(c.head);
      ConflictView::Theirs theirs;
      theirs.owner = c.owner;
      theirs.head = c.head;
      if (node != nullptr) theirs.version = node->version;
      for (const CopyRecord& copy : r.copies)
        if (copy.version == theirs.version) theirs.copy = copy.copy;
      conflict.theirs.push_back(theirs);
    }
    view.conflicts.push_back(std::move(conflict));
  }
}

void AddWork(const AgentState& s, FolderView& view) {
  for (const PathWork& w : s.work) {
    if (!w.path) continue;
    const Reason reason = ReasonOf(w);
    if (reason != Reason::kNone) view.blocked.push_back({w.path, reason, w.blocked_since_wall_ms});
    if (!IsBusy(w) && w.upload == UploadPhase::kIdle) continue;
    ++view.files_pending;
    if (w.plan)
      if (const Node* node = s.dag.Find(w.plan->intent.mine)) view.bytes_pending += node->size;
    if (w.uploading)
      if (const Node* node = s.dag.Find(w.uploading)) view.bytes_pending += node->size;
  }
  for (const auto& [id, entry] : s.cache)
    if (entry.cache.phase == CachePhase::kInvalid)
      view.blocked.push_back({entry.path, entry.reason, 0});
  std::sort(view.blocked.begin(), view.blocked.end(),
            [](const BlockedPath& a, const BlockedPath& b) { return a.path < b.path; });
}

void AddUnpublished(const AgentState& s, FolderView& view) {
  if (!Publishes(s)) return;
  for (const PathWork& w : s.work) {
    if (!w.path || s.paths[w.path.value].record.ignore == IgnoreState::kIgnored) continue;
    for (const SnapshotId id : s.paths[w.path.value].record.chain)
      if (const Node* node = s.dag.Find(id);
          node != nullptr && (view.unpublished_since_wall_ms == 0 ||
                              node->created_ms < view.unpublished_since_wall_ms))
        view.unpublished_since_wall_ms = node->created_ms;
  }
}

bool StoreIsDown(const AgentState& s) {
  const auto collective = s.participants.find(kCollective);
  const bool poll =
      collective != s.participants.end() && collective->second.poll.phase == PollPhase::kWaiting;
  return poll || s.dmd.phase == DmdPhase::kWaiting;
}

FolderMood MoodOf(const AgentState& s, const FolderView& view) {
  if (s.phase == FolderPhase::kPaused) return FolderMood::kPaused;
  if (s.phase == FolderPhase::kRootLost || s.phase == FolderPhase::kStopped ||
      s.folder.foreign_write)
    return FolderMood::kBlocked;
  if (StoreIsDown(s)) return FolderMood::kOffline;
  if (!view.blocked.empty() || !view.held_deletes.empty()) return FolderMood::kBlocked;
  return IsQuiet(s, false) && AllWereRead(s) ? FolderMood::kInSync : FolderMood::kSyncing;
}

}  // namespace

bool IsQuiet(const AgentState& s, bool polls_count) {
  const bool root_busy = s.phase == FolderPhase::kCheckingRoot ||
                         s.phase == FolderPhase::kScanning ||
                         s.phase == FolderPhase::kScanningAgain || s.phase == FolderPhase::kNew;
  if (root_busy || !s.absences.empty() || !s.removals.empty() || s.absence_effect != 0)
    return false;
  if (IsFetching(s) || (polls_count && IsPolling(s))) return false;
  if (std::any_of(s.work.begin(), s.work.end(), IsBusy)) return false;
  if (!Publishes(s)) return true;
  if (s.dmd.phase == DmdPhase::kReading || s.dmd.phase == DmdPhase::kWriting) return false;
  if (!s.dmd.checks.empty()) return false;
  return s.dmd.phase != DmdPhase::kReady || s.dmd.due.empty();
}

FolderView View(const AgentState& s) {
  FolderView view;
  view.folder_reason = s.folder.foreign_write ? Reason::kForeignWrite : s.folder_reason;
  view.files = s.files_there;
  view.bytes = s.bytes_there;
  view.rolled_back_wall_ms = s.folder.rolled_back_wall_ms;
  view.last_scan_wall_ms = s.last_scan_wall_ms;
  view.last_poll_wall_ms = s.last_poll_wall_ms;
  AddConflicts(s, view);
  AddWork(s, view);
  AddUnpublished(s, view);
  for (std::uint32_t i = 1; i < s.paths.size(); ++i)
    if (s.paths[i].record.held) view.held_deletes.push_back(PathId{i});
  view.mood = MoodOf(s, view);
  if (view.mood == FolderMood::kOffline && view.folder_reason == Reason::kNone)
    view.folder_reason = Reason::kStore;
  return view;
}

}  // namespace kinfolder
