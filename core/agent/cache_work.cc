// Carrying out the actions of the cache entries: reading snapshots we only know by name.
#include <algorithm>

#include "core/agent/context.h"

namespace kinfolder {

namespace {

void WakeWaiting(Context& c, CacheEntry& entry) {
  for (const PathId path : entry.waiting) {
    c.Work(path).judge = true;
    c.Wake(path);
  }
}

void AskFetch(Context& c, SnapshotId snapshot, CacheEntry& entry) {
  entry.effect = c.Ask(FetchSnapshot{0, entry.path, snapshot});
}

// A parent that descends from it, which only a forger can make. What is somebody's head was not
// asked for as an ancestor, so nothing is known to descend from it: long histories are not walked.
bool ClosesCycle(Context& c, PathId path, SnapshotId snapshot, const SnapshotFacts& facts) {
  for (const Head& head : c.Path(path).heads)
    if (head.snapshot == snapshot) return false;
  const DagView view(c.s.dag, path);
  std::vector<SnapshotId> missing;
  return std::any_of(facts.parents.begin(), facts.parents.end(), [&](SnapshotId parent) {
    return IsAncestor(view, snapshot, parent, &missing) == Answer::kYes;
  });
}

}  // namespace

void Want(Context& c, PathId path, SnapshotId snapshot) {
  if (const Node* node = c.s.dag.Find(snapshot); node != nullptr) {
    if (node->path != path) BlockFile(c, path, Reason::kWrongPath);
    return;
  }
  CacheEntry& entry = c.s.cache[snapshot];
  if (!entry.path) entry.path = path;
  entry.waiting.insert(path);
  StepCacheEntry(c, snapshot, CacheEvent::kWanted);
}

void StepCacheEntry(Context& c, SnapshotId snapshot, CacheEvent event) {
  const auto it = c.s.cache.find(snapshot);
  if (it == c.s.cache.end()) return;  // known meanwhile
  CacheEntry& entry = it->second;
  const auto from = entry.cache.phase;
  const auto asked = StepCache(entry.cache, event);
  const auto result = c.Noted(MachineKind::kCache, from, event, entry.cache.phase, asked);
  if (result.verdict != Verdict::kTaken) return;
  switch (result.action) {
    case CacheAction::kNone:
      return;
    case CacheAction::kFetch:
      return AskFetch(c, snapshot, entry);
    case CacheAction::kKeep:
      WakeWaiting(c, entry);
      c.s.cache.erase(it);
      return;
    case CacheAction::kBackOff:
      // Files without a record go on without it for now.
      WakeWaiting(c, entry);
      return c.ArmRetry(TimerKind::kCache, snapshot.value, entry.cache.failures);
    case CacheAction::kReport:
      return WakeWaiting(c, entry);
  }
}

void OnSnapshotFetched(Context& c, const SnapshotFetched& event) {
  const auto it = c.s.cache.find(event.snapshot);
  if (it == c.s.cache.end() || it->second.effect != event.id) return;
  CacheEntry& entry = it->second;
  entry.effect = 0;
  entry.reason = event.reason;
  if (event.outcome == Outcome::kFailed || event.outcome == Outcome::kUnclear)
    return StepCacheEntry(c, event.snapshot, CacheEvent::kFailed);
  if (event.outcome == Outcome::kDone && event.facts.path != entry.path)
    entry.reason = Reason::kWrongPath;
  if (IsLocalId(event.snapshot)) entry.reason = Reason::kHistory;  // ours are never read
  if (event.outcome == Outcome::kDone && ClosesCycle(c, entry.path, event.snapshot, event.facts))
    entry.reason = Reason::kHistory;
  if (event.outcome == Outcome::kRefused || entry.reason != Reason::kNone)
    return StepCacheEntry(c, event.snapshot, CacheEvent::kRefused);
  const SnapshotFacts& f = event.facts;
  Node node;
  node.path = f.path;
  node.version = f.version;
  node.size = f.size;
  node.generation = f.generation;
  node.rank = f.rank;
  node.created_ms = f.created_ms;
  node.mtime_ns = f.mtime_ns;
  node.author = f.author;
  node.approved = f.approved;
  node.parents = f.parents;
  AddNode(c, event.snapshot, std::move(node));
  StepCacheEntry(c, event.snapshot, CacheEvent::kFetched);
}

}  // namespace kinfolder
