#include "core/agent/testing/random_acts.h"

#include <algorithm>
#include <set>
#include <type_traits>
#include <vector>

namespace kinfolder {

namespace {

// Splits one number into many small choices.
class Dice {
 public:
  explicit Dice(std::uint32_t seed) : bits_(seed * 0x9e3779b97f4a7c15u + 1) {}
  // From 0 to sides - 1.
  std::uint32_t Roll(std::uint32_t sides) {
    bits_ ^= bits_ >> 29;
    bits_ *= 0xbf58476d1ce4e5b9u;
    bits_ ^= bits_ >> 32;
    return static_cast<std::uint32_t>(bits_ >> 11) % sides;
  }
  PathId Path() { return PathId{1 + Roll(4)}; }
  ParticipantId Other() { return ParticipantId{2 + Roll(2)}; }

 private:
  std::uint64_t bits_;
};

Effect TakeAny(Bench& b, Dice& dice) {
  const auto at = b.pending.begin() + dice.Roll(static_cast<std::uint32_t>(b.pending.size()));
  Effect effect = *at;
  b.pending.erase(at);
  return effect;
}

// An answer that says the effect did not succeed; nullopt for effects that have no answer.
std::optional<EventBody> Bad(const Effect& effect, Dice& dice) {
  const Outcome outcome = Outcome{static_cast<std::uint8_t>(2 + dice.Roll(3))};
  const Reason reason = dice.Roll(2) == 0 ? Reason::kIo : Reason::kDiskFull;
  const auto id = std::visit(
      [](const auto& e) {
        if constexpr (requires { e.id; })
          return e.id;
        else
          return EffectId{0};
      },
      effect);
  switch (effect.index()) {
    case 0:
      return RootLooked{id, Reason::kRootMissing};
    case 1:
      return ScanFinished{id, false};
    case 2:
      return Looked{id, {std::get<Look>(effect).path, Presence::kUnknown, {}, reason, {}, {}}};
    case 3:
      return Captured{id, outcome, {}, {}, reason};
    case 4:
      return Staged{id, outcome, 0, {}, reason};
    case 6:
      return Replaced{id, outcome, {}, false, {}, reason};
    case 7:
      return Replaced{
          id, dice.Roll(2) == 0 ? Outcome::kUnclear : Outcome::kFailed, {}, false, {}, reason};
    case 8:
      return Settled{id, Outcome::kFailed, reason};
    case 9:
      return CopyPlaced{id, Outcome::kFailed, {}, {}, reason};
    case 10:
      return CopyRemoved{id, Outcome::kFailed, reason};
    case 11:
      return Uploaded{id, outcome, 0, Reason::kStore};
    case 12:
      return DirectoryWritten{id, outcome, Reason::kStore};
    case 13:
      return OwnRead{id, Outcome::kFailed, {}, Reason::kStore};
    case 14: {
      const ParticipantId who = std::get<ReadHeads>(effect).participant;
      return HeadsRead{id, who, Outcome::kFailed, false, {}, Reason::kStore};
    }
    case 15:
      return CollectiveRead{id, Outcome::kFailed, {}, Reason::kStore};
    case 16: {
      const SnapshotId snapshot = std::get<FetchSnapshot>(effect).snapshot;
      return SnapshotFetched{id, snapshot, Outcome::kFailed, {}, Reason::kStore};
    }
    case 19:
      return StoredChecked{id, Outcome::kFailed, Reason::kStore};
    case 20:
      return MovedAside{id, Outcome::kFailed, {}, reason};
    default:
      return std::nullopt;
  }
}

void AnswerAny(Bench& b, Dice& dice) {
  if (b.pending.empty()) return;
  const Effect effect = TakeAny(b, dice);
  switch (dice.Roll(16)) {
    case 0:  // badly; nothing was done
      if (const auto bad = Bad(effect, dice)) b.Feed(*bad);
      if (std::holds_alternative<DropStaged>(effect)) b.Answer(effect);
      return;
    case 1: {  // done, but nobody can tell
      auto body = b.Carry(effect);
      if (!body) return;
      if (auto* r = std::get_if<Replaced>(&*body)) r->outcome = Outcome::kUnclear;
      if (auto* w = std::get_if<DirectoryWritten>(&*body)) w->outcome = Outcome::kUnclear;
      if (auto* u = std::get_if<Uploaded>(&*body)) u->outcome = Outcome::kUnclear;
      return b.Feed(*body);
    }
    case 2: {  // told twice
      const auto body = b.Answer(effect);
      if (body) b.Feed(*body);
      return;
    }
    default:
      b.Answer(effect);
  }
}

void PublishAny(Bench& b, Dice& dice) {
  const ParticipantId who = dice.Other();
  const PathId path = dice.Path();
  const auto heads_of = [&](ParticipantId p) {
    const auto it = b.others[p].find(path);
    return it == b.others[p].end() ? SnapshotId{} : it->second;
  };
  std::set<SnapshotId> parents{heads_of(who)};
  if (dice.Roll(2) == 0 && b.own.count(path) != 0) parents.insert(b.own[path]);
  if (dice.Roll(4) == 0) parents.insert(heads_of(who == kBea ? kCem : kBea));
  parents.erase(SnapshotId{});
  b.Publish(who, path, dice.Roll(5), {parents.begin(), parents.end()}, dice.Roll(4) == 0);
  if (dice.Roll(2) == 0) b.Feed(StoreChanged{who});
}

// A participant takes in what another one (or we) published.
void AdoptAny(Bench& b, Dice& dice) {
  const ParticipantId who = dice.Other();
  const PathId path = dice.Path();
  const auto& from = dice.Roll(2) == 0 ? b.own : b.others[who == kBea ? kCem : kBea];
  if (const auto it = from.find(path); it != from.end()) b.others[who][path] = it->second;
}

void PeopleAct(Bench& b, Dice& dice) {
  VersionChosen chosen;
  chosen.command = 1 + dice.Roll(9);
  chosen.path = dice.Path();
  switch (dice.Roll(4)) {
    case 0:
      return b.Feed(DeletesDecided{7, dice.Roll(2) == 0});
    case 1:
      return b.Feed(PauseAsked{8, dice.Roll(3) == 0});
    case 2:
      chosen.choice = VersionChosen::Choice::kTheirs;
      break;
    default:
      break;
  }
  if (!b.Record(chosen.path).conflicts.empty()) b.Feed(chosen);
}

}  // namespace

void MakeSmall(Bench& b, std::uint32_t choice) {
  Dice dice(choice);
  b.config.max_deletes_files = dice.Roll(2) == 0 ? 0 : 20;
  b.config.max_deletes_percent = 10;
  b.config.history_all = dice.Roll(2) == 0;
  b.read_only = dice.Roll(8) == 0;
  b.others[kBea];
  b.others[kCem];
}

void Act(Bench& b, std::uint32_t choice) {
  Dice dice(choice);
  const std::uint32_t act = dice.Roll(40);
  if (act < 20) return AnswerAny(b, dice);
  if (act < 24) return b.Write(dice.Path(), 1 + dice.Roll(4));
  if (act < 26) return b.Remove(dice.Path());
  if (act < 27) return b.WriteUnseen(dice.Path(), 1 + dice.Roll(4));
  if (act < 31) return PublishAny(b, dice);
  if (act < 32) return AdoptAny(b, dice);
  if (act < 33) return b.Advance(dice.Roll(8) == 0 ? 700'000 : dice.Roll(2'000));
  if (act < 34) {
    b.Crash();
    return b.Start();
  }
  if (act < 36) return PeopleAct(b, dice);
  if (act < 37) {
    b.root = b.root == Reason::kNone ? Reason::kRootMissing : Reason::kNone;
    return;
  }
  if (act < 38) return b.Feed(WatchLost{});
  b.Drain();
}

