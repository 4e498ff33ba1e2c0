// Carries out the effects that need the store, through its faults.
#include "core/base/check.h"
#include "sim/world/draws.h"
#include "sim/world/world.h"

namespace kinfolder::sim {

namespace {

enum class Weather : std::uint8_t { kFine, kFails, kAnswerLost, kDelayed };

struct Hands {
  World& world;
  Judge& judge;
  int machine;
  Machine& m;
  Tables& tables;
  Weather weather;

  const std::string& Path(PathId id) const { return tables.paths.at(id.value); }
  std::int64_t Latency() const {
    const std::int64_t fixed = world.store.faults.latency_ms;
    return fixed > 0 ? fixed : DrawIn(DrawFor(world, machine, "store-answer"), 10, 60);
  }
  void Reply(EventBody body) const { Answer(world, machine, std::move(body), Latency()); }
};

// Takes one from the count of this machine's faults or anyone's. False: there is none.
bool Take(std::map<int, int>& counts, int machine) {
  for (int who : {machine, -1}) {
    const auto count = counts.find(who);
    if (count == counts.end() || count->second == 0) continue;
    --count->second;
    return true;
  }
  return false;
}

Weather WeatherFor(World& world, int machine, const Effect& effect) {
  StoreFaults& faults = world.store.faults;
  if (At(world, machine).offline || Take(faults.fail, machine)) return Weather::kFails;
  if (std::holds_alternative<WriteDirectory>(effect) && Take(faults.delay_write, machine))
    return Weather::kDelayed;
  return Take(faults.lose_answer, machine) ? Weather::kAnswerLost : Weather::kFine;
}

// Tells the agent when the connection to the store goes or comes, as the real client does.
void NoticeLink(const Hands& hands) {
  const bool up = hands.weather != Weather::kFails;
  if (hands.m.agent->link_up == up) return;
  hands.m.agent->link_up = up;
  Answer(hands.world, hands.machine, StoreLinkChanged{up}, 0);
}

const Directory& ReadNow(const World& world, std::uint32_t directory) {
  const StoredDirectory& stored = world.store.directories.at(directory - 1);
  return world.now_ms < world.store.faults.stale_until_ms ? stored.stale : stored.now;
}

std::vector<DirectoryEntry> Entries(const Hands& hands, const Directory& directory) {
  std::vector<DirectoryEntry> entries;
  for (const auto& [path, cap] : directory)
    entries.push_back({PathIdOf(hands.tables, path), SnapshotIdOf(hands.tables, cap)});
  return entries;
}

// --- reading ---

void Do(const Hands& hands, const ReadOwn& effect) {
  OwnRead read;
  read.id = effect.id;
  if (hands.weather == Weather::kFine) {
    read.outcome = Outcome::kDone;
    read.entries = Entries(hands, ReadNow(hands.world, hands.m.state.directory));
  } else {
    read.reason = Reason::kStore;
  }
  hands.Reply(std::move(read));
}

// What is different from what was last told.
std::vector<DirectoryEntry> Changes(const Hands& hands, const Directory& before,
                                    const Directory& now) {
  std::vector<DirectoryEntry> entries;
  for (const auto& [path, cap] : now) {
    const auto old = before.find(path);
    if (old == before.end() || old->second != cap)
      entries.push_back({PathIdOf(hands.tables, path), SnapshotIdOf(hands.tables, cap)});
  }
  for (const auto& [path, cap] : before)
    if (now.count(path) == 0) entries.push_back({PathIdOf(hands.tables, path), {}});
  return entries;
}

void Do(const Hands& hands, const ReadHeads& effect) {
  HeadsRead read;
  read.id = effect.id;
  read.participant = effect.participant;
  const std::uint32_t directory = hands.tables.participants.at(effect.participant.value);
  bool cut_off = false;
  for (int other : hands.m.partitions)
    cut_off = cut_off || At(hands.world, other).state.directory == directory;
  if (hands.weather != Weather::kFine || cut_off) {
    read.reason = Reason::kStore;
    hands.Reply(std::move(read));
    return;
  }
  const Directory now = ReadNow(hands.world, directory);
  auto& told = hands.m.agent->last_heads;
  const auto before = told.find(directory);
  read.outcome = Outcome::kDone;
  read.whole = before == told.end() || DrawFor(hands.world, hands.machine, "whole") % 4 == 0;
  read.entries = read.whole ? Entries(hands, now) : Changes(hands, before->second, now);
  told[directory] = now;
  hands.Reply(std::move(read));
}

void Do(const Hands& hands, const ReadCollective& effect) {
  CollectiveRead read;
  read.id = effect.id;
  if (hands.weather == Weather::kFine) {
    read.outcome = Outcome::kDone;
    for (const Listed& listed : hands.world.store.collective)
      if (listed.directory != hands.m.state.directory)
        read.participants.push_back(
            {ParticipantIdOf(hands.tables, listed.directory), listed.retired, listed.read_only});
  } else {
    read.reason = Reason::kStore;
  }
  hands.Reply(std::move(read));
}

Reason ForgeryReason(Forgery forgery) {
  switch (forgery) {
    case Forgery::kBadSignature:
      return Reason::kSignature;
    case Forgery::kEscape:
      return Reason::kOutside;
    case Forgery::kUnknownAuthor:
      return Reason::kUnknownAuthor;
    case Forgery::kNone:
    case Forgery::kWrongPath:
    case Forgery::kWrongVersion:
      break;
  }
  return Reason::kNone;
}

SnapshotFacts FactsOf(const Hands& hands, Cap cap) {
  const StoredSnapshot& stored = SnapshotOf(hands.world.store, cap);
  SnapshotFacts facts;
  facts.path = PathIdOf(hands.tables, stored.path);
  facts.version = Local(hands.tables, stored.version);
  if (facts.version.content && stored.content != 0) {
    ContentRow& row = hands.tables.contents.at(facts.version.content.value);
    const BlobId bytes = hands.world.store.contents.at(stored.content - 1);
    if (row.cap == 0 && bytes == row.blob) row.cap = stored.content;
    hands.m.agent->tables_changed = true;
  }
  facts.size = stored.size;
  facts.generation = stored.generation;
  facts.rank = RankOf(cap);
  facts.created_ms = stored.created_ms;
  facts.mtime_ns = stored.mtime_ns;
  facts.author = ParticipantIdOf(hands.tables, stored.author);
  facts.approved = stored.approved;
  for (Cap parent : stored.parents) facts.parents.push_back(SnapshotIdOf(hands.tables, parent));
  return facts;
}

void Do(const Hands& hands, const FetchSnapshot& effect) {
  SnapshotFetched fetched;
  fetched.id = effect.id;
  fetched.snapshot = effect.snapshot;
  const Cap cap = CapOf(hands.tables, effect.snapshot);
  if (hands.weather != Weather::kFine || cap == 0) {
    fetched.reason = cap == 0 ? Reason::kNotFound : Reason::kStore;
    hands.Reply(std::move(fetched));
    return;
  }
  fetched.reason = ForgeryReason(SnapshotOf(hands.world.store, cap).forgery);
  fetched.outcome = fetched.reason == Reason::kNone ? Outcome::kDone : Outcome::kRefused;
  if (fetched.outcome == Outcome::kDone) fetched.facts = FactsOf(hands, cap);
  hands.Reply(std::move(fetched));
}

void Do(const Hands& hands, const CheckStored& effect) {
  StoredChecked checked;
  checked.id = effect.id;
  if (hands.weather != Weather::kFine) {
    checked.reason = Reason::kStore;
  } else if (CapOf(hands.tables, effect.snapshot) == 0) {
    checked.outcome = Outcome::kRefused;
    checked.reason = Reason::kNotFound;
  } else {
    checked.outcome = Outcome::kDone;
  }
  hands.Reply(checked);
}

// --- bringing a version here ---

// True if the content must come from the store.
bool NeedsStore(const Tables& tables, const StageTarget& effect) {
  return effect.version.content && !tables.contents.at(effect.version.content.value).staged;
}

// kNone: `*blob` are the bytes. Otherwise why not.
Reason Bring(const Hands& hands, const StageTarget& effect, BlobId* blob) {
  const ContentRow& row = hands.tables.contents.at(effect.version.content.value);
  *blob = row.blob;
  if (row.staged) return Reason::kNone;
  const Cap snapshot = CapOf(hands.tables, effect.snapshot);
  const Cap content = snapshot != 0 && SnapshotOf(hands.world.store, snapshot).content != 0
                          ? SnapshotOf(hands.world.store, snapshot).content
                          : row.cap;
  if (content == 0) return Reason::kNotFound;
  ++hands.m.counters.downloads;
  *blob = hands.world.store.contents.at(content - 1);
  if (*blob != row.blob) return Reason::kWrongVersion;
  NoteDeed(hands.world, hands.machine, Deed::kDownloaded, hands.Path(effect.path), *blob);
  return Reason::kNone;
}

std::uint64_t StageFile(const Hands& hands, const StageTarget& effect, BlobId blob) {
  Disk& disk = hands.m.disk;
  const std::uint64_t number = disk.next_inode++;
  Inode inode;
  inode.kind = effect.version.kind;
  inode.blob = blob;
  inode.staged_blob = blob;
  const std::uint32_t exec_bits = effect.version.exec ? 0111U : 0U;
  inode.mode = inode.kind == Kind::kDirectory ? 0755U : 0644U | exec_bits;
  inode.mtime_ns = effect.mtime_ns - effect.mtime_ns % disk.mtime_granularity_ns;
  inode.ctime_ns = NowNs(hands.world, hands.machine);
  disk.inodes[number] = inode;
  const std::uint64_t token = disk.next_token++ | (std::uint64_t{1} << 62);
  disk.tmp[token] = number;
  return token;
}

void Do(const Hands& hands, const StageTarget& effect) {
  Staged staged;
  staged.id = effect.id;
  BlobId blob = 0;
  const bool far = NeedsStore(hands.tables, effect);
  if (const Reason root = RootReason(hands.m.disk); root != Reason::kNone) {
    staged.reason = root;
  } else if (far && hands.weather != Weather::kFine) {
    staged.reason = Reason::kStore;
  } else if (effect.version.content &&
             (staged.reason = Bring(hands, effect, &blob), staged.reason != Reason::kNone)) {
    staged.outcome = staged.reason == Reason::kWrongVersion ? Outcome::kRefused : Outcome::kFailed;
  } else if (hands.m.disk.full) {
    staged.reason = Reason::kDiskFull;
  } else {
    staged.outcome = Outcome::kDone;
    staged.token = StageFile(hands, effect, blob);
    staged.stat = StatOf(hands.m.disk, hands.world.blobs, hands.m.disk.tmp.at(staged.token));
  }
  hands.Reply(staged);
}

// --- writing ---

// The snapshot as it will be in the store; nullopt: a parent or the content is not there.
std::optional<StoredSnapshot> Pack(const Hands& hands, const Upload& effect, bool* sends_content) {
  const Node* node = hands.m.agent->driver.state().dag.Find(effect.snapshot);
  if (node == nullptr) return std::nullopt;
  StoredSnapshot packed;
  packed.path = hands.Path(node->path);
  packed.version = Shared(hands.tables, node->version);
  packed.size = node->size;
  packed.generation = node->generation;
  packed.created_ms = node->created_ms;
  packed.mtime_ns = node->mtime_ns;
  packed.author = hands.m.state.directory;
  packed.approved = node->approved;
  packed.truth = TruthOf(hands.tables, hands.world.store, effect.snapshot);
  for (SnapshotId parent : node->parents) {
    packed.parents.push_back(CapOf(hands.tables, parent));
    if (packed.parents.back() == 0) return std::nullopt;
  }
  *sends_content = false;
  if (node->version.content) {
    const ContentRow& row = hands.tables.contents.at(node->version.content.value);
    packed.content = row.cap;
    *sends_content = row.cap == 0;
    if (row.cap == 0 && !row.staged) return std::nullopt;
  }
  return packed;
}

void Do(const Hands& hands, const Upload& effect) {
  Uploaded uploaded;
  uploaded.id = effect.id;
  bool sends_content = false;
  std::optional<StoredSnapshot> packed = Pack(hands, effect, &sends_content);
  if (!packed) {
    Violate(hands.world, "I4",
            hands.m.name + " uploads a snapshot of " + hands.Path(effect.path) +
                " whose parents or content are not there",
            0);
    return;
  }
  if (hands.weather == Weather::kFails) {
    uploaded.reason = Reason::kStore;
    hands.Reply(uploaded);
    return;
  }
  if (sends_content) {
    packed->content = AddContent(hands.world.store, packed->version.blob);
    ++hands.m.counters.uploads;
  }
  NoteDeed(hands.world, hands.machine, Deed::kUploaded, packed->path, packed->version.blob);
  const ContentId content = Local(hands.tables, packed->version).content;
  const Cap content_cap = packed->content;
  const Cap cap = AddSnapshot(hands.world.store, std::move(*packed));
  if (hands.weather == Weather::kAnswerLost) {
    uploaded.outcome = Outcome::kUnclear;
    uploaded.reason = Reason::kStore;
    hands.Reply(uploaded);
    return;
  }
  uploaded.outcome = Outcome::kDone;
  uploaded.rank = RankOf(cap);
  if (content) {
    hands.tables.contents.at(content.value).cap = content_cap;
    hands.m.agent->tables_changed = true;
  }
  Push(hands.world, hands.world.now_ms + hands.Latency(),
       AnswerDue{hands.machine, hands.m.incarnation, uploaded, effect.snapshot, cap, content_cap});
}

void PutNow(const Hands& hands, Directory value) {
  const std::uint32_t directory = hands.m.state.directory;
  for (const auto& [path, cap] : value) {
    const Directory& now = hands.world.store.directories.at(directory - 1).now;
    const auto old = now.find(path);
    if (old == now.end() || old->second != cap)
      NoteDeed(hands.world, hands.machine, Deed::kLinked, path,
               SnapshotOf(hands.world.store, cap).version.blob);
  }
  ++hands.m.counters.dmd_writes;
  Link(hands.world, hands.judge, hands.machine, directory, std::move(value));
  if (!hands.world.random_notify) return;
  for (std::size_t i = 0; i < hands.world.machines.size(); ++i) {
    const int other = static_cast<int>(i);
    Machine& m = At(hands.world, other);
    if (other == hands.machine || !m.agent || m.offline) continue;
    if (DrawFor(hands.world, other, "notify") % 2 == 0) continue;
    Answer(hands.world, other, StoreChanged{ParticipantIdOf(m.agent->tables, directory)}, 5);
  }
}

void Do(const Hands& hands, const WriteDirectory& effect) {
  DirectoryWritten written;
  written.id = effect.id;
  Directory value = hands.world.store.directories.at(hands.m.state.directory - 1).now;
  for (const DirectoryEntry& entry : effect.entries) {
    const std::string& path = hands.Path(entry.path);
    const Cap cap = CapOf(hands.tables, entry.snapshot);
    if (!entry.snapshot) {
      value.erase(path);
    } else if (cap == 0) {
      Violate(hands.world, "I4",
              hands.m.name + " links a snapshot of " + path + " that is not in the store", 0);
      return;
    } else {
      value[path] = cap;
    }
  }
  switch (hands.weather) {
    case Weather::kFails:
      written.reason = Reason::kStore;
      break;
    case Weather::kFine:
      written.outcome = Outcome::kDone;
      PutNow(hands, std::move(value));
      break;
    case Weather::kAnswerLost:
      written.outcome = Outcome::kUnclear;
      written.reason = Reason::kStore;
      PutNow(hands, std::move(value));
      break;
    case Weather::kDelayed: {
      written.outcome = Outcome::kUnclear;
      written.reason = Reason::kStore;
      auto& delays = hands.world.store.faults.delay_ms;
      const auto own = delays.find(hands.machine);
      const std::int64_t delay_ms = own != delays.end() ? own->second : delays[-1];
      Push(hands.world, hands.world.now_ms + delay_ms,
           DelayedWrite{hands.machine, hands.m.state.directory, std::move(value)});
      break;
    }
  }
  hands.Reply(written);
}

// The effects of the disk are not carried out here.
template <class Other>
void Do(const Hands&, const Other&) {
  CHECK(false);
}

}  // namespace

bool IsStoreEffect(const Effect& effect) {
  return std::holds_alternative<StageTarget>(effect) || std::holds_alternative<Upload>(effect) ||
         std::holds_alternative<WriteDirectory>(effect) ||
         std::holds_alternative<ReadOwn>(effect) || std::holds_alternative<ReadHeads>(effect) ||
         std::holds_alternative<ReadCollective>(effect) ||
         std::holds_alternative<FetchSnapshot>(effect) ||
         std::holds_alternative<CheckStored>(effect);
}

void CarryInStore(World& world, Judge& judge, int machine, const Effect& effect) {
  Machine& m = At(world, machine);
  const auto* stage = std::get_if<StageTarget>(&effect);
  const bool near = stage && !NeedsStore(m.agent->tables, *stage);
  const Weather weather = near ? Weather::kFine : WeatherFor(world, machine, effect);
  const Hands hands{world, judge, machine, m, m.agent->tables, weather};
  if (!near) NoticeLink(hands);
  std::visit([&](const auto& e) { Do(hands, e); }, effect);
}

}  // namespace kinfolder::sim
