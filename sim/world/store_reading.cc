// Reading what the store holds: directories and snapshots.
#include "sim/world/carry_store.h"
#include "sim/world/draws.h"

namespace kinfolder::sim {

namespace {

// What a read of the directory sees. kNone: `*seen` is it. Otherwise why not.
Reason ReadNow(const Hands& hands, std::uint32_t directory, Directory* seen) {
  if (hands.weather != Weather::kFine) return Reason::kStore;
  if (hands.world.store.directories.at(directory - 1).gone) return Reason::kNotFound;
  *seen = SeenBy(hands.world, hands.machine, directory);
  return Reason::kNone;
}

std::vector<DirectoryEntry> Entries(const Hands& hands, const Directory& directory) {
  std::vector<DirectoryEntry> entries;
  for (const auto& [path, cap] : directory)
    entries.push_back({PathIdOf(hands.tables, path), SnapshotIdOf(hands.tables, cap)});
  return entries;
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

Reason ForgeryReason(Forgery forgery) {
  switch (forgery) {
    case Forgery::kBadSignature:
      return Reason::kSignature;
    case Forgery::kEscape:
      return Reason::kOutside;
    case Forgery::kUnknownAuthor:
      return Reason::kUnknownAuthor;
    case Forgery::kHuge:
      return Reason::kTooLarge;
    case Forgery::kNone:
    case Forgery::kWrongPath:
    case Forgery::kWrongVersion:
    case Forgery::kCycle:
    case Forgery::kHugeSize:
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
    const BlobId bytes = ContentOf(hands.world.store, stored.content).blob;
    if (row.cap == 0 && bytes == row.blob) row.cap = stored.content;
    hands.m.agent->tables_changed = true;
  }
  // Its bytes are read once, and not kept, to learn what it is.
  if (stored.plain && stored.content != 0) ++hands.m.counters.downloads;
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

// What is published with this content next has to send it again, unless this snapshot has it.
void NoteContent(const Hands& hands, ContentId content, Cap its) {
  if (!content) return;
  const auto is_whole = [&](Cap cap) {
    return cap != 0 && ContentOf(hands.world.store, cap).health == Health::kWhole;
  };
  ContentRow& row = hands.tables.contents.at(content.value);
  if (is_whole(row.cap)) return;
  row.cap = is_whole(its) ? its : 0;
  hands.m.agent->tables_changed = true;
}

}  // namespace

Directory SeenBy(World& world, int machine, std::uint32_t directory) {
  const StoredDirectory& stored = world.store.directories.at(directory - 1);
  const StaleReads* stale = ForMachine(world.store.faults.stale, machine);
  if (stale == nullptr || stale->until_ms <= world.now_ms) return stored.now;
  if (!stale->wander) return ValueAt(stored, stale->as_of_ms);
  const std::uint64_t draw = DrawFor(world, machine, "stale-read");
  return ValueAt(stored, DrawIn(draw, stale->as_of_ms, world.now_ms));
}

void Do(const Hands& hands, const ReadOwn& effect) {
  OwnRead read;
  read.id = effect.id;
  Directory seen;
  read.reason = ReadNow(hands, hands.m.state.directory, &seen);
  if (read.reason == Reason::kNone) {
    read.outcome = Outcome::kDone;
    read.entries = Entries(hands, seen);
  }
  hands.Reply(std::move(read));
}

void Do(const Hands& hands, const ReadHeads& effect) {
  HeadsRead read;
  read.id = effect.id;
  read.participant = effect.participant;
  const std::uint32_t directory = hands.tables.participants.at(effect.participant.value);
  bool cut_off = false;
  for (int other : hands.m.partitions)
    cut_off = cut_off || At(hands.world, other).state.directory == directory;
  Directory now;
  read.reason = cut_off ? Reason::kStore : ReadNow(hands, directory, &now);
  if (read.reason != Reason::kNone) return hands.Reply(std::move(read));
  auto& told = hands.m.agent->last_heads;
  const auto before = told.find(directory);
  read.outcome = Outcome::kDone;
  read.whole = before == told.end() || DrawFor(hands.world, hands.machine, "whole") % 4 == 0;
  read.entries = read.whole ? Entries(hands, now) : Changes(hands, before->second, now);
  told[directory] = std::move(now);
  hands.Reply(std::move(read));
}

void Do(const Hands& hands, const ReadCollective& effect) {
  CollectiveRead read;
  read.id = effect.id;
  if (hands.weather == Weather::kFine) {
    read.outcome = Outcome::kDone;
    const bool partial =
        Lasts(hands.world.store.faults.partial_until_ms, hands.machine, hands.world.now_ms);
    for (const Listed& listed : hands.world.store.collective) {
      if (listed.directory == hands.m.state.directory) continue;
      if (partial && DrawFor(hands.world, hands.machine, "gap") % 2 == 0) continue;
      read.participants.push_back({ParticipantIdOf(hands.tables, listed.directory), listed.retired,
                                   listed.read_only, listed.peer});
    }
  } else {
    read.reason = Reason::kStore;
  }
  hands.Reply(std::move(read));
}

void Do(const Hands& hands, const FetchSnapshot& effect) {
  SnapshotFetched fetched;
  fetched.id = effect.id;
  fetched.snapshot = effect.snapshot;
  const Cap cap = CapOf(hands.tables, effect.snapshot);
  fetched.reason = cap == 0 ? Reason::kNotFound : TroubleOf(hands.weather);
  if (cap != 0 && hands.weather == Weather::kFine)
    fetched.reason = TroubleOf(SnapshotOf(hands.world.store, cap).health);
  if (fetched.reason != Reason::kNone) return hands.Reply(std::move(fetched));
  fetched.reason = ForgeryReason(SnapshotOf(hands.world.store, cap).forgery);
  fetched.outcome = fetched.reason == Reason::kNone ? Outcome::kDone : Outcome::kRefused;
  if (fetched.outcome == Outcome::kDone) fetched.facts = FactsOf(hands, cap);
  hands.Reply(std::move(fetched));
}

void Do(const Hands& hands, const CheckStored& effect) {
  StoredChecked checked;
  checked.id = effect.id;
  const Cap cap = CapOf(hands.tables, effect.snapshot);
  if (hands.weather != Weather::kFine) {
    checked.reason = Reason::kStore;
    return hands.Reply(checked);
  }
  if (cap == 0) {
    checked.reason = Reason::kNotFound;
  } else {
    const StoredSnapshot& stored = SnapshotOf(hands.world.store, cap);
    checked.reason = TroubleOf(stored.health);
    if (checked.reason == Reason::kNone && effect.content && stored.content != 0)
      checked.reason = TroubleOf(ContentOf(hands.world.store, stored.content).health);
    if (effect.content)
      NoteContent(hands, Local(hands.tables, stored.version).content, stored.content);
  }
  checked.outcome = checked.reason == Reason::kNone ? Outcome::kDone : Outcome::kRefused;
  hands.Reply(checked);
}

}  // namespace kinfolder::sim
