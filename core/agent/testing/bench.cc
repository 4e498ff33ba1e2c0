#include "core/agent/testing/bench.h"

#include <algorithm>

#include "core/base/check.h"
#include "core/model/dag.h"

namespace kinfolder {

namespace {

constexpr std::uint32_t kCopyPaths = 100;  // the paths from here up are names of conflict copies

bool IsCopyPath(PathId path) { return path.value >= kCopyPaths; }

// False only if it is certain: what a node stands on may not have been read.
bool MayBeBelow(const AgentState& s, SnapshotId a, SnapshotId b) {
  if (!a) return true;
  if (!b) return false;
  std::vector<SnapshotId> missing;
  return IsAncestor(DagView(s.dag), a, b, &missing) != Answer::kNo;
}

}  // namespace

Version Content(std::uint32_t number) {
  if (number == 0) return kDeletedVersion;
  return Version{Kind::kFile, ContentId{number}, false};
}

std::string I1Violation(const AgentState& s) {
  for (std::uint32_t i = 1; i < s.paths.size(); ++i) {
    const PathRecord& r = s.paths[i].record;
    const std::string at = "path " + std::to_string(i) + ": ";
    if (!MayBeBelow(s, r.last_written, r.about_to_write)) return at + "last > about to write";
    if (!MayBeBelow(s, r.about_to_write, r.current)) return at + "about to write > current";
    SnapshotId below = r.current;
    for (const SnapshotId id : r.chain) {
      if (s.dag.Find(id) == nullptr) return at + "a local snapshot that nothing is known of";
      if (!MayBeBelow(s, below, id)) return at + "the chain does not stand on what is below";
      below = id;
    }
  }
  return "";
}

// Carries out effects in the bench's world.
struct BenchWorld {
  Bench& b;

  using Body = std::optional<EventBody>;

  std::optional<Stat> StatOf(PathId path) const {
    const auto it = b.disk.find(path);
    if (it == b.disk.end()) return std::nullopt;
    return it->second.stat;
  }

