// Power cuts: the machine stops at once, and its disk becomes what had been written down, with more
// or less of what had not (unsynced.h).
//
// Names go in one of two ways, by the draw: as on a file system with a journal, where the changes
// up to some moment are kept and a rename is one of them; or each entry on its own, so that a
// rename can leave both names or neither. Content, size and the rest of a file go each on its own.
// What is in the state database is always kept: each commit is one synced batch. What copies of
// contents lie there goes like files.
// World::taken tells two cuts apart that took different things from folders.
#pragma once

#include <cstdint>

#include "sim/world/power_mode.h"
#include "sim/world/world.h"

namespace kinfolder::sim {

// Stops the agent, ends what writes files, and replaces the disk by what is left. Users can't act
// there until the agent is started again. The same `draw` on the same world gives the same disk.
void CutPower(World& world, int machine, PowerMode mode, std::uint64_t draw);

// True if a power cut now could undo something.
bool HasUnsynced(const World& world, int machine);

}  // namespace kinfolder::sim
