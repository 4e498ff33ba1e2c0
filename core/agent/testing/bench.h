// A bench for one agent: a fake disk, a fake store and a fake clock, and every answer in the hand
// of the test.
//
// Effects wait in `pending` until the test answers them, in any order, well or badly, late or
// twice. Every event is a step and a commit of its own. After each the bench checks what must
// always hold: the durable records are the state's, I1 holds in them, and effects come only after
// their commit. Not a simulator: there is one machine, and only what scripted tests need of a disk
// and a store.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/agent/agent.h"
#include "core/agent/driver.h"
#include "core/agent/state.h"

namespace kinfolder {

inline constexpr ParticipantId kBea{2};
inline constexpr ParticipantId kCem{3};

// A file of the content with that number; 0 deletes.
Version Content(std::uint32_t number);

// What is wrong with the durable records of a state, in words; empty if I1 holds for every path.
std::string I1Violation(const AgentState& state);

class Bench : public Ports {
 public:
  struct File {
    Version version;
    Stat stat;
  };

  Bench();

  // --- the world; tests read and change it as they like ---
  std::map<PathId, File> disk;
  Reason root = Reason::kNone;
  std::map<std::uint64_t, File> staged;  // by token; displaced files too
  std::map<SnapshotId, SnapshotFacts> store;
  std::map<PathId, SnapshotId> own;  // our personal DMD
  std::map<ParticipantId, std::map<PathId, SnapshotId>> others;
  FolderConfig config;
  bool read_only = false;
  bool rebooted = false;
  std::set<ParticipantId> peers;  // of `others`: those that state no key
  std::deque<Effect> pending;
  std::map<PathId, PathId> aside;  // the name that a file gets which gives way, if it is free
  MoveWatcher* watcher = nullptr;  // who is told of the machines' moves
  std::string broken;              // what was found wrong after some step; empty: nothing

  // --- life ---
  // Feeds Started, with an epoch of its own. Everybody in `others` is told of by the collective.
  void Start();
  // The agent is gone, and so are the effects that were not answered; the world stays.
  void Crash();
  void Feed(EventBody body);
  // Time passes, with a Ticked at every wake on the way.
  void Advance(std::int64_t ms);
  // Answers all that is pending as a healthy world would, also what follows from it.
  void Drain();
  // Drain, and a few seconds pass: nothing is left to do but waiting for news.
  void Rest();
  // Start and Rest, for a test that begins with an agent at work.
  void Run();

  // --- effects ---
  // Takes the first pending effect of a kind; nullopt if there is none.
  template <class E>
  std::optional<E> Take() {
    for (auto it = pending.begin(); it != pending.end(); ++it)
      if (E* found = std::get_if<E>(&*it)) {
        E effect = std::move(*found);
        pending.erase(it);
        return effect;
      }
    return std::nullopt;
  }
  template <class E>
  bool Has() const {
    for (const Effect& effect : pending)
      if (std::holds_alternative<E>(effect)) return true;
    return false;
  }
  // Does what a healthy world does with an effect, and feeds the answer (which it returns).
  std::optional<EventBody> Answer(const Effect& effect);
  // The same without feeding it.
  std::optional<EventBody> Carry(const Effect& effect);
  // Answers everything until an effect of kind E comes, which is taken. nullopt: none came.
  template <class E>
  std::optional<E> Until() {
    for (int i = 0; i < 10'000; ++i) {
      if (auto found = Take<E>()) return found;
      if (!Next()) return std::nullopt;
    }
    return std::nullopt;
  }

  // --- people and others ---
  // A person writes or removes a file; the watch tells.
  void Write(PathId path, std::uint32_t content);
  void Remove(PathId path);
  // The same unseen.
  void WriteUnseen(PathId path, std::uint32_t content);
  Observation See(PathId path) const;
  // A participant publishes a snapshot of this content (0: a delete); nobody is told yet.
  SnapshotId Publish(ParticipantId who, PathId path, std::uint32_t content,
                     std::vector<SnapshotId> parents = {}, bool approved = false);
  // The participant's personal DMD is read again, and what follows is done.
  void Hear(ParticipantId who);

  // --- what there is ---
  const AgentState& state() const { return driver_.state(); }
  const PathRecord& Record(PathId path) const;
  const Node& NodeOf(SnapshotId id) const;
  std::uint32_t OnDisk(PathId path) const;  // content number; 0: no file
  static PathId CopyPath(PathId path, ParticipantId owner, std::uint32_t attempt = 1);
  bool Quiet() const { return IsQuiet(state()) && pending.empty(); }
  std::uint64_t chain() const { return driver_.chain(); }
  std::uint32_t commits() const { return commits_; }
  std::uint32_t uploads() const { return uploads_; }
  const std::map<RecordKey, std::string>& durable() const { return durable_; }
  const std::vector<Event>& history() const { return history_; }
  Instant now() const { return now_; }

  // --- Ports ---
  bool Commit(const std::vector<RecordWrite>& writes) override;
  void Perform(std::vector<Effect> effects) override;
  void Record(const Event& event, std::uint64_t chain) override;
  MoveWatcher* Watcher() override { return watcher; }

 private:
  friend struct BenchWorld;

  bool Next();
  Stat NewStat();
  void Check();

  Driver driver_;
  std::map<RecordKey, std::string> durable_;
  std::vector<Event> history_;
  Instant now_{1'000, 1'700'000'000'000};
  std::uint32_t epoch_ = 0;
  std::uint32_t next_remote_ = 1;
  std::uint64_t next_inode_ = 100;
  std::uint64_t next_token_ = 1;
  std::uint64_t next_rank_ = 1;
  std::uint32_t commits_ = 0;
  std::uint32_t uploads_ = 0;
};

}  // namespace kinfolder
