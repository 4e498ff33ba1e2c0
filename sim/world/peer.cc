#include "sim/world/peer.h"

#include <algorithm>

#include "core/base/check.h"
#include "sim/world/draws.h"
#include "sim/world/world.h"

namespace kinfolder::sim {

namespace {

constexpr std::int64_t kStartRetryMs = 5'000;

struct Hands {
  World& world;
  int machine;
  Machine& m;
  PeerState& state;
  PeerRun& run;

  std::int64_t Latency() const {
    const std::int64_t* fixed = ForMachine(world.store.faults.latency_ms, machine);
    return fixed != nullptr ? *fixed : DrawIn(DrawFor(world, machine, "peer-latency"), 10, 60);
  }
  void Later(std::int64_t delay_ms, PeerAct act, const std::string& path = "") const {
    Push(world, world.now_ms + delay_ms, PeerDue{machine, m.incarnation, act, path, {}});
  }
  void Changed() const { NoteChange(world, "the database of " + m.name); }
};

Hands HandsOf(World& world, int machine) {
  Machine& m = At(world, machine);
  CHECK(m.peer && m.peer->run);
  return {world, machine, m, m.peer->state, *m.peer->run};
}

// One request; false: it fails.
bool Reaches(const Hands& hands) {
  StoreFaults& faults = hands.world.store.faults;
  return !hands.m.offline && !Lasts(faults.down_until_ms, hands.machine, hands.world.now_ms) &&
         !TakeOne(faults.fail, hands.machine) && !TakeOne(faults.lose_request, hands.machine);
}

bool MayWrite(const Hands& hands) {
  return Reaches(hands) && !IsFull(hands.world.store.faults, hands.machine) &&
         !hands.world.store.directories.at(hands.m.state.directory - 1).gone;
}

// Failed writes are repeated for ever.
std::int64_t RetryMs(const Hands& hands) {
  double delay_ms = 1'000;
  for (std::uint32_t i = 0; i < hands.run.failures && delay_ms < 10'000; ++i) delay_ms *= 1.5;
  ++hands.run.failures;
  return std::min<std::int64_t>(static_cast<std::int64_t>(delay_ms), 10'000) +
         DrawIn(DrawFor(hands.world, hands.machine, "peer-jitter"), 0, 1'000);
}

bool IsConflictName(const std::string& path) {
  return path.find(".conflict-") != std::string::npos;
}

bool IsPending(const PeerState& state, const std::string& path) {
  return std::any_of(state.locals.begin(), state.locals.end(),
                     [&](const PeerLocal& local) { return local.path == path; });
}

// Nothing is done about such a path any more, in either direction.
bool Rests(const Hands& hands, const std::string& path) {
  return hands.state.conflicts.count(path) != 0 || hands.run.stuck.count(path) != 0;
}

// a is b or one of its ancestors.
bool IsBelow(const Store& store, Cap a, Cap b) {
  std::set<Cap> seen = {b};
  std::vector<Cap> open = {b};
  while (!open.empty()) {
    const Cap cap = open.back();
    open.pop_back();
    if (cap == a) return true;
    for (const Cap parent : SnapshotOf(store, cap).parents)
      if (seen.insert(parent).second) open.push_back(parent);
  }
  return false;
}

// The file is as on record. What a delete left on record is never like anything.
bool AsOnRecord(const Hands& hands, const std::string& path) {
  const auto row = hands.state.rows.find(path);
  const Inode* file = FindFile(hands.m.disk, path);
  if (row == hands.state.rows.end()) return file == nullptr;
  if (!row->second.there || file == nullptr || file->kind != Kind::kFile) return false;
  const PeerRow& known = row->second;
  return known.size == hands.world.blobs.Bytes(file->blob).size() &&
         known.mtime_ns == file->mtime_ns && known.ctime_ns == file->ctime_ns;
}

void RecordFile(const Hands& hands, const std::string& path) {
  PeerRow& row = hands.state.rows[path];
  const Inode* file = FindFile(hands.m.disk, path);
  row.there = file != nullptr && file->kind == Kind::kFile;
  row.size = row.there ? hands.world.blobs.Bytes(file->blob).size() : 0;
  row.mtime_ns = row.there ? file->mtime_ns : 0;
  row.ctime_ns = row.there ? file->ctime_ns : 0;
  hands.Changed();
}

// --- its own changes ---

void AddLocal(const Hands& hands, const std::string& path, bool deleted) {
  PeerLocal local;
  local.path = path;
  local.deleted = deleted;
  TruthNode truth;
  truth.path = path;
  truth.machine = hands.machine;
  std::int64_t mtime_ns = NowNs(hands.world, hands.machine);
  if (!deleted) {
    const Inode& file = *FindFile(hands.m.disk, path);
    local.blob = file.blob;
    mtime_ns = file.mtime_ns;
    truth.version = {Kind::kFile, file.blob, false};
    NoteDeed(hands.world, hands.machine, Deed::kCaptured, path, file.blob);
  }
  local.mtime_s = hands.run.first_mtime_s.emplace(path, mtime_ns / 1'000'000'000).first->second;
  truth.created_ms = local.mtime_s * 1'000;
  for (const PeerLocal& before : hands.state.locals)
    if (before.path == path) truth.parents = {before.truth};
  const auto row = hands.state.rows.find(path);
  if (truth.parents.empty() && row != hands.state.rows.end() && row->second.cap != 0)
    truth.parents = {SnapshotOf(hands.world.store, row->second.cap).truth};
  local.truth = AddTruth(hands.world.truth, std::move(truth));
  NoteDeed(hands.world, hands.machine, Deed::kSnapshotMade, path, local.blob);
  hands.state.locals.push_back(std::move(local));
  ++hands.m.counters.snapshots_made;
  RecordFile(hands, path);
}

void StartUploads(const Hands& hands) {
  if (hands.run.uploading || hands.state.locals.empty()) return;
  hands.run.uploading = true;
  hands.Later(hands.Latency(), PeerAct::kUpload);
}

void Scan(const Hands& hands) {
  const Disk& disk = hands.m.disk;
  if (disk.root != RootState::kOurs) return;
  std::vector<std::string> changed, gone;
  for (const auto& [path, number] : disk.names)
    if (disk.inodes.at(number).kind == Kind::kFile && !IsConflictName(path) &&
        !Rests(hands, path) && !AsOnRecord(hands, path))
      changed.push_back(path);
  for (const auto& [path, row] : hands.state.rows)
    if (row.there && disk.names.count(path) == 0 && !IsConflictName(path) && !Rests(hands, path))
      gone.push_back(path);
  for (const std::string& path : changed) AddLocal(hands, path, false);
  for (const std::string& path : gone) AddLocal(hands, path, true);
  StartUploads(hands);
}

void Upload(const Hands& hands) {
  if (hands.state.locals.empty()) {
    hands.run.uploading = false;
    return;
  }
  if (!MayWrite(hands)) return hands.Later(RetryMs(hands), PeerAct::kUpload);
  hands.run.failures = 0;
  const PeerLocal local = hands.state.locals.front();
  hands.state.locals.pop_front();
  PeerRow& row = hands.state.rows[local.path];
  StoredSnapshot packed;
  packed.path = local.path;
  packed.plain = true;
  if (!local.deleted) {
    packed.version = {Kind::kFile, local.blob, false};
    packed.content = AddContent(
        hands.world.store, {local.blob, hands.m.state.directory, hands.world.now_ms, Health{}});
    packed.size = hands.world.blobs.Bytes(local.blob).size();
    ++hands.m.counters.uploads;
  }
  packed.created_ms = local.mtime_s * 1'000;
  packed.mtime_ns = local.mtime_s * 1'000'000'000;
  packed.author = hands.m.state.directory;
  packed.truth = local.truth;
  packed.stored_ms = hands.world.now_ms;
  if (row.cap != 0) packed.parents = {row.cap};
  row.cap = AddSnapshot(hands.world.store, std::move(packed));
  NoteDeed(hands.world, hands.machine, Deed::kUploaded, local.path, local.blob);
  hands.Changed();
  hands.run.uploaded = local.path;
  hands.Later(hands.Latency(), PeerAct::kLink, local.path);
}

// Sets the entries of its directory that differ from its rows: one, or all.
void LinkRows(const Hands& hands, Judge& judge, const std::string& only) {
  const std::uint32_t directory = hands.m.state.directory;
  Directory value = hands.world.store.directories.at(directory - 1).now;
  bool changed = false;
  for (const auto& [path, row] : hands.state.rows) {
    if (row.cap == 0 || (!only.empty() && path != only)) continue;
    Cap& entry = value[path];
    if (entry == row.cap) continue;
    entry = row.cap;
    changed = true;
    ++hands.m.counters.dmd_writes;
    NoteDeed(hands.world, hands.machine, Deed::kLinked, path,
             SnapshotOf(hands.world.store, row.cap).version.blob);
  }
  if (changed) Link(hands.world, judge, hands.machine, directory, std::move(value));
}

void LinkOne(const Hands& hands, Judge& judge, const std::string& path) {
  if (!MayWrite(hands)) return hands.Later(RetryMs(hands), PeerAct::kLink, path);
  LinkRows(hands, judge, path);
  if (!hands.run.uploading || hands.run.uploaded != path) return;
  hands.run.uploaded.clear();
  hands.Later(hands.Latency(), PeerAct::kUpload);
}

// --- others' changes ---

void QueuePoll(const Hands& hands, std::int64_t delay_ms) {
  ++hands.run.polls_queued;
  hands.Later(delay_ms, PeerAct::kPoll);
}

void EndPoll(const Hands& hands) {
  ++hands.run.polls;
  if (hands.run.again) QueuePoll(hands, 0);
  hands.run.again = false;
  if (hands.run.polls_queued == 0) QueuePoll(hands, hands.m.config.poll_interval_ms);
}

void Poll(const Hands& hands) {
  --hands.run.polls_queued;
  if (hands.run.poll_wedged) return;
  if (hands.run.applies != 0) {
    hands.run.again = true;
    return;
  }
  if (hands.m.disk.root != RootState::kOurs || !Reaches(hands)) return EndPoll(hands);
  std::map<std::string, std::vector<std::pair<Cap, std::string>>> offers;
  for (const Listed& listed : hands.world.store.collective) {
    bool cut_off = listed.directory == hands.m.state.directory ||
                   hands.world.store.directories.at(listed.directory - 1).gone;
    for (const int other : hands.m.partitions)
      cut_off = cut_off || At(hands.world, other).state.directory == listed.directory;
    if (cut_off) continue;
    for (const auto& [path, cap] : SeenBy(hands.world, hands.machine, listed.directory)) {
      const auto row = hands.state.rows.find(path);
      if (row == hands.state.rows.end() || row->second.cap != cap)
        offers[path].emplace_back(cap, listed.name);
    }
  }
  std::int64_t delay_ms = 0;
  for (auto& [path, heads] : offers) {
    if (Rests(hands, path) || IsPending(hands.state, path)) continue;
    ++hands.run.applies;
    delay_ms += hands.Latency();
    Push(hands.world, hands.world.now_ms + delay_ms,
         PeerDue{hands.machine, hands.m.incarnation, PeerAct::kApply, path, std::move(heads)});
  }
  if (hands.run.applies == 0) EndPoll(hands);
}

// Their content goes beside the file, and nothing moves this path any more. A delete has no
// content: that fails, and the path is stuck until a restart.
void Conflict(const Hands& hands, const std::string& path, Cap cap, const std::string& who) {
  const StoredSnapshot& theirs = SnapshotOf(hands.world.store, cap);
  if (theirs.content == 0) {
    Log(hands.world, hands.machine, "fails on a delete of " + path);
    hands.run.stuck.insert(path);
    return;
  }
  const std::string copy = CopyName(path, who, 1);
  const std::int64_t now_ns = NowNs(hands.world, hands.machine);
  const BlobId blob = ContentOf(hands.world.store, theirs.content).blob;
  Log(hands.world, hands.machine, "has a conflict: " + copy);
  MakeParents(hands.m.disk, copy, now_ns);
  Create(hands.m.disk, copy, Kind::kFile, blob, now_ns);
  NoteDeed(hands.world, hands.machine, Deed::kCopyPlaced, copy, blob);
  Touched(hands.world, hands.machine, copy);
  hands.state.conflicts[path] = cap;
  hands.state.copies[path] = copy;
  hands.Changed();
}

void PutFile(const Hands& hands, const std::string& path, const StoredSnapshot& theirs) {
  Disk& disk = hands.m.disk;
  const std::int64_t now_ns = NowNs(hands.world, hands.machine);
  if (theirs.content == 0) {
    Unlink(disk, path);
    return;
  }
  const BlobId blob = ContentOf(hands.world.store, theirs.content).blob;
  MakeParents(disk, path, now_ns);
  const std::uint64_t inode = Create(disk, path, Kind::kFile, blob, now_ns);
  disk.inodes.at(inode).mtime_ns = theirs.mtime_ns - theirs.mtime_ns % 1'000'000'000;
  NoteDeed(hands.world, hands.machine, Deed::kPlaced, path, blob);
}

bool IsWhole(const Hands& hands, const StoredSnapshot& theirs) {
  return theirs.health == Health::kWhole &&
         (theirs.content == 0 ||
          ContentOf(hands.world.store, theirs.content).health == Health::kWhole);
}

// One offered head of a path.
void TakeHead(const Hands& hands, const std::string& path, Cap cap, const std::string& who) {
  const StoredSnapshot& theirs = SnapshotOf(hands.world.store, cap);
  const auto row = hands.state.rows.find(path);
  const Cap mine = row == hands.state.rows.end() ? 0 : row->second.cap;
  if (theirs.forgery != Forgery::kNone || Rests(hands, path) || !IsWhole(hands, theirs)) return;
  if (mine != 0 && IsBelow(hands.world.store, cap, mine)) return;
  if (theirs.content != 0) {
    ++hands.m.counters.downloads;
    NoteDeed(hands.world, hands.machine, Deed::kDownloaded, path,
             ContentOf(hands.world.store, theirs.content).blob);
  }
  const bool newer = mine == 0 || IsBelow(hands.world.store, mine, cap);
  if (!newer || !AsOnRecord(hands, path)) return Conflict(hands, path, cap, who);
  if (UnderFile(hands.m.disk, path)) {
    Log(hands.world, hands.machine, "can't put " + path + " below a file");
    hands.run.poll_wedged = true;
    return;
  }
  if (hands.m.disk.full && theirs.content != 0) return;
  Log(hands.world, hands.machine, "takes " + path);
  PutFile(hands, path, theirs);
  Touched(hands.world, hands.machine, path);
  hands.state.rows[path].cap = cap;
  RecordFile(hands, path);
  hands.Later(hands.Latency(), PeerAct::kLink, path);
}

void Apply(const Hands& hands, const PeerDue& due) {
  std::map<Cap, int> times;
  for (const auto& [cap, who] : due.offers) {
    // By a scan since, or not to be had now: the next poll comes to it.
    if (IsPending(hands.state, due.path) || !Reaches(hands)) break;
    const bool again = times[cap]++ != 0;
    if (!again) {
      TakeHead(hands, due.path, cap, who);
      continue;
    }
    // The second offer of a delete that was just taken is a conflict with what it left on record.
    const auto row = hands.state.rows.find(due.path);
    if (row != hands.state.rows.end() && row->second.cap == cap && !row->second.there)
      Conflict(hands, due.path, cap, who);
  }
  if (--hands.run.applies == 0 && !hands.run.poll_wedged) EndPoll(hands);
}

void Begin(const Hands& hands, Judge& judge) {
  if (!MayWrite(hands)) return hands.Later(kStartRetryMs, PeerAct::kStart);
  LinkRows(hands, judge, "");
  hands.Later(hands.Latency(), PeerAct::kScan);
  QueuePoll(hands, hands.Latency());
}

}  // namespace

void StartPeer(World& world, int machine) {
  Machine& m = At(world, machine);
  CHECK(m.peer && !m.peer->run);
  ++m.incarnation;
  m.peer->run.emplace();
  Log(world, machine, "starts");
  HandsOf(world, machine).Later(0, PeerAct::kStart);
}

void CarryOutPeer(World& world, Judge& judge, PeerDue due) {
  Machine& m = At(world, due.machine);
  if (!m.peer || !m.peer->run || m.incarnation != due.incarnation) return;
  const std::int64_t later = StalledUntilMs(world.store.faults, due.machine);
  if (later > world.now_ms && due.act != PeerAct::kScan && !m.offline)
    return Push(world, later, std::move(due));
  m.disk.unsynced.now_ms = world.now_ms;
  m.disk.unsynced.by_user = false;
  const Hands hands = HandsOf(world, due.machine);
  switch (due.act) {
    case PeerAct::kStart:
      return Begin(hands, judge);
    case PeerAct::kScan:
      Scan(hands);
      if (m.config.scan_interval_ms > 0) hands.Later(m.config.scan_interval_ms, PeerAct::kScan);
      return;
    case PeerAct::kPoll:
      return Poll(hands);
    case PeerAct::kApply:
      return Apply(hands, due);
    case PeerAct::kUpload:
      return Upload(hands);
    case PeerAct::kLink:
      return LinkOne(hands, judge, due.path);
  }
}

void ScanPeer(World& world, int machine) {
  if (At(world, machine).peer->run) Scan(HandsOf(world, machine));
}

std::uint64_t PollPeer(World& world, int machine) {
  const Hands hands = HandsOf(world, machine);
  QueuePoll(hands, 0);
  return hands.run.polls + (hands.run.applies != 0 ? 2 : 1);
}

bool IsBusy(const Peer& peer) {
  return peer.run && (peer.run->uploading || (peer.run->applies != 0 && !peer.run->poll_wedged));
}

}  // namespace kinfolder::sim
