// The driver: feeds events to Step and performs the duties of the caller, in their order.
//
// Used unchanged by the real host and by the simulator; each supplies a Ports.
//
// The duties:
//  (1) `writes` are committed in one atomic, synced batch; those of several steps may share one;
//  (2) only then are `effects` carried out, in order except where they touch different paths;
//  (3) every effect with an id gets exactly one answer event, success or failure;
//  (4) Step is never entered twice (the driver has one queue and one thread);
//  (5) after a start the durable state is loaded and Started is fed: whatever was not answered is
//      asked for again, so every effect is safe to do twice;
//  (6) a database that reported a failed write is closed and reopened: Run says so, and the caller
//      makes a new Driver from what is durable.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/agent/agent.h"
#include "core/agent/state.h"

namespace kinfolder {

struct RecordWrite {
  RecordKey key;
  std::optional<std::string> bytes;  // nullopt: delete
};

// What the driver needs of the world.
class Ports {
 public:
  virtual ~Ports() = default;
  // Duty 1. False: nothing may be assumed; the caller reopens (duty 6).
  virtual bool Commit(const std::vector<RecordWrite>& writes) = 0;
  // Duty 2. Starts carrying out the effects; answers come back through Driver::Feed, later.
  virtual void Perform(std::vector<Effect> effects) = 0;
  // What enters the core, before its effects are carried out: for traces. `chain` is after the
  // step.
  virtual void Record(const Event& event, std::uint64_t chain) = 0;
  // Who is told of the machines' moves; null: nobody.
  virtual MoveWatcher* Watcher() { return nullptr; }
};

class Driver {
 public:
  explicit Driver(AgentState state) : state_(std::move(state)) {}

  const AgentState& state() const { return state_; }
  std::uint64_t chain() const { return chain_; }

  // Queues an event. Observations that change nothing are dropped before they reach Step.
  void Feed(Event event);
  bool idle() const { return queue_.empty(); }

  // Steps through at most `max_events` queued events, commits their writes together, then has their
  // effects carried out. False: the commit failed and this Driver is dead (duty 6).
  bool Run(Ports& ports, std::size_t max_events = 4096);

 private:
  AgentState state_;
  std::deque<Event> queue_;
  std::uint64_t chain_ = 0;
  bool running_ = false;
};

}  // namespace kinfolder
