// A world of participants that share one file, for tests: everybody edits, deletes, resolves,
// publishes and polls, late, partly and from stale values, and TakeIn decides. It holds the truth
// (every snapshot and its ancestors) that no participant knows, and checks the rule's promises with
// it. It keeps no files: what a machine does with the decisions is the agent's part.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "core/merge/take_in.h"

namespace kinfolder::testing {

// A small generator: the same numbers for the same seed everywhere.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  std::uint64_t Next();
  std::size_t Below(std::size_t n) { return Next() % n; }
  bool Percent(unsigned p) { return Below(100) < p; }

 private:
  std::uint64_t state_;
};

enum class Role : std::uint8_t {
  kWriter,
  kReader,   // read-only: uses TakeIn but makes no merges and publishes nothing
  kPassive,  // adopts newer heads, never merges, is stuck at its first conflict
};

enum class Generations : std::uint8_t { kRight, kUnknown, kLies };

struct Setup {
  std::vector<Role> roles;
  Generations generations = Generations::kRight;
  bool impatient = false;  // heads of unknown ancestry count as concurrent at once
};

enum class Deed : std::uint8_t { kEdit, kMode, kDelete, kResolve, kPublish, kPoll };

struct Step {
  std::size_t who = 0;
  Deed deed = Deed::kPoll;
  std::uint64_t seed = 0;  // of everything else that is left to chance
};

class World {
 public:
  explicit World(Setup setup);

  void Do(const Step& step);
  // Delivers everything until nothing changes. False if that takes too long.
  bool Settle(std::uint64_t seed);

  // What was found wrong so far, in words; empty if nothing. Ends a history.
  const std::string& problem() const { return problem_; }
  // To be asked when settled; empty if all is well.
  std::string Differences() const;
  std::string Losses() const;

 private:
  using Shown = std::set<std::tuple<Kind, ContentId, bool>>;

  struct Participant {
    Role role = Role::kWriter;
    Dag known;
    TakeInInput state;                    // the heads are those of the last poll
    std::map<SnapshotId, int> polls;      // how often a head was found noted in `equal`
    std::vector<SnapshotId> published{};  // all values its entry ever had, newest last
    bool stuck = false;                   // passive, and met a conflict
  };

  const Node& Truth(SnapshotId id) const { return *truth_.Find(id); }
  const std::set<SnapshotId>& AncestorsOf(SnapshotId id) const;  // itself included
  bool TrulyBelow(SnapshotId a, SnapshotId b) const { return AncestorsOf(b).count(a) != 0; }
  Shown ShownBy(const Participant& participant) const;

  // What people do.
  void Edit(std::size_t who, const Version& version);
  void ChangeMode(std::size_t who);
  void Resolve(std::size_t who, Dice* dice);
  void Make(std::size_t who, const Version& version, std::set<SnapshotId> parents);
  void Register(SnapshotId id, Node node);
  std::uint64_t GenerationOf(const std::vector<SnapshotId>& parents, std::size_t author);

  // What agents do. Without dice everything is delivered. They return whether anything changed.
  bool Publish(std::size_t who);
  bool Poll(std::size_t who, Dice* dice);
  bool Adopt(Participant* participant, const std::vector<SnapshotId>& heads);
  bool Learn(Participant* participant, const std::vector<SnapshotId>& ids, Dice* dice);
  TakeInOutput Decide(Participant* participant, Dice* dice);
  bool Apply(Participant* participant, const TakeInOutput& out);
  bool CountPolls(Participant* participant);

  void CheckMerge(const MergeToMake& merge);
  void CheckDecision(const Participant& participant, const TakeInOutput& out);
  void CheckRest(const Participant& participant);
  void Fail(const std::string& what);

  const Setup setup_;
  std::vector<Participant> participants_;
  Dag truth_;
  std::vector<std::set<SnapshotId>> ancestors_;
  std::set<SnapshotId> discarded_;
  std::uint32_t contents_ = 2;  // so many are in use; the first two are made again and again
  Dice lies_{1};
  std::string problem_;
};

}  // namespace kinfolder::testing
