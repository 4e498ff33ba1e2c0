// Putting snapshots into the store and writing our directory there.
#include <algorithm>
#include <optional>

#include "sim/world/carry_store.h"
#include "sim/world/draws.h"
#include "sim/world/store_damage.h"

namespace kinfolder::sim {

namespace {

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
  packed.stored_ms = hands.world.now_ms;
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

// False: the snapshot was discarded since it was asked for, and its content with it.
bool IsStillWanted(const Hands& hands, const Upload& effect) {
  const auto& paths = hands.m.agent->driver.state().paths;
  if (effect.path.value >= paths.size()) return false;
  const std::vector<SnapshotId>& chain = paths[effect.path.value].record.chain;
  return std::find(chain.begin(), chain.end(), effect.snapshot) != chain.end();
}

// The store had the content, so it was not kept here, and has lost it since. (Somebody else may
// have sent it again: this machine does not know where it is then.)
bool HasLostContent(const Hands& hands, const Upload& effect) {
  const Store& store = hands.world.store;
  const Version version = hands.m.agent->driver.state().dag.Find(effect.snapshot)->version;
  if (!version.content || !store.has_losses) return false;
  const ContentRow& row = hands.tables.contents.at(version.content.value);
  return row.cap == 0 && !row.staged &&
         std::any_of(store.contents.begin(), store.contents.end(),
                     [&](const StoredContent& content) { return content.blob == row.blob; });
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

}  // namespace

void Do(const Hands& hands, const Upload& effect) {
  Uploaded uploaded;
  uploaded.id = effect.id;
  bool sends_content = false;
  std::optional<StoredSnapshot> packed = Pack(hands, effect, &sends_content);
  if (!packed && !IsStillWanted(hands, effect)) {
    uploaded.reason = Reason::kNotFound;
    return hands.Reply(uploaded);
  }
  if (!packed && HasLostContent(hands, effect)) {
    uploaded.outcome = Outcome::kRefused;
    uploaded.reason = Reason::kNotFound;
    return hands.Reply(uploaded);
  }
  if (!packed) {
    Violate(hands.world, "I4",
            hands.m.name + " uploads a snapshot of " + hands.Path(effect.path) +
                " whose parents or content are not there",
            0);
    return;
  }
  if (hands.weather != Weather::kFine && hands.weather != Weather::kAnswerLost) {
    uploaded.reason = hands.weather == Weather::kFull ? Reason::kQuota : Reason::kStore;
    if (hands.weather == Weather::kRequestLost) uploaded.outcome = Outcome::kUnclear;
    return hands.Reply(uploaded);
  }
  if (sends_content) {
    packed->content = AddContent(hands.world.store, {packed->version.blob, packed->author,
                                                     hands.world.now_ms, Health::kWhole});
    ++hands.m.counters.uploads;
  }
  NoteDeed(hands.world, hands.machine, Deed::kUploaded, packed->path, packed->version.blob);
  const ContentId content = Local(hands.tables, packed->version).content;
  const Cap content_cap = packed->content;
  const Cap cap = AddSnapshot(hands.world.store, std::move(*packed));
  NoteStoredAgain(hands.world, cap);
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

void Do(const Hands& hands, const WriteDirectory& effect) {
  DirectoryWritten written;
  written.id = effect.id;
  const StoredDirectory& stored = hands.world.store.directories.at(hands.m.state.directory - 1);
  if (stored.gone) {
    written.reason = Reason::kNotFound;
    return hands.Reply(written);
  }
  Directory value = ValueAt(stored, std::max(hands.asked_ms, hands.world.store.rolled_back_ms));
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
  written.reason = hands.weather == Weather::kFull ? Reason::kQuota : Reason::kStore;
  switch (hands.weather) {
    case Weather::kFails:
    case Weather::kDown:
    case Weather::kFull:
      break;
    case Weather::kFine:
      written.outcome = Outcome::kDone;
      written.reason = Reason::kNone;
      PutNow(hands, std::move(value));
      break;
    case Weather::kAnswerLost:
      written.outcome = Outcome::kUnclear;
      PutNow(hands, std::move(value));
      break;
    case Weather::kRequestLost:
      written.outcome = Outcome::kUnclear;
      break;
    case Weather::kDelayed:
      written.outcome = Outcome::kUnclear;
      const std::int64_t* delay_ms = ForMachine(hands.world.store.faults.delay_ms, hands.machine);
      Push(hands.world, hands.world.now_ms + (delay_ms != nullptr ? *delay_ms : 0),
           DelayedWrite{hands.machine, hands.m.state.directory, std::move(value)});
      break;
  }
  hands.Reply(written);
}

}  // namespace kinfolder::sim