namespace {

EffectId WildId(const Bench& b, Dice& dice) {
  if (dice.Roll(4) == 0) return dice.Roll(3);
  if (b.pending.empty()) return dice.Roll(100);
  return std::visit(
      [](const auto& e) {
        if constexpr (requires { e.id; })
          return e.id;
        else
          return EffectId{0};
      },
      b.pending[dice.Roll(static_cast<std::uint32_t>(b.pending.size()))]);
}

SnapshotId WildSnapshot(Dice& dice) {
  return SnapshotId{dice.Roll(7) | (dice.Roll(4) == 0 ? kLocalSnapshotBit : 0u)};
}
Outcome WildOutcome(Dice& dice) {
  return dice.Roll(2) == 0 ? Outcome::kDone : Outcome{static_cast<std::uint8_t>(1 + dice.Roll(4))};
}
Reason WildReason(Dice& dice) {
  return dice.Roll(2) == 0 ? Reason::kNone : Reason{static_cast<std::uint8_t>(dice.Roll(25))};
}
Stat WildStat(Dice& dice) {
  return {Kind::kFile, dice.Roll(3), dice.Roll(3), dice.Roll(3), dice.Roll(3), dice.Roll(2) == 0};
}
PathId WildPath(Dice& dice) {
  return dice.Roll(5) == 0 ? Bench::CopyPath(dice.Path(), kBea) : dice.Path();
}
Observation WildObservation(Dice& dice) {
  Observation seen{WildPath(dice),
                   Presence{static_cast<std::uint8_t>(1 + dice.Roll(3))},
                   WildStat(dice),
                   WildReason(dice),
                   {},
                   {}};
  if (dice.Roll(3) == 0) seen.copy_of = dice.Path(), seen.copy_owner = dice.Other();
  return seen;
}
std::vector<DirectoryEntry> WildEntries(Dice& dice) {
  std::vector<DirectoryEntry> entries(dice.Roll(4));
  for (auto& e : entries) e = {dice.Path(), WildSnapshot(dice)};
  return entries;
}
SnapshotFacts WildFacts(Dice& dice, SnapshotId) {
  SnapshotFacts f;
  f.path = dice.Path();
  f.version = Content(dice.Roll(4));
  f.generation = dice.Roll(4);
  f.rank = dice.Roll(4);
  f.approved = dice.Roll(2) == 0;
  f.parents.resize(dice.Roll(3));
  for (auto& p : f.parents) p = WildSnapshot(dice);
  return f;
}

EventBody WildDiskAnswer(EffectId id, Dice& dice) {
  const Outcome outcome = WildOutcome(dice);
  switch (dice.Roll(9)) {
    case 0:
      return RootLooked{id, WildReason(dice)};
    case 1:
      return ScanFinished{id, dice.Roll(2) == 0};
    case 2:
      return Looked{id, WildObservation(dice)};
    case 3:
      return Captured{id, outcome, Content(dice.Roll(4)), WildStat(dice), WildReason(dice)};
    case 4:
      return Staged{id, outcome, dice.Roll(5), WildStat(dice), WildReason(dice)};
    case 5:
      return Replaced{
          id, outcome, WildStat(dice), dice.Roll(2) == 0, WildStat(dice), WildReason(dice)};
    case 6:
      return Settled{id, outcome, WildReason(dice)};
    case 7:
      return CopyPlaced{id, outcome, WildPath(dice), WildStat(dice), WildReason(dice)};
    default:
      return CopyRemoved{id, outcome, WildReason(dice)};
  }
}

EventBody WildStoreAnswer(const Bench& b, EffectId id, Dice& dice) {
  const Outcome outcome = WildOutcome(dice);
  switch (dice.Roll(6)) {
    case 0:
      return Uploaded{id, outcome, dice.Roll(4), WildReason(dice)};
    case 1:
      return DirectoryWritten{id, outcome, WildReason(dice)};
    case 2:
      return OwnRead{id, outcome, WildEntries(dice), WildReason(dice)};
    case 3:
      return HeadsRead{id,
                       ParticipantId{dice.Roll(5)},
                       outcome,
                       dice.Roll(2) == 0,
                       WildEntries(dice),
                       WildReason(dice)};
    case 4: {
      CollectiveRead read{id, outcome, {}, WildReason(dice)};
      for (std::uint32_t i = dice.Roll(3); i > 0; --i)
        read.participants.push_back(
            {ParticipantId{dice.Roll(5)}, false, dice.Roll(2) == 0, dice.Roll(4) == 0});
      return read;
    }
    default:
      break;
  }
  SnapshotFetched fetched{id, WildSnapshot(dice), outcome, {}, Reason::kNone};
  for (const Effect& effect : b.pending)
    if (const auto* fetch = std::get_if<FetchSnapshot>(&effect); fetch && fetch->id == id)
      fetched.snapshot = fetch->snapshot;
  fetched.facts = WildFacts(dice, fetched.snapshot);
  return fetched;
}

}  // namespace

