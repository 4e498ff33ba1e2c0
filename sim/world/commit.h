// What an agent writes down: one batch of records, and with it the rows of the tables that were
// made since the last one.
//
// A batch is there as a whole or not at all, and what was committed outlives crashes and power
// cuts. A commit that fails does not say which of the two it was: the agent goes on from what is
// durable, by a new driver (duty 6 of core/agent/driver.h).
#pragma once

#include <cstdint>
#include <vector>

#include "sim/world/world.h"

namespace kinfolder::sim {

enum class CommitEnd : std::uint8_t {
  kDone,
  kFailedKept,  // it failed, and all of it is durable
  kFailedLost,  // it failed, and nothing of it is durable
};

// Makes `writes` durable; of several for one key the last counts. REQUIRES: the agent runs.
CommitEnd CommitState(World& world, int machine, const std::vector<RecordWrite>& writes);

}  // namespace kinfolder::sim
