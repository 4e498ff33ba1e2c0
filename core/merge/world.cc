#include "core/merge/world.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace kinfolder::testing {
namespace {

constexpr PathId kPath{3};
constexpr int kMaxRounds = 80;
constexpr int kPollsBeforeAbsorbing = 2;

std::size_t At(SnapshotId id) { return (id.value & ~kLocalSnapshotBit) - 1; }

std::vector<SnapshotId> HeadsOf(const std::vector<EqualNote>& notes) {
  std::vector<SnapshotId> heads;
  for (const EqualNote& note : notes) heads.push_back(note.head);
  return heads;
}

template <class T>
void Shuffle(std::vector<T>* values, Dice* dice) {
  for (std::size_t n = values->size(); n > 1; --n)
    std::swap((*values)[n - 1], (*values)[dice->Below(n)]);
}

}  // namespace

std::uint64_t Dice::Next() {  // SplitMix64
  std::uint64_t z = state_ += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

World::World(Setup setup) : setup_(std::move(setup)) {
  for (Role role : setup_.roles) {
    participants_.emplace_back();
    participants_.back().role = role;
    participants_.back().state.may_merge = role == Role::kWriter;
  }
}

const std::set<SnapshotId>& World::AncestorsOf(SnapshotId id) const { return ancestors_[At(id)]; }

void World::Fail(const std::string& what) {
  if (problem_.empty()) problem_ = what;
}

void World::Do(const Step& step) {
  const std::size_t who = step.who % participants_.size();
  const Participant& participant = participants_[who];
  Dice dice(step.seed);
  const bool by_user = step.deed != Deed::kPublish && step.deed != Deed::kPoll;
  if (by_user && participant.stuck) return;
  if (by_user && participant.role == Role::kReader && !dice.Percent(10)) return;
  switch (step.deed) {
    case Deed::kEdit: {
      const std::uint32_t content = dice.Percent(60) ? 1 + dice.Below(2) : ++contents_;
      const SnapshotId mine = participant.state.mine;
      Edit(who, {Kind::kFile, ContentId{content}, mine && Truth(mine).version.exec});
      break;
    }
    case Deed::kMode:
      ChangeMode(who);
      break;
    case Deed::kDelete:
      Edit(who, kDeletedVersion);
      break;
    case Deed::kResolve:
      Resolve(who, &dice);
      break;
    case Deed::kPublish:
      Publish(who);
      break;
    case Deed::kPoll:
      Poll(who, &dice);
      break;
  }
}

void World::Edit(std::size_t who, const Version& version) {
  const TakeInInput& state = participants_[who].state;
  if ((state.mine ? Truth(state.mine).version : kDeletedVersion) == version) return;
  const auto noted = HeadsOf(state.equal);
  Make(who, version, {noted.begin(), noted.end()});
}

void World::ChangeMode(std::size_t who) {
  const SnapshotId mine = participants_[who].state.mine;
  if (!mine || Truth(mine).version.kind != Kind::kFile) return;
  Version version = Truth(mine).version;
  version.exec = !version.exec;
  Edit(who, version);
}

void World::Resolve(std::size_t who, Dice* dice) {
  TakeInInput& state = participants_[who].state;
  if (state.conflicts.empty()) return;
  const std::size_t choice = dice->Below(state.conflicts.size() + 2);
  Version version = Truth(state.mine).version;
  if (choice == 0) version = {Kind::kFile, ContentId{++contents_}, false};
  if (choice >= 2) version = Truth(state.conflicts[choice - 2]).version;
  const auto noted = HeadsOf(state.equal);
  std::set<SnapshotId> parents(noted.begin(), noted.end());
  parents.insert(state.conflicts.begin(), state.conflicts.end());
  state.conflicts.clear();
  Make(who, version, std::move(parents));
}

// A snapshot by a user, on the tip and these.
void World::Make(std::size_t who, const Version& version, std::set<SnapshotId> parents) {
  Participant& participant = participants_[who];
  if (participant.state.mine) parents.insert(participant.state.mine);
  const SnapshotId id{kLocalSnapshotBit | static_cast<std::uint32_t>(ancestors_.size() + 1)};
  Node node{.path = kPath, .version = version, .parents = {parents.begin(), parents.end()}};
  node.rank = Dice(id.value).Next();
  node.generation = GenerationOf(node.parents, who);
  participant.known.Add(id, node);
  Register(id, std::move(node));
  participant.state.mine = id;
  participant.state.unpublished.push_back(id);
  participant.state.equal.clear();
}

std::uint64_t World::GenerationOf(const std::vector<SnapshotId>& parents, std::size_t author) {
  if (setup_.generations == Generations::kLies && lies_.Percent(40)) return lies_.Below(8);
  if (setup_.generations == Generations::kUnknown && author % 2 == 0) return 0;
  std::uint64_t largest = 0;
  for (SnapshotId parent : parents) {
    if (Truth(parent).generation == 0) return 0;
    largest = std::max(largest, Truth(parent).generation);
  }
  return largest + 1;
}

void World::Register(SnapshotId id, Node node) {
  if (At(id) != ancestors_.size()) return Fail("a merge got the wrong id");
  std::set<SnapshotId> ancestors{id};
  for (SnapshotId parent : node.parents)
    ancestors.insert(AncestorsOf(parent).begin(), AncestorsOf(parent).end());
  ancestors_.push_back(std::move(ancestors));
  truth_.Add(id, std::move(node));
}

bool World::Publish(std::size_t who) {
  Participant& participant = participants_[who];
  if (participant.role == Role::kReader || !participant.state.mine) return false;
  participant.state.unpublished.clear();
  if (!participant.published.empty() && participant.published.back() == participant.state.mine)
    return false;
  participant.published.push_back(participant.state.mine);
  return true;
}

bool World::Poll(std::size_t who, Dice* dice) {
  std::vector<SnapshotId> heads;
  for (std::size_t other = 0; other < participants_.size(); ++other) {
    const auto& values = participants_[other].published;
    if (other == who || values.empty() || (dice && dice->Percent(30))) continue;
    heads.push_back(dice && dice->Percent(40) ? values[dice->Below(values.size())] : values.back());
  }
  Participant& participant = participants_[who];
  if (participant.role == Role::kPassive) return Adopt(&participant, heads);
  participant.state.heads = heads;
  participant.state.as_concurrent.clear();
  participant.state.next_local = static_cast<std::uint32_t>(ancestors_.size() + 1);
  const TakeInOutput out = Decide(&participant, dice);
  CheckDecision(participant, out);
  if (!problem_.empty()) return false;
  const bool changed = Apply(&participant, out);
  CheckRest(participant);
  return CountPolls(&participant) || changed;
}

bool World::Adopt(Participant* participant, const std::vector<SnapshotId>& heads) {
  SnapshotId& mine = participant->state.mine;
  const SnapshotId before = mine;
  for (SnapshotId head : heads) {
    if (participant->stuck) break;
    if (!mine || TrulyBelow(mine, head)) {
      mine = head;
    } else if (!TrulyBelow(head, mine)) {
      participant->stuck = true;
    }
  }
  return mine != before;
}

bool World::Learn(Participant* participant, const std::vector<SnapshotId>& ids, Dice* dice) {
  bool any = false;
  for (SnapshotId id : ids) {
    if (participant->known.Find(id) || (dice && dice->Percent(25))) continue;
    participant->known.Add(id, Truth(id));
    any = true;
  }
  return any;
}

TakeInOutput World::Decide(Participant* participant, Dice* dice) {
  for (;;) {
    TakeInOutput out = TakeIn(participant->known, kPath, participant->state);
    if (Learn(participant, out.missing, dice)) continue;
    auto& waited = participant->state.as_concurrent;
    if (setup_.impatient && waited.empty() && !out.left_out.empty()) {
      waited = out.left_out;
      continue;
    }
    if (!dice && !(out.left_out.empty() && waited.empty()))
      Fail("a head is left out though everything is readable");
    TakeInInput again = participant->state;  // neither order nor repetition matters
    std::reverse(again.heads.begin(), again.heads.end());
    again.heads.insert(again.heads.end(), participant->state.heads.begin(),
                       participant->state.heads.end());
    if (TakeIn(participant->known, kPath, again) != out) Fail("the order of heads matters");
    return out;
  }
}

bool World::Apply(Participant* participant, const TakeInOutput& out) {
  TakeInInput& state = participant->state;
  const bool changed = state.mine != out.mine || HeadsOf(state.equal) != HeadsOf(out.equal) ||
                       state.conflicts != out.conflicts;
  if (out.discarded) {
    discarded_.insert(state.unpublished.begin(), state.unpublished.end());
    state.unpublished.clear();
  }
  for (const MergeToMake& merge : out.merges) {
    Node node{.path = kPath,
              .version = merge.version,
              .size = merge.size,
              .generation = merge.generation,
              .rank = Dice(merge.id.value).Next(),
              .author = kSelf,
              .parents = merge.parents};
    participant->known.Add(merge.id, node);
    Register(merge.id, std::move(node));
    CheckMerge(merge);
    state.unpublished.push_back(merge.id);
  }
  state.mine = out.mine;
  state.equal = out.equal;
  state.conflicts = out.conflicts;
  state.next_local = static_cast<std::uint32_t>(ancestors_.size() + 1);
  return changed;
}

// Heads that stay noted become due. Whether any did that makes a difference.
bool World::CountPolls(Participant* participant) {
  std::map<SnapshotId, int> polls;
  bool changed = false;
  for (EqualNote& note : participant->state.equal) {
    polls[note.head] = participant->polls[note.head] + 1;
    const bool due = polls[note.head] >= kPollsBeforeAbsorbing;
    const bool waits = participant->role == Role::kWriter &&
                       Truth(note.head).version != Truth(participant->state.mine).version;
    changed |= (waits && !due) || due != note.absorb_due;
    note.absorb_due = due;
  }
  participant->polls = std::move(polls);
  return changed;
}

// A merge made by an agent may leave out only deletes and what another side's history already had.
void World::CheckMerge(const MergeToMake& merge) {
  for (SnapshotId parent : merge.parents) {
    const Version& version = Truth(parent).version;
    if (version.kind == Kind::kDeleted) continue;
    bool content = merge.version.kind != Kind::kDeleted && merge.version.content == version.content;
    bool exec = merge.version.kind != Kind::kDeleted && merge.version.exec == version.exec;
    for (SnapshotId other : merge.parents) {
      if (other == parent) continue;
      for (SnapshotId ancestor : AncestorsOf(other)) {
        const Version& had = Truth(ancestor).version;
        if (had.kind == Kind::kDeleted) continue;
        content |= had.content == version.content;
        exec |= had.exec == version.exec;
      }
    }
    if (!content || !exec) Fail("a merge swallows a version");
  }
}

void World::CheckDecision(const Participant& participant, const TakeInOutput& out) {
  const TakeInInput& state = participant.state;
  if (!state.may_merge && !out.merges.empty()) Fail("a reader merges");
  if (out.discarded && state.unpublished.empty()) Fail("nothing to discard");
  const bool own = !state.unpublished.empty();
  if (own && !out.discarded && out.merges.empty() && out.mine != state.mine)
    Fail("an unpublished snapshot is left behind");
  if (!out.merges.empty() && out.mine != out.merges.back().id) Fail("a merge is not the tip");
  if (!out.merges.empty() || !out.mine) return;
  const bool exact = setup_.generations != Generations::kLies && !setup_.impatient;
  if (exact && state.may_merge && state.mine && !out.discarded && !TrulyBelow(state.mine, out.mine))
    Fail("the tip went back");
  for (SnapshotId head : out.conflicts) {
    if (std::count(out.left_out.begin(), out.left_out.end(), head) != 0) continue;
    if (Truth(head).version == Truth(out.mine).version) Fail("a conflict of the same version");
    if (exact && (TrulyBelow(head, out.mine) || TrulyBelow(out.mine, head)))
      Fail("a conflict that is not concurrent");
  }
}

// The same heads again change nothing, if all could be judged and "is below" is transitive.
void World::CheckRest(const Participant& participant) {
  const TakeInInput& state = participant.state;
  const TakeInOutput out = TakeIn(participant.known, kPath, state);
  if (!out.left_out.empty() || setup_.generations == Generations::kLies) return;
  if (out.mine != state.mine || !out.merges.empty() || out.discarded || out.equal != state.equal ||
      out.conflicts != state.conflicts)
    Fail("the rules have not come to rest");
}

bool World::Settle(std::uint64_t seed) {
  Dice dice(seed);
  std::vector<std::size_t> order;
  for (std::size_t who = 0; who < participants_.size(); ++who) order.push_back(who);
  for (int round = 0; round < kMaxRounds && problem_.empty(); ++round) {
    Shuffle(&order, &dice);
    bool changed = false;
    if (dice.Percent(50)) {  // everybody reads before anybody writes
      for (std::size_t who : order) changed |= Poll(who, nullptr);
      for (std::size_t who : order) changed |= Publish(who);
    } else {
      for (std::size_t who : order) {
        changed |= Publish(who);
        changed |= Poll(who, nullptr);
      }
    }
    const bool all_published =
        std::all_of(participants_.begin(), participants_.end(), [](const Participant& p) {
          return p.role == Role::kReader || !p.state.mine ||
                 (!p.published.empty() && p.published.back() == p.state.mine);
        });
    if (!changed && all_published) return true;
  }
  return false;
}

World::Shown World::ShownBy(const Participant& participant) const {
  Shown shown;
  const auto add = [&](const Version& v) { shown.emplace(v.kind, v.content, v.exec); };
  add(participant.state.mine ? Truth(participant.state.mine).version : kDeletedVersion);
  for (SnapshotId head : participant.state.conflicts) add(Truth(head).version);
  return shown;
}

std::string World::Differences() const {
  const Participant* first = nullptr;
  for (const Participant& participant : participants_) {
    if (participant.role == Role::kPassive) continue;
    if (participant.role == Role::kReader && !participant.state.unpublished.empty()) continue;
    if (!first) first = &participant;
    if (ShownBy(participant) != ShownBy(*first)) return "participants show different versions";
  }
  return {};
}

std::string World::Losses() const {
  std::set<SnapshotId> kept;
  for (const Participant& participant : participants_) {
    const TakeInInput& state = participant.state;
    if (!participant.published.empty())
      kept.insert(AncestorsOf(participant.published.back()).begin(),
                  AncestorsOf(participant.published.back()).end());
    kept.insert(state.unpublished.begin(), state.unpublished.end());
  }
  for (std::size_t i = 0; i < ancestors_.size(); ++i) {
    const SnapshotId id{kLocalSnapshotBit | static_cast<std::uint32_t>(i + 1)};
    const bool discarded = discarded_.count(id) != 0;
    const bool found = std::any_of(kept.begin(), kept.end(), [&](SnapshotId other) {
      return other == id || (discarded && Truth(other).version == Truth(id).version);
    });
    if (!found) return "a snapshot is lost";
  }
  return {};
}

}  // namespace kinfolder::testing