EventBody WildEvent(const Bench& b, std::uint32_t choice) {
  Dice dice(choice ^ 0x5a5a5a5au);
  const EffectId id = WildId(b, dice);
  switch (dice.Roll(16)) {
    case 0:
      return Ticked{};
    case 1:
      return WatchLost{};
    case 2:
      return StoreChanged{ParticipantId{dice.Roll(5)}};
    case 3:
      return StoreLinkChanged{dice.Roll(2) == 0};
    case 4:
      return SyncAsked{dice.Roll(9)};
    case 5: {
      VersionChosen chosen{dice.Roll(9),
                           dice.Path(),
                           VersionChosen::Choice{static_cast<std::uint8_t>(1 + dice.Roll(3))},
                           ParticipantId{dice.Roll(4)},
                           Content(dice.Roll(4)),
                           dice.Roll(2) == 0};
      return chosen;
    }
    case 6:
      return DeletesDecided{dice.Roll(9), dice.Roll(2) == 0};
    case 7:
      return PauseAsked{dice.Roll(9), dice.Roll(4) == 0};
    case 8:
      return Observed{{WildObservation(dice), WildObservation(dice)}};
    case 9:
    case 10:
    case 11:
      return WildStoreAnswer(b, id, dice);
    default:
      return WildDiskAnswer(id, dice);
  }
}

