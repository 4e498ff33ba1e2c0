// Whether a fault took something that a user had done, so that what a file expects of it can't
// hold.
//
// Judged by what changed on the disk and by who had made the change that was undone: what the agent
// has done and not synced may be undone, and the expectations hold all the same. A removal by a
// user counts where the agent has to take it for the cut's doing, and an empty directory that is
// back, which it has to take for a user's.
#pragma once

#include "sim/world/world.h"

namespace kinfolder::sim {

// `before`: the machine just before the power cut, its agent stopped. `after`: just after it.
bool LostOfUsers(const Machine& before, const Machine& after);

}  // namespace kinfolder::sim
