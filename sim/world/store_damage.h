// What a simulated store loses or damages by itself, and what that excuses.
//
// Every loss is written into the true history and the ledger: a version that the store has lost is
// no agent's sin, until an agent has stored it again.
#pragma once

#include <cstdint>
#include <string>

#include "sim/world/world.h"

namespace kinfolder::sim {

// The store is again what it was at the end of that moment: directories hold what they held, and
// what came into the store since is gone for good.
void RollBackStore(World& world, std::int64_t to_ms);

// What becomes of the content of the snapshot that this machine's directory names for `path`;
// kWhole repairs it. Empty: done. Otherwise why it can't be.
std::string SetContentHealth(World& world, int machine, const std::string& path, Health health);

// To be called when a snapshot came into the store: its version is there again.
void NoteStoredAgain(World& world, Cap cap);

}  // namespace kinfolder::sim
