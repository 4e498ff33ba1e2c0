// What a person did on this disk becomes local snapshots.
#include <algorithm>
#include <set>

#include "core/agent/context.h"

namespace kinfolder {

namespace {

// Looking for a version among ancestors stops there; then the file counts as a version of its own.
constexpr std::size_t kMostAncestorsSearched = 10'000;

// A content that was taken down for nothing. Directories have none.
void ForgetUnused(Context& c, ContentId content) {
  if (content && c.s.content_uses.count(content) == 0) c.Tell(ForgetContent{content});
}

// It is being read, or did not fail so often that the file goes on without it.
bool IsAwaited(const CacheState& cache) {
  constexpr std::uint32_t kTries = 3;
  return cache.phase == CachePhase::kFetching ||
         (cache.phase == CachePhase::kWaiting && cache.failures < kTries);
}

// An ancestor of `head` (or itself) with that version; none if there is none. *waits: that hangs on
// snapshots that are being read.
SnapshotId FindVersion(Context& c, PathId path, SnapshotId head, const Version& version,
                       bool* waits) {
  std::vector<SnapshotId> todo{head};
  std::set<SnapshotId> seen{head};
  for (std::size_t i = 0; i < todo.size() && i < kMostAncestorsSearched; ++i) {
    const Node* node = c.s.dag.Find(todo[i]);
    if (node == nullptr || node->path != path) {  // another path's is never read for this one
      Want(c, path, todo[i]);
      const auto entry = c.s.cache.find(todo[i]);
      *waits |= entry != c.s.cache.end() && IsAwaited(entry->second.cache);
      continue;
    }
    if (node->version == version) return todo[i];
    for (const SnapshotId parent : node->parents)
      if (seen.insert(parent).second) todo.push_back(parent);
  }
  return {};
}

// The snapshot at rest on this path is a known one: nothing is uploaded.
void AdoptSnapshot(Context& c, PathId path, SnapshotId snapshot) {
  c.Record(path).current = snapshot;
  c.Touch(path);
  MarkDue(c, path);
  c.Work(path).judge = true;
  c.Wake(path);
}

// `x.conflict-p` whose version is that of a concurrent head of x's is that head's copy.
bool AdoptAsCopy(Context& c, PathId path) {
  const PathWork& w = c.Work(path);
  if (!w.copy_of) return false;
  const PathId base = w.copy_of;
  const ParticipantId owner = w.copy_of_owner;
  const DiskRecord disk = c.Record(path).disk;
  const PathRecord& r = c.Record(base);
  for (const ConflictRecord& conflict : r.conflicts) {
    const Node* node = c.s.dag.Find(conflict.head);
    if (conflict.owner != owner || node == nullptr || node->version != disk.version) continue;
    const bool taken = std::any_of(r.copies.begin(), r.copies.end(), [&](const CopyRecord& copy) {
      return copy.version == disk.version;
    });
    if (taken) continue;
    CopyRecord copy;
    copy.copy = path;
    copy.owner = owner;
    copy.version = disk.version;
    copy.stat = disk.stat;
    SetDisk(c, path, DiskRecord{});
    RecordCopy(c, base, copy);
    return true;
  }
  return false;
}

// A possible copy waits until the path it may be a copy of has come to rest.
bool BaseIsBusy(Context& c, PathId base) {
  if (!base) return false;
  const PathWork* w = c.FindWork(base);
  if (w == nullptr) return false;
  return w->changed || w->judge || (w->file != FilePhase::kIdle && w->file != FilePhase::kWaiting);
}

}  // namespace

SnapshotId NewLocalId(Context& c) {
  c.TouchFolder();
  return SnapshotId{kLocalSnapshotBit | c.s.folder.next_local++};
}

Node NewNode(Context& c, PathId path, const Version& version, std::uint64_t size,
             std::int64_t mtime_ns, std::vector<SnapshotId> parents) {
  std::erase(parents, SnapshotId{});
  std::sort(parents.begin(), parents.end());
  parents.erase(std::unique(parents.begin(), parents.end()), parents.end());
  Node node;
  node.path = path;
  node.version = version;
  node.size = version.kind == Kind::kDeleted ? 0 : size;
  node.created_ms = c.s.now.wall_ms;
  node.mtime_ns = mtime_ns;
  node.author = kSelf;
  node.generation = 1;
  for (const SnapshotId parent : parents)
    if (const Node* p = c.s.dag.Find(parent))
      node.generation = std::max(node.generation, p->generation + 1);
  node.parents = std::move(parents);
  return node;
}

void AddNode(Context& c, SnapshotId id, Node node) {
  c.s.dag.Add(id, std::move(node));
  c.Touch(id);
}

void UseContent(Context& c, SnapshotId unpublished) {
  const Node* node = c.s.dag.Find(unpublished);
  if (node != nullptr && node->version.content) ++c.s.content_uses[node->version.content];
}

void UnuseContent(Context& c, SnapshotId unpublished) {
  const Node* node = c.s.dag.Find(unpublished);
  if (node == nullptr || !node->version.content) return;
  const auto it = c.s.content_uses.find(node->version.content);
  if (it == c.s.content_uses.end() || --it->second != 0) return;
  c.s.content_uses.erase(it);
  c.Tell(ForgetContent{node->version.content});
}

void AppendLocal(Context& c, PathId path, const Version& version, std::uint64_t size,
                 std::int64_t mtime_ns, std::vector<SnapshotId> more, bool approved) {
  PathRecord& r = c.Record(path);
  more.push_back(r.tip());
  for (const EqualRecord& e : r.equal) more.push_back(e.head);
  Node node = NewNode(c, path, version, size, mtime_ns, std::move(more));
  node.approved = approved;
  const SnapshotId id = NewLocalId(c);
  AddNode(c, id, std::move(node));
  r.chain.push_back(id);
  r.equal.clear();
  c.s.to_absorb.erase(path);
  UseContent(c, id);
  c.Touch(path);
  MarkDue(c, path);  // a delete that is followed by something is not linked any more
  // A new tip may settle what was a conflict, or be newer than what was noted.
  if (!r.conflicts.empty() || !c.Path(path).heads.empty()) c.Work(path).judge = true;
  c.Wake(path);
}

void RemakeChain(
    Context& c, PathId path, const std::vector<SnapshotId>& kept,
    const std::function<std::vector<SnapshotId>(const Node&, const NewIds&)>& parents_of) {
  PathRecord& r = c.Record(path);
  NewIds made;
  std::vector<SnapshotId> chain;
  for (const SnapshotId old : kept) {
    const Node before = c.NodeOf(old);
    Node node =
        NewNode(c, path, before.version, before.size, before.mtime_ns, parents_of(before, made));
    node.created_ms = before.created_ms;
    node.approved = before.approved;
    const SnapshotId id = NewLocalId(c);
    AddNode(c, id, std::move(node));
    UseContent(c, id);  // before the old one's use ends: the content is needed on
    made[old] = id;
    chain.push_back(id);
  }
  for (const SnapshotId old : r.chain) UnuseContent(c, old);
  if (r.held && made.count(r.held->snapshot) != 0) r.held->snapshot = made[r.held->snapshot];
  r.chain = std::move(chain);
  c.Touch(path);
}

void TakeVersion(Context& c, PathId path, const Version& version, const Stat& stat) {
  if (const auto copy = c.s.copy_owner_of.find(path); copy != c.s.copy_owner_of.end()) {
    // A look at a conflict copy: untouched bytes, or somebody's own now.
    const PathId base = copy->second;
    CopyRecord* record = FindCopy(c, base, path);
    if (record != nullptr && record->version == version) record->stat = stat;
    // The record stays as it is until the edited one has a name of its own: a crash forgets this.
    if (record != nullptr && record->version != version) c.Work(base).copies_edited[path] = stat;
    c.Touch(base);
    c.Wake(base);
    ForgetUnused(c, version.content);
    return;
  }
  PathRecord& r = c.Record(path);
  if (r.held && !r.held->receiver) r.held.reset();
  const DiskRecord disk{true, stat, version};
  const SnapshotId tip = r.tip();
  if (tip && version == c.VersionOf(tip)) {
    SetDisk(c, path, disk);
    ForgetUnused(c, version.content);
    return;
  }
  SetDisk(c, path, disk);
  if (!tip) {
    c.Work(path).judge = true;  // Decide adopts it, or makes its first snapshot
    return c.Wake(path);
  }
  if (c.s.read_only) return BlockFile(c, path, Reason::kPermission);
  AppendLocal(c, path, version, stat.size, stat.mtime_ns);
}

bool AdoptUnrecorded(Context& c, PathId path) {
  if (AdoptAsCopy(c, path)) return true;
  if (!c.s.folder.joined && !c.s.may_adopt) return false;
  if (BaseIsBusy(c, c.Work(path).copy_of)) {
    c.ArmIn(TimerKind::kFile, path.value, 500);
    return false;
  }
  const DiskRecord disk = c.Record(path).disk;
  std::vector<Head> heads = c.Path(path).heads;
  std::erase_if(heads, [&](const Head& h) { return IsLost(c.Record(path), h.snapshot); });
  std::vector<SnapshotId> known;
  bool waits = false;
  for (const Head& head : heads) {
    const Node* node = c.s.dag.Find(head.snapshot);
    if (node != nullptr && node->path == path) {
      known.push_back(head.snapshot);
    } else {
      FindVersion(c, path, head.snapshot, disk.version, &waits);
    }
  }
  if (waits) return false;
  std::vector<SnapshotId> missing;
  const DagView view(c.s.dag);
  const std::vector<SnapshotId> maximal = Maximal(view, known, &missing);
  // Facing a delete as the only maximal head it stays, as the delete's child.
  const bool deleted = maximal.size() == 1 && c.NodeOf(maximal[0]).version.kind == Kind::kDeleted;
  if (deleted && !c.s.read_only) {
    AppendLocal(c, path, disk.version, disk.stat.size, disk.stat.mtime_ns, maximal);
    return true;
  }
  for (const auto& candidates : {maximal, known})
    for (const SnapshotId head : candidates)
      if (c.NodeOf(head).version == disk.version) {
        AdoptSnapshot(c, path, head);
        return true;
      }
  if (maximal.size() == 1) {
    const SnapshotId found = FindVersion(c, path, maximal[0], disk.version, &waits);
    if (found) {
      AdoptSnapshot(c, path, found);
      return true;
    }
    if (waits) return false;
  }
  if (c.s.read_only) {
    BlockFile(c, path, Reason::kPermission);
    return false;
  }
  AppendLocal(c, path, disk.version, disk.stat.size, disk.stat.mtime_ns);  // a new root
  return true;
}

}  // namespace kinfolder
