// What users do to files, and what an agent sees of the disk.
#include "core/base/check.h"
#include "core/ignore/ignore_rules.h"
#include "sim/world/disk_names.h"
#include "sim/world/draws.h"
#include "sim/world/file_names.h"
#include "sim/world/world.h"

namespace kinfolder::sim {

namespace {

struct Hand {
  World& world;
  int machine;
  Disk& disk;
  std::int64_t now_ns;
};

void TellRemoved(Hand& hand, const std::string& path) {
  const SharedVersion version = VersionAt(hand.disk, path);
  if (version.blob != 0) NoteDeed(hand.world, hand.machine, Deed::kUserRemoved, path, version.blob);
}

// Writes in place, or makes the file.
std::string WriteFile(Hand& hand, const std::string& path, std::string_view content) {
  const Inode* there = FindFile(hand.disk, path);
  if (there && there->kind == Kind::kDirectory) return path + " is a directory; write a file";
  if (there && there->kind == Kind::kLink) return path + " is a link; delete it first";
  const BlobId blob = hand.world.blobs.Intern(content);
  TellRemoved(hand, path);
  if (there) {
    SetContent(hand.disk, hand.disk.names.at(path), blob, hand.now_ns);
  } else {
    MakeParents(hand.disk, path, hand.now_ns);
    Create(hand.disk, path, Kind::kFile, blob, hand.now_ns);
  }
  NoteDeed(hand.world, hand.machine, Deed::kUserWrote, path, blob);
  Touched(hand.world, hand.machine, path);
  return {};
}

std::string Save(Hand& hand, const UserOp& op) {
  const Inode* there = FindFile(hand.disk, op.path);
  if (there && there->kind == Kind::kDirectory) return op.path + " is a directory; save a file";
  const std::uint32_t mode = there && there->kind == Kind::kFile ? there->mode : 0644;
  TellRemoved(hand, op.path);
  MakeParents(hand.disk, op.path, hand.now_ns);
  const BlobId blob = hand.world.blobs.Intern(op.content);
  const std::uint64_t inode = Create(hand.disk, op.path, Kind::kFile, blob, hand.now_ns);
  Change(hand.disk, inode).mode = mode;
  NoteDeed(hand.world, hand.machine, Deed::kUserWrote, op.path, blob);
  Touched(hand.world, hand.machine, op.path);
  return {};
}

std::string RemoveOne(Hand& hand, const std::string& path) {
  TellRemoved(hand, path);
  Unlink(hand.disk, path);
  Touched(hand.world, hand.machine, path);
  return {};
}

std::string RemoveTree(Hand& hand, const std::string& path) {
  std::vector<std::string> below;
  for (auto it = hand.disk.names.lower_bound(path);
       it != hand.disk.names.end() && it->first.compare(0, path.size(), path) == 0; ++it)
    if (it->first == path || it->first[path.size()] == '/') below.push_back(it->first);
  for (auto it = below.rbegin(); it != below.rend(); ++it) RemoveOne(hand, *it);
  return {};
}

void TouchTree(Hand& hand, const std::string& path) {
  std::vector<std::string> below;
  for (auto it = hand.disk.names.lower_bound(path + "/");
       it != hand.disk.names.end() && it->first.compare(0, path.size() + 1, path + "/") == 0; ++it)
    below.push_back(it->first);
  for (const std::string& inner : below) Touched(hand.world, hand.machine, inner);
  Touched(hand.world, hand.machine, path);
}

std::string Move(Hand& hand, const std::string& from, const std::string& to) {
  const Inode* target = FindFile(hand.disk, to);
  if (target && target->kind == Kind::kDirectory && HasChildren(hand.disk, to))
    return to + " is a directory; rename to a free name";
  if (to.compare(0, from.size() + 1, from + "/") == 0)
    return to + " is inside of " + from + "; rename to another place";
  if (UnderFile(hand.disk, to)) return to + " is below a file; rename to another place";
  std::vector<std::string> old;
  for (auto it = hand.disk.names.lower_bound(from + "/");
       it != hand.disk.names.end() && it->first.compare(0, from.size() + 1, from + "/") == 0; ++it)
    old.push_back(it->first);
  TellRemoved(hand, to);
  MakeParents(hand.disk, to, hand.now_ns);
  Rename(hand.disk, from, to, hand.now_ns);
  NoteDeed(hand.world, hand.machine, Deed::kUserWrote, to, VersionAt(hand.disk, to).blob);
  for (const std::string& path : old) Touched(hand.world, hand.machine, path);
  Touched(hand.world, hand.machine, from);
  TouchTree(hand, to);
  return {};
}

std::string Swap(Hand& hand, const UserOp& op) {
  const Inode* other = FindFile(hand.disk, op.other);
  if (other == nullptr) return op.other + " is not there; write it first";
  if (other->kind == Kind::kDirectory || FindFile(hand.disk, op.path)->kind == Kind::kDirectory)
    return "one of them is a directory; swap files";
  const std::uint64_t former = hand.disk.names.at(op.path);
  SetName(hand.disk, op.path, hand.disk.names.at(op.other));
  SetName(hand.disk, op.other, former);
  for (const std::string& path : {op.path, op.other}) {
    hand.disk.inodes.at(hand.disk.names.at(path)).ctime_ns = hand.now_ns;
    Touched(hand.world, hand.machine, path);
  }
  return {};
}

std::string WriteSameStat(Hand& hand, const UserOp& op) {
  Inode& inode = hand.disk.inodes.at(hand.disk.names.at(op.path));
  if (inode.kind != Kind::kFile || hand.world.blobs.Bytes(inode.blob).size() != op.content.size())
    return op.path + " has another size; give content of the same size";
  const std::int64_t mtime_ns = inode.mtime_ns;
  WriteFile(hand, op.path, op.content);
  Change(hand.disk, hand.disk.names.at(op.path)).mtime_ns = mtime_ns;
  return {};
}

std::string StartSlowWrite(Hand& hand, const UserOp& op) {
  const std::string error = WriteFile(hand, op.path, "");
  if (!error.empty()) return error;
  const std::uint64_t inode = hand.disk.names.at(op.path);
  ++hand.disk.inodes.at(inode).writers;
  Push(hand.world, hand.world.now_ms + op.interval_ms, SlowPart{hand.machine, inode, op, 1});
  return {};
}

std::string ChangeTimes(Hand& hand, const UserOp& op) {
  if (FindFile(hand.disk, op.path) == nullptr) return WriteFile(hand, op.path, "");
  Inode& inode = Change(hand.disk, hand.disk.names.at(op.path));
  inode.mtime_ns = op.act == UserAct::kUtime ? op.number * 1'000'000'000 : hand.now_ns;
  inode.ctime_ns = hand.now_ns;
  Touched(hand.world, hand.machine, op.path);
  return {};
}

std::string MakeEntry(Hand& hand, const UserOp& op) {
  const Inode* there = FindFile(hand.disk, op.path);
  if (there && (op.act == UserAct::kMkdir || there->kind == Kind::kDirectory))
    return op.path + " is there already; take another name";
  TellRemoved(hand, op.path);
  MakeParents(hand.disk, op.path, hand.now_ns);
  const bool link = op.act == UserAct::kSymlink;
  const BlobId blob = link ? hand.world.blobs.Intern(op.other) : 0;
  Create(hand.disk, op.path, link ? Kind::kLink : Kind::kDirectory, blob, hand.now_ns);
  if (link) NoteDeed(hand.world, hand.machine, Deed::kUserWrote, op.path, blob);
  Touched(hand.world, hand.machine, op.path);
  return {};
}

// The file, or the entries of the directory; and all names on the way to it.
std::string Fsync(Hand& hand, const std::string& path) {
  SyncPoint point;
  const std::uint64_t inode = hand.disk.names.at(path);
  const bool directory = hand.disk.inodes.at(inode).kind == Kind::kDirectory;
  (directory ? point.directories : point.files).insert(inode);
  for (std::string dir = ParentOf(path); !dir.empty(); dir = ParentOf(dir))
    point.directories.insert(hand.disk.names.at(dir));
  point.directories.insert(0);
  Sync(hand.disk.unsynced, point);
  return {};
}

std::string ChangeExisting(Hand& hand, const UserOp& op) {
  Inode& inode = hand.disk.inodes.at(hand.disk.names.at(op.path));
  switch (op.act) {
    case UserAct::kAppend:
      if (inode.kind != Kind::kFile) return op.path + " is no file; append to a file";
      return WriteFile(hand, op.path, hand.world.blobs.Bytes(inode.blob) + op.content);
    case UserAct::kDelete:
      if (inode.kind == Kind::kDirectory) return op.path + " is a directory; use rmdir or rmtree";
      return RemoveOne(hand, op.path);
    case UserAct::kRename:
      return Move(hand, op.path, op.other);
    case UserAct::kSwap:
      return Swap(hand, op);
    case UserAct::kRmdir:
      if (inode.kind != Kind::kDirectory || HasChildren(hand.disk, op.path))
        return op.path + " is no empty directory; use delete or rmtree";
      return RemoveOne(hand, op.path);
    case UserAct::kRmtree:
      return RemoveTree(hand, op.path);
    case UserAct::kChmod:
      Change(hand.disk, hand.disk.names.at(op.path)).mode = static_cast<std::uint32_t>(op.number);
      inode.ctime_ns = hand.now_ns;
      TouchTree(hand, op.path);
      return {};
    case UserAct::kWriteSameStat:
      return WriteSameStat(hand, op);
    case UserAct::kFsync:
      return Fsync(hand, op.path);
    default:
      return "this can't be done to an existing file; use another step";
  }
}

bool NeedsExisting(UserAct act) {
  switch (act) {
    case UserAct::kAppend:
    case UserAct::kDelete:
    case UserAct::kRename:
    case UserAct::kSwap:
    case UserAct::kRmdir:
    case UserAct::kRmtree:
    case UserAct::kUtime:
    case UserAct::kChmod:
    case UserAct::kWriteSameStat:
    case UserAct::kFsync:
      return true;
    default:
      return false;
  }
}

// Whose copy `path` could be: the file's path and a directory number, or nothing.
std::pair<std::string, std::uint32_t> CopyParts(const World& world, const Tables& tables,
                                                const std::string& path) {
  static constexpr std::string_view kMark = ".conflict-";
  const std::size_t at = path.rfind(kMark);
  if (at == std::string::npos || at == 0 || path[at - 1] == '/') return {};
  const std::string who = path.substr(at + kMark.size());
  for (const Listed& listed : world.store.collective) {
    const bool own = listed.directory == tables.participants.at(kSelf.value);
    if (!own && tables.participant_ids.count(listed.directory) == 0) continue;
    if (who == listed.name) return {path.substr(0, at), listed.directory};
    const std::string numbered = listed.name + "-";
    if (who.compare(0, numbered.size(), numbered) == 0 && who.size() > numbered.size() &&
        who.find_first_not_of("0123456789", numbered.size()) == std::string::npos)
      return {path.substr(0, at), listed.directory};
  }
  return {};
}

}  // namespace

std::string DoUserOp(World& world, int machine, const UserOp& said) {
  Machine& m = At(world, machine);
  world.rolling.Fold(
      {Happening::Kind::kUser, machine, 0, static_cast<std::size_t>(said.act), world.now_ms},
      HashText(said.path) ^ Mix(HashText(said.other) ^ static_cast<std::uint64_t>(said.number)));
  if (m.disk.root != RootState::kOurs) return "the folder is away; bring it back with root-back";
  if (m.dark) return "the machine has no power; start it first";
  UserOp op = said;
  op.path = Found(m.disk, said.path);
  if (op.act == UserAct::kRename) {  // to another spelling of its own name, too
    op.other = Found(m.disk, said.other);
    if (op.other == op.path) op.other = Kept(m.disk, said.other);
  }
  if (op.act == UserAct::kSwap) op.other = Found(m.disk, said.other);
  for (const std::string& path : {op.path, op.act == UserAct::kRename ? op.other : op.path})
    if (NameReason(m.disk, path) == Reason::kName)
      return path + " can't be a name on this disk; take another name";
  m.disk.unsynced.now_ms = world.now_ms;
  m.disk.unsynced.by_user = true;
  Hand hand{world, machine, m.disk, NowNs(world, machine)};
  if (NeedsExisting(op.act) && FindFile(m.disk, op.path) == nullptr)
    return op.path + " is not there; write it first";
  if (!NeedsExisting(op.act) && UnderFile(m.disk, op.path))
    return op.path + " is below a file; take another name";
  Log(world, machine, "user acts on " + op.path);
  std::string error;
  switch (op.act) {
    case UserAct::kWrite:
      error = WriteFile(hand, op.path, op.content);
      break;
    case UserAct::kWriteUnseen: {
      const bool watch = m.watch;
      m.watch = false;
      error = WriteFile(hand, op.path, op.content);
      m.watch = watch;
      break;
    }
    case UserAct::kSave:
      error = Save(hand, op);
      break;
    case UserAct::kSlowWrite:
      error = StartSlowWrite(hand, op);
      break;
    case UserAct::kTouch:
    case UserAct::kUtime:
      error = ChangeTimes(hand, op);
      break;
    case UserAct::kMkdir:
    case UserAct::kSymlink:
      error = MakeEntry(hand, op);
      break;
    default:
      error = ChangeExisting(hand, op);
  }
  return error;
}

void WriteSlowPart(World& world, const SlowPart& part) {
  Disk& disk = At(world, part.machine).disk;
  const auto inode = disk.inodes.find(part.inode);
  if (inode == disk.inodes.end()) return;  // removed while it was being written
  disk.unsynced.now_ms = world.now_ms;
  disk.unsynced.by_user = true;
  const std::int64_t size = static_cast<std::int64_t>(part.op.content.size());
  const std::int64_t end = size * part.part / part.op.number;
  const BlobId blob = world.blobs.Intern(part.op.content.substr(0, static_cast<std::size_t>(end)));
  SetContent(disk, part.inode, blob, NowNs(world, part.machine));
  for (const auto& [path, number] : disk.names) {
    if (number != part.inode) continue;
    NoteDeed(world, part.machine, Deed::kUserWrote, path, blob);
    Touched(world, part.machine, path);
  }
  if (part.part < part.op.number) {
    Push(world, world.now_ms + part.op.interval_ms,
         SlowPart{part.machine, part.inode, part.op, part.part + 1});
  } else {
    --inode->second.writers;
  }
}

bool Ignores(const Machine& machine, const std::string& path) {
  if (machine.ignored.empty()) return false;
  IgnoreRules rules;
  for (const std::string& pattern : machine.ignored) rules.Add(pattern);
  const Inode* there = FindFile(machine.disk, path);
  return rules.Ignores(path, there != nullptr && there->kind == Kind::kDirectory);
}

void SetIgnored(World& world, Judge& judge, int machine, std::vector<std::string> patterns) {
  Machine& m = At(world, machine);
  std::map<std::string, bool> before;
  if (m.agent)
    for (const std::string& path : m.agent->tables.paths)
      if (!path.empty()) before[path] = Ignores(m, path);
  for (const auto& [path, inode] : m.disk.names) before.emplace(path, Ignores(m, path));
  m.ignored = std::move(patterns);
  NoteChange(world, "what " + m.name + " ignores");
  if (!m.agent) return;
  Observed changed;
  for (const auto& [path, was] : before)
    if (Ignores(m, path) != was && WirePath(path))
      changed.observations.push_back(Observe(world, machine, path));
  if (!changed.observations.empty()) Feed(world, judge, machine, std::move(changed));
}

void Touched(World& world, int machine, const std::string& path) {
  Machine& m = At(world, machine);
  NoteChange(world, "the folder of " + m.name + " at " + path);
  if (!m.agent || !m.watch || m.agent->watch_dead) return;
  const std::uint64_t fault = m.watch_unsure ? DrawFor(world, machine, "watch-fault") % 100 : 100;
  if (fault < 5) return;  // it is lost
  const std::int64_t most_ms = fault < 10 ? 60'000 : 120;
  if (m.agent->noticed.empty())
    Push(world, world.now_ms + DrawIn(DrawFor(world, machine, "watch"), 20, most_ms),
         NoticeDue{machine, m.incarnation});
  for (std::string at = path; !at.empty(); at = ParentOf(at)) m.agent->noticed.insert(at);
}

Observation Observe(World& world, int machine, const std::string& said) {
  Machine& m = At(world, machine);
  const std::optional<std::string> wire = WirePath(said);
  CHECK(m.agent && wire);
  const std::string path = LearnDiskPath(*m.agent, m.disk, *wire);
  Tables& tables = m.agent->tables;
  Observation seen;
  seen.path = PathIdOf(tables, *wire);
  if (const auto [base, owner] = CopyParts(world, tables, *wire); owner != 0) {
    seen.copy_of = PathIdOf(tables, base);
    seen.copy_owner = ParticipantIdOf(tables, owner);
    if (seen.copy_owner == kSelf) seen.copy_owner = kForeign;
  }
  const auto unknown = [&](Reason reason) {
    seen.presence = Presence::kUnknown;
    seen.reason = reason;
    return seen;
  };
  if (const Reason root = RootReason(m.disk); root != Reason::kNone) return unknown(root);
  if (Ignores(m, path)) return unknown(Reason::kIgnored);
  if (m.disk.io_errors.count(path) != 0) return unknown(Reason::kIo);
  if (Unreadable(m.disk, path)) return unknown(Reason::kPermission);
  const std::optional<Stat> stat = StatAt(m.disk, world.blobs, path);
  if (stat && !(stat->kind == Kind::kDirectory && HasChildren(m.disk, path))) {
    seen.presence = Presence::kThere;
    seen.stat = *stat;
    return seen;
  }
  seen.presence = Presence::kGone;
  if (stat) seen.stat.kind = Kind::kDirectory;
  if (!stat && UnderFile(m.disk, path)) seen.stat.kind = Kind::kFile;
  return seen;
}

std::set<std::string> ListAll(const Machine& machine, bool* complete) {
  const Disk& disk = machine.disk;
  std::set<std::string> paths;
  *complete = disk.root == RootState::kOurs;
  if (!*complete) return paths;
  for (const auto& [path, inode] : disk.names) {
    if (Ignores(machine, path)) continue;
    const bool listed = !Unreadable(disk, path);
    *complete = *complete && listed && disk.io_errors.count(path) == 0;
    const std::optional<std::string> wire = WirePath(path);
    if (listed && wire && !HasChildren(disk, path)) paths.insert(*wire);
  }
  return paths;
}

std::string FreeName(const Disk& disk, const std::string& path, const std::string& suffix) {
  std::string name = path + suffix;
  for (int n = 2; disk.names.count(Found(disk, name)) != 0; ++n)
    name = path + suffix + "-" + std::to_string(n);
  return name;
}

std::string CopyName(const std::string& path, const std::string& participant,
                     std::uint32_t attempt) {
  std::string name = path + ".conflict-" + participant;
  if (attempt > 1) name += "-" + std::to_string(attempt);
  return name;
}

}  // namespace kinfolder::sim