  Body operator()(const LookAtRoot& e) { return RootLooked{e.id, b.root}; }
  Body operator()(const Scan& e) {
    Observed all;
    for (const auto& [path, file] : b.disk) all.observations.push_back(b.See(path));
    for (const PathId path : KnownPaths(b.state()))
      if (b.disk.count(path) == 0) all.observations.push_back(b.See(path));
    b.Feed(all);
    return ScanFinished{e.id, true};
  }
  Body operator()(const Look& e) { return Looked{e.id, b.See(e.path)}; }
  Body operator()(const Capture& e) {
    const auto it = b.disk.find(e.path);
    if (it == b.disk.end()) return Captured{e.id, Outcome::kRefused, {}, {}, Reason::kUnstable};
    return Captured{e.id, Outcome::kDone, it->second.version, it->second.stat, Reason::kNone};
  }
  Body operator()(const StageTarget& e) {
    const std::uint64_t token = b.next_token_++;
    b.staged[token] = {e.version, b.NewStat()};
    return Staged{e.id, Outcome::kDone, token, b.staged[token].stat, Reason::kNone};
  }
  Body operator()(const DropStaged& e) {
    b.staged.erase(e.token);
    return std::nullopt;
  }
  // The exchange proper. False: the disk is not as expected.
  bool Exchange(PathId path, const std::optional<Stat>& expected, bool remove,
                std::uint64_t token) {
    if (StatOf(path) != expected) return false;
    std::optional<Bench::File> old;
    if (expected) old = b.disk[path];
    if (remove) {
      b.disk.erase(path);
    } else {
      CHECK(b.staged.count(token) != 0);
      b.disk[path] = b.staged[token];
      b.staged.erase(token);
    }
    if (old) b.staged[token] = *old;
    return true;
  }
  Replaced Done(EffectId id, PathId path, std::uint64_t token) const {
    Replaced done{id, Outcome::kDone, {}, false, {}, Reason::kNone};
    if (const auto stat = StatOf(path)) done.stat = *stat;
    if (const auto it = b.staged.find(token); it != b.staged.end()) {
      done.displaced = true;
      done.displaced_stat = it->second.stat;
    }
    return done;
  }
  Body operator()(const Replace& e) {
    if (!Exchange(e.path, e.expected, e.remove, e.token))
      return Replaced{e.id, Outcome::kRefused, {}, false, {}, Reason::kNone};
    return Done(e.id, e.path, e.token);
  }
  // By which inode is where: a staged file that is still beside the folder was not exchanged.
  Body operator()(const RecoverReplace& e) {
    const auto waiting = b.staged.find(e.token);
    bool exchanged = waiting == b.staged.end() || waiting->second.stat.inode != e.staged.inode;
    if (e.remove) exchanged = waiting != b.staged.end() || !StatOf(e.path);
    if (exchanged) {
      Replaced done = Done(e.id, e.path, e.token);
      if (!e.remove) done.stat = e.staged;  // a later edit shows as a change
      return done;
    }
    b.staged.erase(e.token);
    return Replaced{e.id, Outcome::kRefused, {}, false, {}, Reason::kNone};
  }
  Body operator()(const Settle& e) {
    b.staged.erase(e.token);
    return Settled{e.id, Outcome::kDone, Reason::kNone};
  }
  Body operator()(const PlaceCopy& e) {
    const PathId copy = Bench::CopyPath(e.path, e.owner, e.attempt);
    if (b.disk.count(copy) != 0)
      return CopyPlaced{e.id, Outcome::kRefused, copy, {}, Reason::kNone};
    b.disk[copy] = b.staged[e.token];
    b.staged.erase(e.token);
    return CopyPlaced{e.id, Outcome::kDone, copy, b.disk[copy].stat, Reason::kNone};
  }
  Body operator()(const RemoveCopy& e) {
    if (e.release || (StatOf(e.copy) && StatOf(e.copy) != e.expected))
      return CopyRemoved{e.id, Outcome::kRefused, Reason::kNone};
    b.disk.erase(e.copy);
    return CopyRemoved{e.id, Outcome::kDone, Reason::kNone};
  }
  Body operator()(const MoveAside& e) {
    MovedAside moved{e.id, Outcome::kRefused, {}, Reason::kNone};
    if (StatOf(e.path) != e.expected) return moved;
    const PathId to = b.aside.at(e.path);
    b.disk[to] = b.disk[e.path];
    b.disk.erase(e.path);
    ++b.disk[to].stat.ctime_ns;
    moved.outcome = Outcome::kDone;
    moved.to = b.See(to);
    return moved;
  }
  Body operator()(const Upload& e) {
    const Node& node = b.NodeOf(e.snapshot);
    for (const SnapshotId parent : node.parents)
      if (b.store.count(parent) == 0) b.broken = "uploaded before its parent";
    SnapshotFacts facts;
    facts.path = node.path;
    facts.version = node.version;
    facts.generation = node.generation;
    facts.rank = b.next_rank_++;
    facts.author = kSelf;
    facts.approved = node.approved;
    facts.parents = node.parents;
    b.store[e.snapshot] = facts;
    ++b.uploads_;
    return Uploaded{e.id, Outcome::kDone, facts.rank, Reason::kNone};
  }
  Body operator()(const WriteDirectory& e) {
    for (const DirectoryEntry& entry : e.entries) {
      if (b.store.count(entry.snapshot) == 0) b.broken = "linked what is not in the store";
      b.own[entry.path] = entry.snapshot;
    }
    return DirectoryWritten{e.id, Outcome::kDone, Reason::kNone};
  }
  static std::vector<DirectoryEntry> List(const std::map<PathId, SnapshotId>& entries) {
    std::vector<DirectoryEntry> list;
    for (const auto& [path, snapshot] : entries) list.push_back({path, snapshot});
    return list;
  }
  Body operator()(const ReadOwn& e) {
    return OwnRead{e.id, Outcome::kDone, List(b.own), Reason::kNone};
  }
  Body operator()(const ReadHeads& e) {
    return HeadsRead{
        e.id, e.participant, Outcome::kDone, true, List(b.others[e.participant]), Reason::kNone};
  }
  Body operator()(const ReadCollective& e) {
    CollectiveRead read{e.id, Outcome::kDone, {}, Reason::kNone};
    for (const auto& [who, entries] : b.others)
      read.participants.push_back({who, false, false, b.peers.count(who) != 0});
    return read;
  }
  Body operator()(const FetchSnapshot& e) {
    const auto it = b.store.find(e.snapshot);
    if (it == b.store.end())
      return SnapshotFetched{e.id, e.snapshot, Outcome::kFailed, {}, Reason::kNotFound};
    return SnapshotFetched{e.id, e.snapshot, Outcome::kDone, it->second, Reason::kNone};
  }
  Body operator()(const CheckStored& e) {
    if (b.store.count(e.snapshot) == 0)
      return StoredChecked{e.id, Outcome::kRefused, Reason::kNotFound};
    return StoredChecked{e.id, Outcome::kDone, Reason::kNone};
  }
  Body operator()(const ForgetContent&) { return std::nullopt; }
  Body operator()(const AnswerCommand&) { return std::nullopt; }
};

Bench::Bench() : driver_(NewAgentState()) {}

PathId Bench::CopyPath(PathId path, ParticipantId owner, std::uint32_t attempt) {
  return PathId{kCopyPaths * attempt + 10 * path.value + owner.value};
}

void Bench::Start() {
  Started started;
  started.config = config;
  started.epoch = ++epoch_;
  started.read_only = read_only;
  started.rebooted = rebooted;
  Feed(started);
}

void Bench::Crash() {
  AgentState state = NewAgentState();
  for (const auto& [key, bytes] : durable_) CHECK(DecodeRecord(state, key, bytes));
  // What is staged and in no record is cleaned up at a start.
  std::map<std::uint64_t, File> known;
  for (const PathState& path : state.paths) {
    const PathRecord& r = path.record;
    for (const std::uint64_t token :
         {r.intent ? r.intent->token : 0, r.unsettled ? r.unsettled->token : 0})
      if (const auto it = staged.find(token); it != staged.end()) known.insert(*it);
  }
  staged = std::move(known);
  driver_ = Driver(std::move(state));
  pending.clear();
}

void Bench::Feed(EventBody body) {
  driver_.Feed(Event{now_, std::move(body)});
  CHECK(driver_.Run(*this));
  Check();
}

void Bench::Advance(std::int64_t ms) {
  const std::int64_t end = now_.mono_ms + ms;
  for (int wakes = 0; wakes < 100'000; ++wakes) {
    const auto wake = NextWake(state());
    const std::int64_t to = std::min(end, wake ? std::max(*wake, now_.mono_ms) : end);
    now_.wall_ms += to - now_.mono_ms;
    now_.mono_ms = to;
    if (wake && *wake <= to) Feed(Ticked{});
    if (to == end && (!NextWake(state()) || *NextWake(state()) > end)) return;
  }
  broken = "woken for ever";
}

std::optional<EventBody> Bench::Carry(const Effect& effect) {
  return std::visit(BenchWorld{*this}, effect);
}

std::optional<EventBody> Bench::Answer(const Effect& effect) {
  auto body = Carry(effect);
  if (body) Feed(*body);
  return body;
}

bool Bench::Next() {
  if (pending.empty()) return false;
  const Effect effect = pending.front();
  pending.pop_front();
  Answer(effect);
  return true;
}

void Bench::Drain() {
  for (int i = 0; i < 10'000; ++i)
    if (!Next()) return;
  broken = "it never comes to rest";
}

void Bench::Rest() {
  for (int i = 0; i < 30; ++i) {
    Drain();
    Advance(100);
  }
  Drain();
}

void Bench::Run() {
  Start();
  Rest();
}

Stat Bench::NewStat() {
  const std::uint64_t n = next_inode_++;
  return Stat{Kind::kFile, 10,   static_cast<std::int64_t>(n), static_cast<std::int64_t>(n),
              n,           false};
}

Observation Bench::See(PathId path) const {
  Observation seen;
  seen.path = path;
  const auto it = disk.find(path);
  seen.presence = it != disk.end() ? Presence::kThere : Presence::kGone;
  if (root != Reason::kNone) seen.presence = Presence::kUnknown, seen.reason = root;
  if (seen.presence == Presence::kThere) seen.stat = it->second.stat;
  if (IsCopyPath(path)) {
    seen.copy_of = PathId{path.value % kCopyPaths / 10};
    seen.copy_owner = ParticipantId{path.value % 10};
  }
  return seen;
}

void Bench::WriteUnseen(PathId path, std::uint32_t content) {
  const Stat fresh = NewStat();
  File& file = disk[path];
  if (file.stat.inode == 0) file.stat = fresh;
  file.stat.mtime_ns = fresh.mtime_ns;
  file.stat.ctime_ns = fresh.ctime_ns;
  file.version = Content(content);
}

void Bench::Write(PathId path, std::uint32_t content) {
  WriteUnseen(path, content);
  Feed(Observed{{See(path)}});
}

void Bench::Remove(PathId path) {
  disk.erase(path);
  Feed(Observed{{See(path)}});
}

SnapshotId Bench::Publish(ParticipantId who, PathId path, std::uint32_t content,
                          std::vector<SnapshotId> parents, bool approved) {
  const SnapshotId id{next_remote_++};
  SnapshotFacts facts;
  facts.path = path;
  facts.version = Content(content);
  facts.size = content == 0 ? 0 : 10;
  facts.generation = 1;
  facts.rank = next_rank_++;
  facts.author = who;
  facts.approved = approved;
  for (const SnapshotId parent : parents)
    facts.generation = std::max(facts.generation, store[parent].generation + 1);
  std::sort(parents.begin(), parents.end());
  facts.parents = std::move(parents);
  store[id] = facts;
  others[who][path] = id;
  return id;
}

void Bench::Hear(ParticipantId who) {
  Feed(StoreChanged{who});
  Rest();
}

const PathRecord& Bench::Record(PathId path) const {
  static const PathRecord kNothing;
  return path.value < state().paths.size() ? state().paths[path.value].record : kNothing;
}

const Node& Bench::NodeOf(SnapshotId id) const {
  const Node* node = state().dag.Find(id);
  CHECK(node != nullptr);
  return *node;
}

std::uint32_t Bench::OnDisk(PathId path) const {
  const auto it = disk.find(path);
  return it == disk.end() ? 0 : it->second.version.content.value;
}

bool Bench::Commit(const std::vector<RecordWrite>& writes) {
  ++commits_;
  for (const RecordWrite& write : writes) {
    if (write.bytes)
      durable_[write.key] = *write.bytes;
    else
      durable_.erase(write.key);
  }
  return true;
}

void Bench::Perform(std::vector<Effect> effects) {
  for (Effect& effect : effects) pending.push_back(std::move(effect));
}

void Bench::Record(const Event& event, std::uint64_t) { history_.push_back(event); }

void Bench::Check() {
  if (!broken.empty()) return;
  broken = I1Violation(state());
  if (!broken.empty()) return;
  for (std::uint32_t i = 1; i < state().paths.size(); ++i) {
    const RecordKey key{RecordKey::Table::kPath, i};
    const auto it = durable_.find(key);
    const auto bytes = EncodeRecord(state(), key);
    if (bytes.has_value() != (it != durable_.end()) || (bytes && *bytes != it->second))
      broken = "path " + std::to_string(i) + ": changed and not made durable";
  }
  state().dag.ForEach([&](SnapshotId id, const Node&) {
    const auto it = durable_.find({RecordKey::Table::kNode, id.value});
    if (it == durable_.end() || it->second != *EncodeRecord(state(), it->first))
      broken = "snapshot " + std::to_string(id.value) + ": changed and not made durable";
  });
}

}  // namespace kinfolder
