#include "core/agent/driver.h"

#include <algorithm>
#include <iterator>

#include "core/base/check.h"

namespace kinfolder {

namespace {

// Drops the observations that are no news. False: nothing is left of the event.
bool KeepNews(const AgentState& state, Event& event) {
  auto* seen = std::get_if<Observed>(&event.body);
  if (seen == nullptr) return true;
  std::erase_if(seen->observations, [&](const Observation& o) { return ChangesNothing(state, o); });
  return !seen->observations.empty();
}

}  // namespace

void Driver::Feed(Event event) { queue_.push_back(std::move(event)); }

bool Driver::Run(Ports& ports, std::size_t max_events) {
  CHECK(!running_);
  running_ = true;
  std::vector<RecordKey> dirty;
  std::vector<Effect> effects;
  for (std::size_t n = 0; n < max_events && !queue_.empty(); ++n) {
    Event event = std::move(queue_.front());
    queue_.pop_front();
    if (!KeepNews(state_, event)) continue;
    Reaction reaction = Step(state_, event, ports.Watcher());
    chain_ = ChainHash(chain_, state_, event, reaction);
    ports.Record(event, chain_);
    dirty.insert(dirty.end(), reaction.writes.begin(), reaction.writes.end());
    std::move(reaction.effects.begin(), reaction.effects.end(), std::back_inserter(effects));
  }
  std::sort(dirty.begin(), dirty.end());
  dirty.erase(std::unique(dirty.begin(), dirty.end()), dirty.end());
  std::vector<RecordWrite> writes;
  writes.reserve(dirty.size());
  for (RecordKey key : dirty) writes.push_back({key, EncodeRecord(state_, key)});
  bool committed = writes.empty() || ports.Commit(writes);
  if (committed && !effects.empty()) ports.Perform(std::move(effects));
  running_ = false;
  return committed;
}

}  // namespace kinfolder