std::string FaultsAtRest(Bench& b) {
  b.root = Reason::kNone;
  b.Feed(PauseAsked{1, false});
  for (int round = 0; round < 4 && b.broken.empty(); ++round) {
    b.Rest();
    b.Feed(DeletesDecided{1, round % 2 == 0});
    b.Feed(WatchLost{});
    b.Rest();
    b.Advance(700'000);
    b.Rest();
  }
  if (!b.broken.empty()) return b.broken;
  if (!b.Quiet()) return "not quiet at the end";
  if (b.state().folder.foreign_write) return "took its own write for another's";
  if (!b.staged.empty()) return "staged content is left over";
  for (std::uint32_t i = 1; i <= 4; ++i) {
    const PathId path{i};
    const PathRecord& r = b.Record(path);
    const std::string at = "path " + std::to_string(i) + ": ";
    if (!b.read_only) {
      const auto own = b.own.find(path);
      if (!r.chain.empty()) return at + "something is not uploaded";
      if ((own == b.own.end() ? SnapshotId{} : own->second) != r.current)
        return at + "the newest is not published";
      const std::uint32_t tip = r.tip() ? b.NodeOf(r.tip()).version.content.value : 0;
      if (tip != b.OnDisk(path)) return at + "the file is not the tip";
    }
    for (const ConflictRecord& c : r.conflicts) {
      const bool shown = std::any_of(r.copies.begin(), r.copies.end(), [&](const CopyRecord& x) {
        return x.version == b.NodeOf(c.head).version && b.disk.count(x.copy) != 0;
      });
      if (!shown) return at + "a conflict is not shown";
    }
    if (r.conflicts.empty() && !r.copies.empty()) return at + "a copy without a conflict";
  }
  return "";
}

}  // namespace kinfolder
