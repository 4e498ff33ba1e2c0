// `kinfolder-sim scenario --sweep`: prints what the sweep of each file found.
#pragma once

#include "sim/command/scenario_command.h"

namespace kinfolder::sim {

// Returns the exit status: 0 all hold, 1 one does not, 2 one is not understood.
int RunSweepCommand(const ScenarioOptions& options);

}  // namespace kinfolder::sim
