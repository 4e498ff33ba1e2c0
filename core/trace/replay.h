// Replaying a trace: every recorded event goes through Step again, and the chain is compared.
//
// Pure. Says how far it went and where it first differs; touches nothing else.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/agent/agent.h"
#include "core/agent/state.h"
#include "core/base/result.h"

namespace kinfolder {

struct ReplayStep {
  std::uint64_t number = 0;  // from 1, through all segments
  std::size_t offset = 0;    // in the trace
  const Event* event = nullptr;
  const Reaction* reaction = nullptr;
  const AgentState* state = nullptr;  // after the step
  std::uint64_t chain = 0;
};

struct ReplayOptions {
  std::optional<std::uint64_t> until;                   // stop after this step
  std::function<void(const ReplayStep& step)> on_step;  // may be empty
};

struct ReplayResult {
  std::uint64_t steps = 0;
  std::uint64_t segments = 0;
  bool matches = true;
  // If it does not: the first step after which the chain, or (at a checkpoint) the state, differs.
  std::uint64_t first_difference = 0;
  std::string event;                   // of that step: its kind
  std::vector<std::string> differing;  // readable differences of the state, where both are known
  std::optional<Error> damage;         // the trace ends here because it is damaged
};

// kInvalid, kVersion: not a trace that can be replayed; kCorrupt: not even its first checkpoint.
Result<ReplayResult> Replay(std::string_view trace, const ReplayOptions& options);

// The kind of an event, as in event.h.
std::string_view EventName(const Event& event);

// What differs in the durable records and the folder's phases, one line each, at most `most`.
std::vector<std::string> DescribeDifferences(const AgentState& recorded, const AgentState& replayed,
                                             std::size_t most = 20);

}  // namespace kinfolder
