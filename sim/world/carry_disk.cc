// Carries out the effects that touch the disk of one machine.
//
// What is durable when, after the real shells. The effect takes place at once; what it changed is
// synced just before its answer is heard, so that a power cut can fall between:
//   Capture         the copy in the state directory: StagingArea::Sync before the results are
//                   handed over (shells/host/disk_jobs.cc, SyncCaptured). The file itself is not.
//   StageTarget     (store_staging.cc) the file and the staging area's names: Applier::SyncStaged
//                   before Staged (shells/host/store_contents.cc)
//   Replace, Settle, PlaceCopy, RemoveCopy, MoveAside
//                   the directories of which a name changed, then the staging area's names:
//                   Applier::SyncDirectories for all that was touched (disk_replace.cc,
//                   SyncTouched). Where nothing was renamed, nothing is synced: dropping a
//                   displaced or staged file is written down some time later.
//   RecoverReplace  the file's directory and the staging area's names, if it had taken place
// Records and tables are one synced batch of the state database (shells/state/state_db.cc): durable
// as soon as committed, and a content's row says "copied" only after the copy was synced.
#include "core/base/check.h"
#include "sim/world/disk_names.h"
#include "sim/world/file_names.h"
#include "sim/world/world.h"

namespace kinfolder::sim {

namespace {

struct Hands {
  World& world;
  Judge& judge;
  int machine;
  Machine& m;
  Tables& tables;

