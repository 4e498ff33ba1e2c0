// The digest of all that outlives agents: disks, durable state, the store, and who is up.
//
// Worlds of one scenario whose images are equal go on alike after a crash, but for the time: what
// only running agents know, and the clock, do not count.
#pragma once

#include "sim/world/digest.h"
#include "sim/world/world.h"

namespace kinfolder::sim {

Image ImageOf(const World& world);

}  // namespace kinfolder::sim
