// Whether the store still has what we link; it may have been rolled back.
//
// An older entry of our personal DMD, or none, came back: a delayed write of ours does that, and so
// does a rollback. What we would link is asked for first, content and all. A snapshot that was
// uploaded before a rollback and linked after it shows in no entry, nor does one that was linked
// over: what was linked since our personal DMD was last read is asked for, and its parents. Once
// something is found to be gone, all that we name is asked for.
//
// What is gone is published anew: a snapshot of the same version (made from the file, by capturing
// it again) whose parents are the nearest ancestors that can still be read. Snapshots that wait to
// be published are made again upon those. Until that is done last_written is what can be read, so
// that a crash forgets nothing: the entry is found to have come back again.
#include <algorithm>

#include "core/agent/context.h"

namespace kinfolder {

namespace {

constexpr std::int64_t kBusyRetryMs = 500;
// Of what is linked between two reads so many are looked at, evenly: a rollback takes all of a
// stretch of time.
constexpr std::size_t kMostUnverified = 64;
// A run that begins within that time after a loss looks at everything once more.
constexpr std::int64_t kLossIsRecentMs = 24 * 60 * 60 * 1000;

bool Has(const std::vector<SnapshotId>& list, SnapshotId id) {
  return std::find(list.begin(), list.end(), id) != list.end();
}

// Its content has to be there too: others are to get it by this snapshot, or from here.
bool NeedsContent(Context& c, PathId path, const StoredCheck& check, SnapshotId id) {
  const std::vector<ConflictRecord>& conflicts = c.Record(path).conflicts;
  return id == check.root || Has(c.s.folder.unverified, id) ||
         std::any_of(conflicts.begin(), conflicts.end(),
                     [&](const ConflictRecord& conflict) { return conflict.head == id; });
}

void AskStored(Context& c, PathId path, StoredCheck& check) {
  const bool content = NeedsContent(c, path, check, check.asked);
  check.effect = c.AskFor(path, CheckStored{0, path, check.asked, content});
}

void AddOpen(StoredCheck& check, SnapshotId snapshot) {
  if (snapshot && check.seen.insert(snapshot).second) check.open.push_back(snapshot);
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

// What is known to be readable: what was asked for, and all below it. What is below the root has to
// be found out.
bool IsReadable(Context& c, const StoredCheck& check, SnapshotId snapshot) {
  return std::any_of(check.readable.begin(), check.readable.end(), [&](SnapshotId r) {
    return r == snapshot || (r != check.root && IsBelow(c, snapshot, r));
  });
}

// The nearest snapshots that can be read, instead of these; of those that were read here.
std::vector<SnapshotId> Nearest(Context& c, PathId path, const StoredCheck& check,
                                const std::vector<SnapshotId>& wanted) {
  std::vector<SnapshotId> found, missing;
  for (const SnapshotId id : wanted) {
    if (!IsLost(c.Record(path), id)) found.push_back(id);
    for (const SnapshotId r : check.readable)
      if (c.s.dag.Find(r) != nullptr && IsBelow(c, r, id)) found.push_back(r);
  }
  return Maximal(DagView(c.s.dag), std::move(found), &missing);
}

// The unpublished snapshots again, in their order, upon what can be read.
void BaseChainAnew(Context& c, PathId path, const StoredCheck& check) {
  const std::vector<SnapshotId> chain = c.Record(path).chain;
  RemakeChain(c, path, chain, [&](const Node& old, const NewIds& made) {
    std::vector<SnapshotId> outside, parents;
    for (const SnapshotId parent : old.parents) {
      const auto remade = made.find(parent);
      if (remade == made.end())
        outside.push_back(parent);
      else
        parents.push_back(remade->second);
    }
    for (const SnapshotId parent : Nearest(c, path, check, outside)) parents.push_back(parent);
    return parents;
  });
}

// The version that is gone from the store is on this disk only: it is taken from there.
void TakeAgain(Context& c, PathId path, const Node& lost) {
  PathRecord& r = c.Record(path);
  const Version now = c.VersionOf(r.current);
  if (r.held && !r.held->receiver) r.held->snapshot = r.current;
  if (lost.version == now && r.current) return;
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

// The path goes back to what can be read, and its version is published upon that.
void PublishAgain(Context& c, PathId path, const StoredCheck& check) {
  PathRecord& r = c.Record(path);
  const Node lost = c.NodeOf(check.root);
  // One that was given up long ago may not be known any more.
  const bool stands = Has(check.readable, check.entry) && c.s.dag.Find(check.entry) != nullptr;
  const SnapshotId entry = stands ? check.entry : SnapshotId{};
  std::vector<SnapshotId> below{check.root};
  if (entry) below.push_back(entry);
  const std::vector<SnapshotId> base = Nearest(c, path, check, below);
  for (const SnapshotId linked : {r.last_written, r.about_to_write})
    if (linked && !Has(r.loss->given_up, linked)) r.loss->given_up.push_back(linked);
  r.current = entry;
  for (const SnapshotId b : base)
    if (!entry || IsBelow(c, entry, b)) r.current = b;
  r.last_written = entry;
  r.about_to_write = entry;
  r.equal.clear();
  c.s.to_absorb.erase(path);
  if (!r.chain.empty()) return BaseChainAnew(c, path, check);
  for (const SnapshotId b : base)
    if (b != r.current) r.equal.push_back({b, 0});
  TakeAgain(c, path, lost);
}

// What waits to be published, and what is noted, names nothing any more that is gone.
void ForgetLost(Context& c, PathId path, const StoredCheck& check) {
  PathRecord& r = c.Record(path);
  std::erase_if(r.equal, [&](const EqualRecord& e) { return IsLost(r, e.head); });
  r.last_written = check.entry;
  const bool stands_on_lost = std::any_of(r.chain.begin(), r.chain.end(), [&](SnapshotId local) {
    const std::vector<SnapshotId>& parents = c.NodeOf(local).parents;
    return std::any_of(parents.begin(), parents.end(),
                       [&](SnapshotId parent) { return IsLost(r, parent); });
  });
  if (stands_on_lost) BaseChainAnew(c, path, check);
}

void NoteVerified(Context& c, PathId path) {
  const std::size_t gone = std::erase_if(c.s.folder.unverified,
                                         [&](SnapshotId id) { return c.NodeOf(id).path == path; });
  if (gone != 0) c.TouchFolder();
}

// All was asked for.
void Finish(Context& c, PathId path) {
  const StoredCheck check = c.s.dmd.checks.at(path);
  const bool root_is_there = !IsLost(c.Record(path), check.root);
  const bool all_is_there = root_is_there && !c.Record(path).loss;
  const PathWork* w = c.FindWork(path);
  const bool uploading = w != nullptr && w->upload == UploadPhase::kUploading;
  if (!all_is_there && (uploading || !FileIsAtRest(c, path)))
    return c.ArmIn(TimerKind::kCheck, path.value, kBusyRetryMs);
  c.s.dmd.checks.erase(path);
  if (!root_is_there) {
    PublishAgain(c, path, check);
  } else if (!all_is_there) {
    ForgetLost(c, path, check);
  } else {
    c.Record(path).last_written = check.entry;
  }
  NoteVerified(c, path);
  c.Touch(path);
  MarkDue(c, path);
  if (!all_is_there) c.Work(path).judge = true;
  c.Wake(path);
}

// Asks for the next one, or ends.
void GoOn(Context& c, PathId path, StoredCheck& check) {
  while (!check.open.empty()) {
    const SnapshotId next = check.open.back();
    check.open.pop_back();
    if (IsReadable(c, check, next)) continue;
    check.asked = next;
    return AskStored(c, path, check);
  }
  check.asked = {};
  Finish(c, path);
}

// What was linked since our personal DMD was last read, and what that stands on.
void AskForLinked(Context& c, PathId path, StoredCheck& check) {
  for (const SnapshotId id : c.s.folder.unverified) {
    if (c.NodeOf(id).path != path) continue;
    AddOpen(check, id);
    AddParents(c, check, id);
  }
}

// All that the path names: others' heads that are noted or shown, and what waiting snapshots stand
// on.
void AskForNamed(Context& c, PathId path, StoredCheck& check) {
  const PathRecord& r = c.Record(path);
  for (const EqualRecord& e : r.equal) AddOpen(check, e.head);
  for (const ConflictRecord& conflict : r.conflicts) AddOpen(check, conflict.head);
  AskForLinked(c, path, check);
  for (const SnapshotId local : r.chain) AddParents(c, check, local);
  for (const SnapshotId local : r.chain) std::erase(check.open, local);
}

void CheckEverything(Context& c) {
  for (std::uint32_t i = 1; i < c.s.paths.size(); ++i) {
    const PathRecord& r = c.s.paths[i].record;
    const bool names = r.tip() || !r.equal.empty() || !r.conflicts.empty();
    if (names && !IsChecked(c.s, PathId{i})) StartCheck(c, PathId{i}, r.last_written);
  }
}

void NoteFound(Context& c, PathId path, SnapshotId snapshot) {
  PathRecord& r = c.Record(path);
  if (!r.loss || std::erase(r.loss->lost, snapshot) == 0) return;
  c.Touch(path);
  c.Work(path).judge = true;
}

// Whoever names it did so before the rollback, or names what can't be read: it is no head.
void NoteLost(Context& c, PathId path, SnapshotId snapshot) {
  PathRecord& r = c.Record(path);
  if (!r.loss) r.loss = LossRecord{};
  if (!Has(r.loss->lost, snapshot)) r.loss->lost.push_back(snapshot);
  c.Touch(path);
  if (c.s.dmd.loss_found) return;
  c.s.dmd.loss_found = true;
  c.s.folder.rolled_back_wall_ms = c.s.now.wall_ms;
  c.TouchFolder();
  CheckEverything(c);
}

}  // namespace

bool IsChecked(const AgentState& s, PathId path) { return s.dmd.checks.count(path) != 0; }

bool FileIsAtRest(Context& c, PathId path) {
  if (c.Record(path).intent) return false;
  const PathWork* w = c.FindWork(path);
  // What a person did comes first: it is to stand on what it was done to.
  return w == nullptr || ((w->file == FilePhase::kIdle || w->file == FilePhase::kWaiting) &&
                          !w->plan && !w->absent && !w->changed);
}

void StartCheck(Context& c, PathId path, SnapshotId entry) {
  StoredCheck& check = c.s.dmd.checks[path];
  check = StoredCheck{};
  check.entry = entry;
  check.root = c.Record(path).current;
  check.all = c.s.dmd.loss_found;
  c.s.dmd.due.erase(path);
  if (check.all) AskForNamed(c, path, check);
  std::erase(check.open, check.root);
  if (check.root) check.open.push_back(check.root);  // the last is asked for first
  check.seen.insert(check.root);
  GoOn(c, path, check);
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
  if (event.outcome == Outcome::kDone)
    check.readable.push_back(check.asked), NoteFound(c, path, check.asked);
  else
    NoteLost(c, path, check.asked);
  // Now everything is asked for.
  if (c.s.dmd.loss_found && !check.all) return StartCheck(c, path, check.entry);
  if (event.outcome != Outcome::kDone) {
    AddParents(c, check, check.asked);
    if (check.asked == check.root && check.entry != check.root) AddOpen(check, check.entry);
  }
  GoOn(c, path, check);
}

void OnCheckTimer(Context& c, PathId path) {
  const auto it = c.s.dmd.checks.find(path);
  if (it == c.s.dmd.checks.end() || it->second.effect != 0) return;
  StoredCheck& check = it->second;
  if (c.Record(path).current != check.root) return StartCheck(c, path, check.entry);
  if (check.asked) return AskStored(c, path, check);
  Finish(c, path);
}

void OnContentLost(Context& c, PathId path) {
  PathRecord& r = c.Record(path);
  const SnapshotId gone = r.chain.front();
  const Node lost = c.NodeOf(gone);
  const std::vector<SnapshotId> kept(r.chain.begin() + 1, r.chain.end());
  c.s.folder.rolled_back_wall_ms = c.s.now.wall_ms;
  c.TouchFolder();
  RemakeChain(c, path, kept, [&](const Node& old, const NewIds& made) {
    std::vector<SnapshotId> parents;
    for (const SnapshotId parent : old.parents) {
      const auto remade = made.find(parent);
      if (parent == gone)
        parents.insert(parents.end(), lost.parents.begin(), lost.parents.end());
      else
        parents.push_back(remade == made.end() ? parent : remade->second);
    }
    return parents;
  });
  if (!kept.empty()) return;
  for (const SnapshotId parent : lost.parents)
    if (parent != r.current) r.equal.push_back({parent, 0});
  TakeAgain(c, path, lost);
}

void NoteLinked(Context& c, const std::vector<DirectoryEntry>& entries) {
  std::vector<SnapshotId>& list = c.s.folder.unverified;
  for (const DirectoryEntry& e : entries) {
    list.push_back(e.snapshot);
    if (list.size() <= kMostUnverified) continue;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < list.size(); i += 2) list[kept++] = list[i];
    list.resize(kept);
  }
  c.TouchFolder();
}

void CheckLinked(Context& c, const std::function<SnapshotId(PathId)>& entry_of) {
  DmdState& d = c.s.dmd;
  if (d.checks.empty()) d.loss_found = false;
  std::set<PathId> paths;
  for (const SnapshotId id : c.s.folder.unverified) {
    const PathId path = c.NodeOf(id).path;
    if (entry_of(path) == c.Record(path).current) paths.insert(path);  // else it is written first
  }
  for (std::uint32_t i = 1; i < c.s.paths.size(); ++i)
    if (const PathRecord& r = c.s.paths[i].record; r.loss && !r.loss->lost.empty())
      paths.insert(PathId{i});
  for (const PathId path : paths) {
    if (IsChecked(c.s, path)) continue;
    StoredCheck& check = d.checks[path];
    check.entry = entry_of(path);
    check.root = c.Record(path).current;
    d.due.erase(path);
    AskForLinked(c, path, check);
    for (const Head& head : c.Path(path).heads)
      if (IsLost(c.Record(path), head.snapshot)) AddOpen(check, head.snapshot);
    for (const ConflictRecord& conflict : c.Record(path).conflicts)
      if (IsLost(c.Record(path), conflict.head)) AddOpen(check, conflict.head);
    GoOn(c, path, check);
  }
  const std::int64_t lost_ms = c.s.folder.rolled_back_wall_ms;
  if (!d.read_once && lost_ms != 0 && c.s.now.wall_ms - lost_ms < kLossIsRecentMs) {
    d.loss_found = true;
    CheckEverything(c);
  }
  d.read_once = true;
}

}  // namespace kinfolder