  // Where the file of a path is.
  std::string Path(PathId id) const { return LearnDiskPath(*m.agent, m.disk, Wire(id)); }
  const std::string& Wire(PathId id) const { return tables.paths.at(id.value); }
  void Changed(const std::string& path) const { Touched(world, machine, path); }
  // Empty directories on record are not tidied away.
  std::function<bool(const std::string&)> Keeps() const {
    return [this](const std::string& dir) {
      const auto id = tables.path_ids.find(WirePath(dir).value_or(dir));
      return id != tables.path_ids.end() &&
             KeepsDirectory(m.agent->driver.state(), PathId{id->second});
    };
  }
  // What is synced after names have changed since `op`.
  SyncPoint Renamed(std::uint64_t op) const {
    SyncPoint point;
    point.directories = DirectoriesSince(m.disk.unsynced, op);
    point.tmp = !point.directories.empty();
    return point;
  }
  // Answers with what `act` says, after syncing the names that it changed.
  template <class Act>
  void AnswerRenamed(Act act) const {
    const std::uint64_t op = m.disk.unsynced.next_op;
    auto answer = act();
    AnswerSynced(world, machine, std::move(answer), Renamed(op));
  }
  // The shell has made an ordinary file itself: it says so, watcher or not.
  void Made(const std::string& path) const {
    Changed(path);
    Answer(world, machine, Observed{{Observe(world, machine, path)}});
  }
};

// What the agent's own file at an inode is besides the times.
bool SameFile(const Stat& a, const Stat& b) {
  return a.kind == b.kind && a.size == b.size && a.mtime_ns == b.mtime_ns && a.inode == b.inode &&
         a.exec == b.exec;
}

// Drops what is staged under the token.
void Drop(const Hands& hands, std::uint64_t token, const std::string& path) {
  const auto staged = hands.m.disk.tmp.find(token);
  if (staged == hands.m.disk.tmp.end()) return;
  const std::uint64_t number = staged->second;
  const Inode inode = hands.m.disk.inodes.at(number);
  const bool users = inode.staged_blob == 0 || inode.staged_blob != inode.blob;
  if (users && inode.kind != Kind::kDirectory) {
    hands.judge.Destroying(hands.world, hands.machine, path,
                           {inode.kind, inode.blob, (inode.mode & 0100) != 0});
    NoteDeed(hands.world, hands.machine, Deed::kDropped, path, inode.blob);
  }
  SetTmp(hands.m.disk, token, std::nullopt);
  Reap(hands.m.disk, number);
}

void Do(const Hands& hands, const LookAtRoot& effect) {
  Answer(hands.world, hands.machine, RootLooked{effect.id, RootReason(hands.m.disk)});
}

void Do(const Hands& hands, const Scan& effect) {
  constexpr std::size_t kChunk = 64;
  bool complete = true;
  std::set<std::string> paths = ListAll(hands.m, &complete);
  for (PathId known : KnownPaths(hands.m.agent->driver.state())) paths.insert(hands.Wire(known));
  Observed chunk;
  std::int64_t after_ms = 1;
  for (const std::string& path : paths) {
    chunk.observations.push_back(Observe(hands.world, hands.machine, path));
    if (chunk.observations.size() < kChunk) continue;
    Answer(hands.world, hands.machine, std::move(chunk), after_ms++);
    chunk = {};
  }
  if (!chunk.observations.empty()) Answer(hands.world, hands.machine, std::move(chunk), after_ms++);
  Answer(hands.world, hands.machine, ScanFinished{effect.id, complete}, after_ms);
}

void Do(const Hands& hands, const Look& effect) {
  Answer(hands.world, hands.machine,
         Looked{effect.id, Observe(hands.world, hands.machine, hands.Wire(effect.path))});
}

Captured CaptureNow(const Hands& hands, const Capture& effect) {
  Captured captured;
  captured.id = effect.id;
  const Observation seen = Observe(hands.world, hands.machine, hands.Wire(effect.path));
  if (seen.presence != Presence::kThere) {
    captured.outcome = seen.presence == Presence::kGone ? Outcome::kRefused : Outcome::kFailed;
    captured.reason = seen.reason;
    return captured;
  }
  const std::string path = hands.Path(effect.path);
  const Inode& inode = *FindFile(hands.m.disk, path);
  if (inode.kind == Kind::kFile && (inode.mode & 0400) == 0) {
    captured.reason = Reason::kPermission;
    return captured;
  }
  const SharedVersion version = VersionAt(hands.m.disk, path);
  const Version local = Local(hands.tables, version);
  if (local.content) {
    ContentRow& row = hands.tables.contents.at(local.content.value);
    if (!row.staged && hands.m.disk.full) {
      captured.reason = Reason::kDiskFull;
      return captured;
    }
    if (!row.staged) hands.m.disk.unsynced.staged[version.blob] = hands.world.now_ms;
    NoteDeed(hands.world, hands.machine, Deed::kCaptured, path, version.blob);
  }
  captured.outcome = Outcome::kDone;
  captured.version = local;
  captured.stat = seen.stat;
  return captured;
}

void Do(const Hands& hands, const Capture& effect) {
  Captured captured = CaptureNow(hands, effect);
  AnswerDue answer{hands.machine, hands.m.incarnation, captured, {}, 0, 0};
  if (captured.outcome == Outcome::kDone && captured.version.content) {
    answer.staged = captured.version.content;
    answer.synced.staged.insert(hands.tables.contents.at(captured.version.content.value).blob);
  }
  Push(hands.world, hands.world.now_ms + 1, std::move(answer));
}

void Do(const Hands& hands, const DropStaged& effect) {
  Drop(hands, effect.token, "a staged file");
}

// The staged file takes the place of what is at `path`, which goes to the token.
void PutStaged(const Hands& hands, const std::string& path, std::uint64_t token) {
  Disk& disk = hands.m.disk;
  const std::int64_t now_ns = NowNs(hands.world, hands.machine);
  const std::uint64_t fresh = disk.tmp.at(token);
  const SharedVersion old = VersionAt(disk, path);
  if (const auto name = disk.names.find(path); name != disk.names.end()) {
    const std::uint64_t former = name->second;
    hands.judge.Displacing(hands.world, hands.machine, path, old);
    if (disk.inodes.at(former).kind == Kind::kDirectory) {
      Unlink(disk, path);
    } else {
      disk.inodes.at(former).ctime_ns = now_ns;
      NoteDeed(hands.world, hands.machine, Deed::kDisplaced, path, old.blob);
    }
  } else {
    MakeParents(disk, path, now_ns);
  }
  Exchange(disk, path, token);
  disk.inodes.at(fresh).ctime_ns = now_ns;
  NoteDeed(hands.world, hands.machine, Deed::kPlaced, path, disk.inodes.at(fresh).blob);
  hands.Changed(path);
}

void TakeAway(const Hands& hands, const std::string& path, std::uint64_t token) {
  Disk& disk = hands.m.disk;
  const std::uint64_t former = disk.names.at(path);
  const SharedVersion old = VersionAt(disk, path);
  hands.judge.Displacing(hands.world, hands.machine, path, old);
  if (disk.inodes.at(former).kind == Kind::kDirectory) {
    Unlink(disk, path);
  } else {
    if (disk.tmp.count(token) != 0)
      Violate(hands.world, "I5",
              hands.m.name + " moves " + path + " aside under a token that another file has",
              old.blob);
    Exchange(disk, path, token);
    disk.inodes.at(former).ctime_ns = NowNs(hands.world, hands.machine);
    NoteDeed(hands.world, hands.machine, Deed::kDisplaced, path, old.blob);
  }
  hands.Changed(path);
  PruneParents(disk, path, hands.Keeps());
}

// Fills in how things stand after the replacement took place.
void TellPlaced(const Hands& hands, const std::string& path, bool remove, std::uint64_t token,
                Replaced& replaced) {
  const Disk& disk = hands.m.disk;
  replaced.outcome = Outcome::kDone;
  replaced.stat = Stat{};
  if (!remove) {
    if (const auto stat = StatAt(disk, hands.world.blobs, path)) replaced.stat = *stat;
  }
  if (const auto old = disk.tmp.find(token); old != disk.tmp.end()) {
    replaced.displaced = true;
    replaced.displaced_stat = StatOf(disk, hands.world.blobs, old->second);
  }
}

// The version of an empty directory says only that there is one. With other files in it, it is
// there (for a target), and stays as their parent (for a removal).
bool DirectoryIsInUse(const Hands& hands, const Replace& effect, const std::string& path) {
  Disk& disk = hands.m.disk;
  const bool directory = disk.names.count(path) != 0
                             ? disk.inodes.at(disk.names.at(path)).kind == Kind::kDirectory
                             : HasChildren(disk, path);
  if (!directory) return false;
  if (effect.remove) {
    if (!effect.expected || effect.expected->kind != Kind::kDirectory) return false;
    // Empty, but not as it was: files came and went.
    if (disk.names.count(path) != 0 && !HasChildren(disk, path))
      TakeAway(hands, path, effect.token);
    return true;
  }
  const auto staged = disk.tmp.find(effect.token);
  if (staged == disk.tmp.end() || disk.inodes.at(staged->second).kind != Kind::kDirectory)
    return false;
  Drop(hands, effect.token, path);
  return true;
}

// What is there is not what was expected: nothing is done. A directory in
// the way, or a file in place of one, is a clash.
Replaced RefuseFor(const Hands& hands, const Replace& effect, const std::string& path) {
  Replaced replaced;
  replaced.id = effect.id;
  const Disk& disk = hands.m.disk;
  const std::optional<Stat> present = StatAt(disk, hands.world.blobs, path);
  const bool below_file = UnderFile(disk, path);
  if (!below_file && DirectoryIsInUse(hands, effect, path)) {
    replaced.outcome = Outcome::kDone;
    if (const auto stat = StatAt(disk, hands.world.blobs, path); stat && !effect.remove)
      replaced.stat = *stat;
  } else if (below_file && !effect.expected) {
    replaced.outcome = effect.remove ? Outcome::kDone : Outcome::kFailed;
    if (!effect.remove) replaced.reason = Reason::kNameClash;
  } else if (!below_file && present && present->kind == Kind::kDirectory) {
    replaced.reason = Reason::kNameClash;
  } else {
    replaced.outcome = Outcome::kRefused;
    if (!below_file && present) replaced.stat = *present;
  }
  return replaced;
}

Replaced ReplaceNow(const Hands& hands, const Replace& effect) {
  Replaced replaced;
  replaced.id = effect.id;
  Disk& disk = hands.m.disk;
  const std::string path = hands.Path(effect.path);
  const Observation seen = Observe(hands.world, hands.machine, path);
  if (seen.presence == Presence::kUnknown) {
    replaced.reason = seen.reason;
    return replaced;
  }
  const std::optional<Stat> present = StatAt(disk, hands.world.blobs, path);
  if (UnderFile(disk, path) || present != effect.expected ||
      (present && present->kind == Kind::kDirectory && HasChildren(disk, path)))
    return RefuseFor(hands, effect, path);
  if (!effect.remove) {
    replaced.reason =
        disk.tmp.count(effect.token) == 0 ? Reason::kNotFound : NameReason(disk, path);
    if (replaced.reason != Reason::kNone) return replaced;
  }
  if (!effect.remove) {
    PutStaged(hands, path, effect.token);
  } else if (present) {
    TakeAway(hands, path, effect.token);
  }
  TellPlaced(hands, path, effect.remove, effect.token, replaced);
  return replaced;
}

void Do(const Hands& hands, const Replace& effect) {
  hands.AnswerRenamed([&] { return ReplaceNow(hands, effect); });
}

Replaced RecoverNow(const Hands& hands, const RecoverReplace& effect) {
  Replaced replaced;
  replaced.id = effect.id;
  Disk& disk = hands.m.disk;
  const std::string path = hands.Path(effect.path);
  if (const Reason reason = RootReason(disk); reason != Reason::kNone) {
    replaced.reason = reason;
    return replaced;
  }
  const auto aside = disk.tmp.find(effect.token);
  const auto name = disk.names.find(path);
  const bool in_tmp = aside != disk.tmp.end(), there = name != disk.names.end();
  const bool placed = !effect.remove && there && name->second == effect.staged.inode;
  const bool not_placed = !effect.remove && in_tmp && aside->second == effect.staged.inode;
  const bool both_names = in_tmp && there && aside->second == name->second;
  // All is as it was before, and what was staged is gone: a power cut has undone it.
  const bool undone = !effect.remove && !in_tmp && there && effect.expected &&
                      name->second == effect.expected->inode;
  const bool lost = !effect.remove && !in_tmp && !there && effect.gone_is_undone;
  const bool took_place = placed || (!both_names && !undone && !lost &&
                                     (effect.remove ? in_tmp || !there : !not_placed));
  // What waits to be placed stays until the core has taken down that it was not: until then its
  // absence says that it was.
  if (both_names) SetTmp(disk, effect.token, std::nullopt);
  if (!took_place) {
    replaced.outcome = Outcome::kRefused;
    return replaced;
  }
  if (effect.remove) {
    TellPlaced(hands, path, true, effect.token, replaced);
    return replaced;
  }
  TellPlaced(hands, path, false, effect.token, replaced);
  // What was put there may have been edited since: only its own bytes count as the target's.
  const Inode* present = FindFile(disk, path);
  const bool untouched = present && replaced.stat.inode == effect.staged.inode &&
                         present->blob == present->staged_blob &&
                         SameFile(replaced.stat, effect.staged);
  if (!untouched) replaced.stat = effect.staged;
  return replaced;
}

void Do(const Hands& hands, const RecoverReplace& effect) {
  const Replaced replaced = RecoverNow(hands, effect);
  SyncPoint synced;
  if (replaced.outcome == Outcome::kDone) {
    std::string dir = ParentOf(hands.Path(effect.path));
    while (!dir.empty() && hands.m.disk.names.count(dir) == 0) dir = ParentOf(dir);
    synced.directories.insert(dir.empty() ? 0 : hands.m.disk.names.at(dir));
    synced.tmp = true;
  }
  AnswerSynced(hands.world, hands.machine, replaced, std::move(synced));
}

Settled SettleNow(const Hands& hands, const Settle& effect) {
  Disk& disk = hands.m.disk;
  const std::string path = hands.Path(effect.path);
  const auto old = disk.tmp.find(effect.token);
  if (old == disk.tmp.end()) return {effect.id, Outcome::kDone, Reason::kNone};
  const std::uint64_t number = old->second;
  if (disk.inodes.at(number).writers > 0) return {effect.id, Outcome::kFailed, Reason::kUnstable};
  if (StatOf(disk, hands.world.blobs, number) == effect.displaced) {
    Drop(hands, effect.token, path);
    return {effect.id, Outcome::kDone, Reason::kNone};
  }
  const std::string beside = FreeName(disk, path, ".kept");
  MakeParents(disk, beside, NowNs(hands.world, hands.machine));
  Exchange(disk, beside, effect.token);
  NoteDeed(hands.world, hands.machine, Deed::kPutBeside, beside, disk.inodes.at(number).blob);
  hands.Made(beside);
  return {effect.id, Outcome::kRefused, Reason::kNone};
}

void Do(const Hands& hands, const Settle& effect) {
  hands.AnswerRenamed([&] { return SettleNow(hands, effect); });
}

CopyPlaced PlaceNow(const Hands& hands, const PlaceCopy& effect) {
  CopyPlaced placed;
  placed.id = effect.id;
  Disk& disk = hands.m.disk;
  // Foreign entries of our own directory are called by our own name.
  const ParticipantId owner = effect.owner == kForeign ? kSelf : effect.owner;
  const std::uint32_t directory = hands.tables.participants.at(owner.value);
  placed.copy = PathIdOf(
      hands.tables,
      CopyName(hands.Wire(effect.path), NameOf(hands.world.store, directory), effect.attempt));
  const std::string name = hands.Path(placed.copy);
  const auto staged = disk.tmp.find(effect.token);
  const Observation seen = Observe(hands.world, hands.machine, name);
  if (seen.presence == Presence::kUnknown || staged == disk.tmp.end()) {
    placed.reason = seen.presence == Presence::kUnknown ? seen.reason : Reason::kNotFound;
    return placed;
  }
  if (disk.names.count(name) != 0) {
    placed.outcome = Outcome::kRefused;
    return placed;
  }
  placed.reason = UnderFile(disk, name) ? Reason::kNameClash : NameReason(disk, name);
  if (placed.reason != Reason::kNone) return placed;
  const std::int64_t now_ns = NowNs(hands.world, hands.machine);
  MakeParents(disk, name, now_ns);
  const std::uint64_t number = staged->second;
  Exchange(disk, name, effect.token);
  disk.inodes.at(number).ctime_ns = now_ns;
  NoteDeed(hands.world, hands.machine, Deed::kCopyPlaced, name, disk.inodes.at(number).blob);
  hands.Changed(name);
  placed.outcome = Outcome::kDone;
  placed.stat = *StatAt(disk, hands.world.blobs, name);
  return placed;
}

void Do(const Hands& hands, const PlaceCopy& effect) {
  hands.AnswerRenamed([&] { return PlaceNow(hands, effect); });
}

CopyRemoved RemoveNow(const Hands& hands, const RemoveCopy& effect) {
  CopyRemoved removed;
  removed.id = effect.id;
  Disk& disk = hands.m.disk;
  const std::string copy = hands.Path(effect.copy);
  const Observation seen = Observe(hands.world, hands.machine, copy);
  if (seen.presence == Presence::kUnknown) {
    removed.reason = seen.reason;
    return removed;
  }
  removed.outcome = Outcome::kDone;
  const std::optional<Stat> present = StatAt(disk, hands.world.blobs, copy);
  if (!present) return removed;
  if (effect.release) {
    const std::string free = FreeName(disk, hands.Path(effect.path), ".edited");
    Rename(disk, copy, free, NowNs(hands.world, hands.machine));
    NoteDeed(hands.world, hands.machine, Deed::kPutBeside, free, VersionAt(disk, free).blob);
    hands.Changed(copy);
    hands.Made(free);
    removed.outcome = Outcome::kRefused;
    return removed;
  }
  if (*present != effect.expected) {
    removed.outcome = Outcome::kRefused;
    return removed;
  }
  const SharedVersion version = VersionAt(disk, copy);
  hands.judge.Destroying(hands.world, hands.machine, copy, version);
  NoteDeed(hands.world, hands.machine, Deed::kCopyRemoved, copy, version.blob);
  Unlink(disk, copy);
  hands.Changed(copy);
  PruneParents(disk, copy, hands.Keeps());
  return removed;
}

MovedAside AsideNow(const Hands& hands, const MoveAside& effect) {
  MovedAside moved{effect.id, Outcome::kRefused, {}, Reason::kNone};
  Disk& disk = hands.m.disk;
  const std::string path = hands.Path(effect.path);
  const Observation seen = Observe(hands.world, hands.machine, path);
  moved.reason = seen.reason;
  if (seen.presence == Presence::kUnknown) moved.outcome = Outcome::kFailed;
  if (seen.presence != Presence::kThere || seen.stat != effect.expected) return moved;
  const std::string to = FreeName(disk, path, "~file");
  Rename(disk, path, to, NowNs(hands.world, hands.machine));
  NoteDeed(hands.world, hands.machine, Deed::kPutBeside, to, VersionAt(disk, to).blob);
  hands.Changed(path);
  hands.Changed(to);
  moved.outcome = Outcome::kDone;
  moved.to = Observe(hands.world, hands.machine, to);
  return moved;
}

void Do(const Hands& hands, const MoveAside& effect) {
  hands.AnswerRenamed([&] { return AsideNow(hands, effect); });
}

void Do(const Hands& hands, const RemoveCopy& effect) {
  hands.AnswerRenamed([&] { return RemoveNow(hands, effect); });
}

void Do(const Hands& hands, const ForgetContent& effect) {
  CHECK(effect.content && effect.content.value < hands.tables.contents.size());
  hands.tables.contents[effect.content.value].staged = false;
  hands.m.agent->tables_changed = true;
}

void Do(const Hands& hands, const AnswerCommand& effect) {
  hands.m.answers[effect.command] = {effect.outcome, effect.reason};
}

// The effects of the store are not carried out here.
template <class Other>
void Do(const Hands&, const Other&) {
  CHECK(false);
}

}  // namespace

void CarryOnDisk(World& world, Judge& judge, int machine, const Effect& effect) {
  Machine& m = At(world, machine);
  m.disk.unsynced.now_ms = world.now_ms;
  m.disk.unsynced.by_user = false;
  const Hands hands{world, judge, machine, m, m.agent->tables};
  std::visit([&](const auto& e) { Do(hands, e); }, effect);
}

}  // namespace kinfolder::sim
