// An older entry of our personal DMD, or none, came back. A delayed write of ours does that, and so
// does a store that was rolled back: then what we would link may be gone. It is asked for first.
//
// What is gone is published anew: a snapshot of the same version (made from the file, by capturing
// it again) whose parents are the nearest ancestors that can still be read. Snapshots that wait to
// be published are made again upon those. Until that is done last_written stays what it was, so
// that a crash forgets nothing: the entry is found to have come back again.
#include <algorithm>

#include "core/agent/context.h"

namespace kinfolder {

namespace {

constexpr std::int64_t kBusyRetryMs = 500;

void AskStored(Context& c, PathId path, StoredCheck& check) {
  check.effect = c.AskFor(path, CheckStored{0, path, check.asked, check.asked == check.root});
}

void AddOpen(StoredCheck& check, SnapshotId snapshot) {
  if (check.seen.insert(snapshot).second) check.open.push_back(snapshot);
}

void AddParents(Context& c, StoredCheck& check, SnapshotId of) {
  const Node* node = c.s.dag.Find(of);
  if (node == nullptr) return;
  for (const SnapshotId parent : node->parents) AddOpen(check, parent);
}

bool IsBelow(Context& c, SnapshotId a, SnapshotId b) {
  const DagView view(c.s.dag);
  std::vector<SnapshotId> missing;
  return a && b && IsAncestor(view, a, b, &missing) == Answer::kYes;
}

// What is known to be readable: what the entry reaches, and what was asked for.
bool IsReadable(Context& c, const StoredCheck& check, SnapshotId snapshot) {
  if (IsBelow(c, snapshot, check.entry)) return true;
  return std::any_of(check.readable.begin(), check.readable.end(),
                     [&](SnapshotId r) { return IsBelow(c, snapshot, r); });
}

// Nothing of the path is under way that stands on the snapshot that is gone.
bool IsAtRest(Context& c, PathId path) {
  if (c.Record(path).intent) return false;
  const PathWork* w = c.FindWork(path);
  if (w == nullptr) return true;
  return (w->file == FilePhase::kIdle || w->file == FilePhase::kWaiting) && !w->plan &&
         w->upload != UploadPhase::kUploading;
}

// The unpublished snapshots again, in their order, upon what can be read.
void BaseChainOn(Context& c, PathId path, const StoredCheck& check,
                 const std::vector<SnapshotId>& base) {
  const std::vector<SnapshotId> chain = c.Record(path).chain;
  RemakeChain(c, path, chain, [&](const Node& old, const NewIds& made) {
    std::vector<SnapshotId> parents;
    if (made.empty()) parents = base;
    for (const SnapshotId parent : old.parents) {
      const auto remade = made.find(parent);
      if (remade != made.end()) {
        parents.push_back(remade->second);
      } else if (IsReadable(c, check, parent)) {
        parents.push_back(parent);
      }
    }
    return parents;
  });
}

// The version that is gone from the store is on this disk only: it is taken from there.
void TakeAgain(Context& c, PathId path, const Node& lost) {
  PathRecord& r = c.Record(path);
  const Version now = c.VersionOf(r.current);
  if (r.held && !r.held->receiver) r.held->snapshot = r.current;
  if (lost.version == now) return;
  if (lost.version.kind == Kind::kDeleted)
    return AppendLocal(c, path, kDeletedVersion, 0, 0, {}, lost.approved);
  if (!r.disk.there) {
    c.Work(path).judge = true;
    return;
  }
  // No stat is like this one, so no look takes the file for the version on record.
  DiskRecord disk;
  disk.there = true;
  disk.stat.kind = lost.version.kind;
  disk.stat.size = r.disk.stat.size;
  disk.version = now;
  SetDisk(c, path, disk);
  c.Work(path).changed = true;
}

void PublishAgain(Context& c, PathId path) {
  if (!IsAtRest(c, path)) return c.ArmIn(TimerKind::kCheck, path.value, kBusyRetryMs);
  const StoredCheck check = c.s.dmd.checks.at(path);
  c.s.dmd.checks.erase(path);
  c.s.folder.rolled_back_wall_ms = c.s.now.wall_ms;
  c.TouchFolder();
  PathRecord& r = c.Record(path);
  const Node lost = c.NodeOf(check.root);
  std::vector<SnapshotId> base = check.readable, missing;
  if (check.entry) base.push_back(check.entry);
  base = Maximal(DagView(c.s.dag), std::move(base), &missing);
  r.current = check.entry;
  for (const SnapshotId b : base)
    if (!check.entry || IsBelow(c, check.entry, b)) r.current = b;
  r.last_written = check.entry;
  r.about_to_write = check.entry;
  r.equal.clear();
  c.s.to_absorb.erase(path);
  if (!r.chain.empty()) {
    BaseChainOn(c, path, check, base);
  } else {
    for (const SnapshotId b : base)
      if (b != r.current) r.equal.push_back({b, 0});
    TakeAgain(c, path, lost);
  }
  c.Touch(path);
  MarkDue(c, path);
  c.Work(path).judge = true;
  c.Wake(path);
}

// Whoever named it did so before the rollback, or names what can't be read: it is no head.
void NoteGone(Context& c, PathId path, SnapshotId snapshot) {
  c.s.dmd.gone.insert(snapshot);
  std::erase_if(c.Path(path).heads, [&](const Head& head) { return head.snapshot == snapshot; });
}

// Asks for the next ancestor that could be the nearest, or ends.
void GoOn(Context& c, PathId path, StoredCheck& check) {
  while (!check.open.empty()) {
    const SnapshotId next = check.open.back();
    check.open.pop_back();
    if (IsReadable(c, check, next)) continue;
    check.asked = next;
    return AskStored(c, path, check);
  }
  check.asked = {};
  PublishAgain(c, path);
}

}  // namespace

bool IsChecked(const AgentState& s, PathId path) { return s.dmd.checks.count(path) != 0; }

void StartCheck(Context& c, PathId path, SnapshotId entry) {
  StoredCheck& check = c.s.dmd.checks[path];
  check = StoredCheck{};
  check.entry = entry;
  check.root = check.asked = c.Record(path).current;
  c.s.dmd.due.erase(path);
  AskStored(c, path, check);
}

void OnStoredChecked(Context& c, const StoredChecked& event) {
  const PathId path = TakeAwaited(c, event.id);
  const auto it = c.s.dmd.checks.find(path);
  if (!path || it == c.s.dmd.checks.end() || it->second.effect != event.id) return;
  StoredCheck& check = it->second;
  check.effect = 0;
  if (c.Record(path).current != check.root) return StartCheck(c, path, check.entry);
  if (event.outcome == Outcome::kFailed || event.outcome == Outcome::kUnclear) {
    ++check.failures;
    return c.ArmRetry(TimerKind::kCheck, path.value, check.failures);
  }
  check.failures = 0;
  const bool there = event.outcome == Outcome::kDone;
  if (!there) NoteGone(c, path, check.asked);
  if (there && check.asked == check.root) {
    c.Record(path).last_written = check.entry;
    c.s.dmd.checks.erase(it);
    c.Touch(path);
    c.Wake(path);
    return MarkDue(c, path);
  }
  if (there) {
    check.readable.push_back(check.asked);
  } else {
    AddParents(c, check, check.asked);
    if (check.asked == check.root)
      for (const SnapshotId local : c.Record(path).chain) AddParents(c, check, local);
    for (const SnapshotId local : c.Record(path).chain) std::erase(check.open, local);
    std::erase(check.open, check.root);
  }
  GoOn(c, path, check);
}

void OnCheckTimer(Context& c, PathId path) {
  const auto it = c.s.dmd.checks.find(path);
  if (it == c.s.dmd.checks.end() || it->second.effect != 0) return;
  StoredCheck& check = it->second;
  if (c.Record(path).current != check.root) return StartCheck(c, path, check.entry);
  if (check.asked) return AskStored(c, path, check);
  PublishAgain(c, path);
}

}  // namespace kinfolder
